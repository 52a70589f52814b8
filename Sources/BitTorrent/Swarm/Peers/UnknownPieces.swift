internal import NIOCore

/// What a peer says it has while nobody here knows how many pieces there are (BEP 9).
///
/// One bit a piece, in the order of the wire, grown only as far as the highest piece named.
struct UnknownPieces {
  /// The most pieces that a torrent has.
  static let maximumPieceCount = 2_097_152

  private enum Whole {
    case none
    case all
    // The length of a bitfield, which must fit the torrent exactly.
    case bytes(Int)
  }

  private var whole = Whole.none
  private var bits = ByteBuffer()

  /// Memory in use, in bytes.
  var byteCount: Int { bits.readableBytes }

  /// Whether the peer has named any piece.
  private(set) var namesAny = false

  /// The peer has everything.
  mutating func setAll() {
    whole = .all
    namesAny = true
    bits.clear()
  }

  /// The peer sent its bitfield.
  mutating func set(_ bitfield: ByteBuffer) {
    whole = .bytes(bitfield.readableBytes)
    bits = ByteBuffer(bytes: bitfield.readableBytesView)
    namesAny = bitfield.readableBytesView.contains { $0 != 0 }
  }

  /// The peer has one piece more; false when no torrent has that many.
  mutating func insert(_ piece: Int) -> Bool { set(piece, to: true) }

  /// The peer has one piece less.
  mutating func remove(_ piece: Int) -> Bool { set(piece, to: false) }

  /// The pieces, now that their number is known; nil when what the peer said does not fit.
  func resolved(pieceCount: Int) -> Bitfield? {
    let length = (pieceCount + 7) / 8
    switch whole {
    case .all: return Bitfield(bitCount: pieceCount, filled: true)
    case .bytes(let count) where count != length: return nil
    case .bytes, .none: break
    }
    guard bits.readableBytes <= length else { return nil }
    var bytes = bits
    bytes.writeRepeatingByte(0, count: length - bytes.readableBytes)
    return try? Bitfield(wire: bytes.readableBytesView, bitCount: pieceCount)
  }

  private mutating func set(_ piece: Int, to isSet: Bool) -> Bool {
    guard piece >= 0, piece < Self.maximumPieceCount else { return false }
    if case .all = whole { return true }
    let index = piece / 8
    namesAny = namesAny || isSet
    if index >= bits.readableBytes {
      guard isSet else { return true }
      bits.writeRepeatingByte(0, count: index + 1 - bits.readableBytes)
    }
    let mask = UInt8(0x80) >> UInt8(piece % 8)
    let byte = bits.getInteger(at: bits.readerIndex + index, as: UInt8.self) ?? 0
    bits.setInteger(isSet ? byte | mask : byte & ~mask, at: bits.readerIndex + index)
    return true
  }
}
