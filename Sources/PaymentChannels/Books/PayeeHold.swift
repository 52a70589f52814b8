/// Why a payee takes no vouchers and gives no credit, though the channel is open.
package enum PayeeHold: Hashable, Sendable {
  /// A release over `capture` was or will be signed: it may close the channel up to this second.
  case release(capture: UInt128, until: UInt64)
  /// A close over `capture` is on its way.
  case close(capture: UInt128)

  private static let version: UInt8 = 1

  package var row: [UInt8] {
    var writer = RowWriter(version: Self.version)
    switch self {
    case .release(let capture, let until):
      writer.append(1 as UInt8)
      writer.append(capture)
      writer.append(until)
    case .close(let capture):
      writer.append(2 as UInt8)
      writer.append(capture)
      writer.append(0 as UInt64)
    }
    return writer.bytes
  }

  package init(row: [UInt8]) throws(RowError) {
    var reader = try RowReader(row, version: Self.version)
    let kind: UInt8 = try reader.read()
    let capture: UInt128 = try reader.read()
    let until: UInt64 = try reader.read()
    try reader.finish()
    switch kind {
    case 1: self = .release(capture: capture, until: until)
    case 2: self = .close(capture: capture)
    default: throw .malformed
    }
  }
}
