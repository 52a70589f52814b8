public import Primitives

/// Messages for people to sign, which can be no transaction (EIP-191, version 0x45).
public enum EIP191 {
  /// The digest of a message, as `personal_sign` and `eth_sign` take it.
  public static func digest(_ message: [UInt8]) -> Hash256 {
    Keccak256.hash(Array("\u{19}Ethereum Signed Message:\n\(message.count)".utf8) + message)
  }

  /// The digest of a text in UTF-8.
  public static func digest(_ message: String) -> Hash256 { digest(Array(message.utf8)) }
}
