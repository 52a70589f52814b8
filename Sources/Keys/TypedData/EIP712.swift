public import Primitives

/// Typed structures to sign, for those who know theirs when they write the program (EIP-712).
///
/// `TypedData` reads structures that come as JSON.
public enum EIP712 {
  /// The digest that is signed.
  public static func digest(domainSeparator: Hash256, structHash: Hash256) -> Hash256 {
    Keccak256.hash([0x19, 0x01] + domainSeparator.bytes + structHash.bytes)
  }

  /// The hash of a structure: `type` as EIP-712 spells it, then a word for each member in order.
  ///
  /// The word of a string or of bytes is their hash, that of a nested structure its own hash.
  public static func structHash(type: String, _ words: [Hash256]) -> Hash256 {
    Keccak256.hash(words.reduce(into: typeHash(type).bytes) { $0 += $1.bytes })
  }

  /// The hash of a type's text, such as `Mail(address from,string contents)`.
  public static func typeHash(_ type: String) -> Hash256 { Keccak256.hash(Array(type.utf8)) }
}
