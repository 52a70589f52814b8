/// Why a call was reverted, as Solidity encodes it in what a call returns.
public enum ABIRevert: Hashable, Sendable {
  /// `require` or `revert` with a message: `Error(string)`.
  case reason(String)
  /// A failed check of the compiler's own, such as 0x11 for overflow: `Panic(uint256)`.
  case panic(UInt256)

  private static let reasonSelector: UInt32 = 0x08c3_79a0
  private static let panicSelector: UInt32 = 0x4e48_7b71

  /// The reason in what a reverted call returned, or nil when it has another form, or none.
  ///
  /// At most `maximumCount` bytes of a message are taken.
  public init?(decoding data: [UInt8], maximumCount: Int = 4_096) {
    guard let call = try? ABIReader.call(data) else { return nil }
    var reader = call.arguments
    switch call.selector {
    case Self.reasonSelector:
      guard let bytes = try? reader.readBytes(maximumCount: maximumCount) else { return nil }
      // It is shown, not computed with: what is not UTF-8 is replaced.
      self = .reason(String(decoding: bytes, as: UTF8.self))
    case Self.panicSelector:
      guard let code = try? reader.readUInt256() else { return nil }
      self = .panic(code)
    default: return nil
    }
  }

  /// What a reverted call returns.
  public var encoded: [UInt8] {
    switch self {
    case .reason(let text):
      var writer = ABIWriter(selector: Self.reasonSelector)
      writer.append(text)
      return writer.bytes
    case .panic(let code):
      var writer = ABIWriter(selector: Self.panicSelector)
      writer.append(code)
      return writer.bytes
    }
  }
}

extension ABIRevert: CustomStringConvertible {
  /// The message, or the panic's code.
  public var description: String {
    switch self {
    case .reason(let text): text
    case .panic(let code): "panic: \(Hex.quantity(code))"
    }
  }
}
