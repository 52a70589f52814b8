/// What may follow on an encrypted handshake, by the protocol's bits.
public struct EncryptionMethods: OptionSet, Hashable, Sendable {
  /// The bits of `crypto_provide` and `crypto_select`.
  public let rawValue: UInt32

  /// The methods whose bits are set.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Only the handshake is encrypted.
  public static let plain = EncryptionMethods(rawValue: 1)
  /// All that follows is encrypted with RC4.
  public static let rc4 = EncryptionMethods(rawValue: 2)
}
