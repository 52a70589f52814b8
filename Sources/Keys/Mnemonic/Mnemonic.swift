internal import CryptoExtras
internal import Foundation

/// Words for people to write down, from which keys are derived (BIP-39, English).
///
/// Descriptions and mirrors never show the words.
public struct Mnemonic: Hashable, Sendable {
  /// The words.
  public let words: [String]
  /// The bytes that the words spell.
  public let entropy: [UInt8]

  static let list = englishText.split { $0 == " " || $0 == "\n" }.map(String.init)

  private static let positions = Dictionary(
    uniqueKeysWithValues: list.enumerated().map { ($0.element, $0.offset) })

  private static let entropyLengths = stride(from: 16, through: 32, by: 4)

  /// The words for 16, 20, 24, 28 or 32 bytes.
  public init(entropy: [UInt8]) throws(MnemonicError) {
    guard Self.entropyLengths.contains(entropy.count) else {
      throw .wrongEntropyLength(entropy.count)
    }
    // One checksum bit follows every 32 bits, so that all of them make words of 11 bits.
    let bytes = entropy + Cryptography.sha256(entropy).prefix(1)
    var words: [String] = []
    for word in 0..<(entropy.count * 3 / 4) {
      let bits = (word * 11)..<(word * 11 + 11)
      words.append(Self.list[bits.reduce(0) { $0 << 1 | Int(bytes[$1 / 8] >> (7 - $1 % 8) & 1) }])
    }
    self.words = words
    self.entropy = entropy
  }

  /// Reads words between white space, in any case, and checks them.
  public init(phrase: String) throws(MnemonicError) {
    let words = Self.normalised(phrase.lowercased()).split(whereSeparator: \.isWhitespace)
    guard words.count.isMultiple(of: 3), (12...24).contains(words.count) else {
      throw .wrongWordCount(words.count)
    }
    var bytes = [UInt8](repeating: 0, count: words.count * 11 / 8 + 1)
    for (place, word) in words.enumerated() {
      guard let index = Self.positions[String(word)] else {
        throw .unknownWord(position: place + 1)
      }
      for bit in 0..<11 where index >> (10 - bit) & 1 == 1 {
        let position = place * 11 + bit
        bytes[position / 8] |= 0x80 >> UInt8(position % 8)
      }
    }
    try self.init(entropy: [UInt8](bytes.prefix(words.count * 4 / 3)))
    guard self.words.elementsEqual(words, by: ==) else { throw .wrongChecksum }
  }

  /// New words from the system's randomness.
  ///
  /// - Throws: `MnemonicError.wrongWordCount` unless the count is 12, 15, 18, 21 or 24.
  public static func generate(wordCount: Int = 12) throws(MnemonicError) -> Mnemonic {
    guard wordCount.isMultiple(of: 3), (12...24).contains(wordCount) else {
      throw .wrongWordCount(wordCount)
    }
    return try Mnemonic(entropy: RandomBytes.make(wordCount / 3 * 4))
  }

  /// The words with spaces between them: the secret itself.
  public var phrase: String { words.joined(separator: " ") }

  /// The seed of 64 bytes; any passphrase gives one.
  public func seed(passphrase: String = "") throws(MnemonicError) -> [UInt8] {
    let salt = "mnemonic" + Self.normalised(passphrase)
    guard
      let seed = Cryptography.pbkdf2(
        .sha512, password: Array(phrase.utf8), salt: Array(salt.utf8), rounds: 2048, count: 64)
    else { throw .derivationFailed }
    return seed
  }

  private static func normalised(_ text: String) -> String {
    text.decomposedStringWithCompatibilityMapping
  }
}

extension Mnemonic: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The number of words, and none of them.
  public var description: String { "Mnemonic(\(words.count) words)" }

  /// The number of words, and none of them.
  public var debugDescription: String { description }

  /// The number of words, and none of them.
  public var customMirror: Mirror { Mirror(self, children: ["count": words.count]) }
}
