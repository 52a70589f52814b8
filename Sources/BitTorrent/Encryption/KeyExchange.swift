/// One side of the Diffie-Hellman exchange of message stream encryption.
///
/// It hides what kind of traffic a connection carries from those who only look; it proves nothing
/// about who is at the other end.
public struct KeyExchange: Sendable {
  /// The length of a public key and of the shared secret, in bytes.
  public static let keyLength = 96
  /// The length of a private exponent, in bytes.
  public static let exponentLength = 20

  /// The 768-bit prime that the protocol fixes, highest byte first.
  public static let prime: [UInt8] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34,
    0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74,
    0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd,
    0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37,
    0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45, 0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6,
    0xf4, 0x4c, 0x42, 0xe9, 0xa6, 0x3a, 0x36, 0x21, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x05, 0x63,
  ]
  private static let generator: [UInt8] = [2]

  private let exponent: [UInt8]

  /// A side with a private exponent of its own.
  public init(using random: inout some RandomNumberGenerator) {
    exponent = random.bytes(Self.exponentLength)
  }

  /// A side with a known private exponent, its highest byte first.
  public init(exponent: [UInt8]) { self.exponent = exponent }

  /// The key that the other side is sent.
  public func publicKey() throws(PeerFault) -> [UInt8] {
    try power(of: Self.generator)
  }

  /// The secret that both sides share, once the other's public key is known.
  ///
  /// Keys that leave only a handful of secrets possible are refused: 0, 1, and one less than the
  /// prime; and those that no side computes, which are not below the prime.
  public func secret(with other: [UInt8]) throws(PeerFault) -> [UInt8] {
    guard other.count == Self.keyLength, Self.isSound(other) else { throw .malformedEncryption }
    return try power(of: other)
  }

  private func power(of base: [UInt8]) throws(PeerFault) -> [UInt8] {
    guard let power = LibCrypto.power(base, exponent, modulo: Self.prime) else {
      throw .malformedEncryption
    }
    return power
  }

  private static func isSound(_ key: [UInt8]) -> Bool {
    // The prime is odd: one less than it differs in the last bit only.
    let largest = prime.dropLast() + [prime[keyLength - 1] - 1]
    let isAboveOne = key.dropLast().contains { $0 != 0 } || (key.last ?? 0) > 1
    return isAboveOne && key.lexicographicallyPrecedes(largest)
  }
}
