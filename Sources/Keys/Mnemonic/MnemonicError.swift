/// Why words are not a mnemonic of BIP-39.
///
/// No case carries a word: a phrase with a typing error is still almost the secret.
public enum MnemonicError: Error, Equatable, Sendable {
  /// There are this many words instead of 12, 15, 18, 21 or 24.
  case wrongWordCount(Int)
  /// The word at a position, counted from 1, is not in the list.
  case unknownWord(position: Int)
  /// The words are known, but their checksum is wrong.
  case wrongChecksum
  /// Entropy has this many bytes instead of 16, 20, 24, 28 or 32.
  case wrongEntropyLength(Int)
  /// The system refused to derive the seed.
  case derivationFailed
}

extension MnemonicError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .wrongWordCount(let count): "the phrase has \(count) words, want 12, 15, 18, 21 or 24"
    case .unknownWord(let position):
      "word \(position) is not one of the English list of BIP-39: check its spelling"
    case .wrongChecksum:
      "every word is known, but they do not belong together: check their order and look for a "
        + "word taken for another"
    case .wrongEntropyLength(let count): "entropy has \(count) bytes, want 16, 20, 24, 28 or 32"
    case .derivationFailed: "the seed could not be derived: free some memory and try again"
    }
  }
}
