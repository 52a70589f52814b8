internal import CKeccak

/// Keccak-256 with the original padding, as Ethereum uses it (Yellow Paper, section 3).
public enum Keccak256 {
  /// The hash of no bytes.
  public static let emptyHash = hash([])

  /// The hash of `bytes`.
  public static func hash(_ bytes: [UInt8]) -> Hash256 {
    bytes.withUnsafeBytes(hash)
  }

  /// The hash of `bytes`.
  public static func hash(_ bytes: some Sequence<UInt8>) -> Hash256 {
    if let hash = bytes.withContiguousStorageIfAvailable({ hash(UnsafeRawBufferPointer($0)) }) {
      return hash
    }
    return hash([UInt8](bytes))
  }

  /// The hash of an address's 20 bytes: the account's key in the state trie.
  public static func hash(_ address: Address) -> Hash256 { address.withUnsafeBytes(hash) }

  /// The hash of a 32-byte word: a slot's key in a storage trie.
  public static func hash(_ word: Hash256) -> Hash256 { word.withUnsafeBytes(hash) }

  /// The hash of the bytes behind a pointer.
  public static func hash(_ bytes: UnsafeRawBufferPointer) -> Hash256 {
    Hash256 { output in
      btt_keccak256(bytes.baseAddress, bytes.count, output.baseAddress)
    }
  }
}
