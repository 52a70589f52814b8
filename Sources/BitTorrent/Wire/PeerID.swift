internal import NIOCore

/// The twenty bytes by which a peer names itself (BEP 3, BEP 20).
public struct PeerID: Hashable, Sendable {
  private let word0: UInt64
  private let word1: UInt64
  private let word2: UInt32

  /// The id's length.
  public static let length = 20

  /// The id whose bytes are `bytes`, or nil unless there are exactly 20.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.length else { return nil }
    var buffer = ByteBuffer(bytes: bytes)
    guard let words = buffer.readMultipleIntegers(as: (UInt64, UInt64, UInt32).self) else {
      return nil
    }
    (word0, word1, word2) = words
  }

  /// An id that begins with `prefix`, as `-BT0100-`, followed by random letters and digits.
  public init(prefix: String, using generator: inout some RandomNumberGenerator) {
    let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    var bytes = Array(prefix.utf8.prefix(Self.length))
    while bytes.count < Self.length {
      bytes.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
    }
    var buffer = ByteBuffer(bytes: bytes)
    let words = buffer.readMultipleIntegers(as: (UInt64, UInt64, UInt32).self)
    (word0, word1, word2) = words ?? (0, 0, 0)
  }

  /// The 20 bytes.
  public var bytes: [UInt8] {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(word0, word1, word2)
    return [UInt8](buffer.readableBytesView)
  }
}

extension PeerID: CustomStringConvertible {
  /// Printable ASCII as it stands, other bytes as `%` and two hex digits.
  public var description: String {
    bytes.map { byte in
      (0x21...0x7e).contains(byte) && byte != UInt8(ascii: "%")
        ? String(UnicodeScalar(byte))
        : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
