/// A value to be bencoded.
///
/// ```swift
/// let bytes = (["m": ["ut_metadata": 2], "v": "btt"] as BencodeItem).encoded
/// ```
public enum BencodeItem: Equatable, Sendable {
  case integer(Int)
  case bytes([UInt8])
  case list([BencodeItem])
  /// Entries in any order; they are written in the order of their keys. No key may repeat.
  case dictionary([Entry])
  /// Bencoding to be written as it stands.
  case encoded([UInt8])

  /// One entry of a dictionary.
  public struct Entry: Equatable, Sendable {
    /// The key's bytes.
    public var key: [UInt8]
    /// What stands under it.
    public var value: BencodeItem

    /// An entry whose key is bytes.
    public init(key: [UInt8], value: BencodeItem) {
      self.key = key
      self.value = value
    }

    /// An entry whose key is text.
    public init(_ key: String, _ value: BencodeItem) {
      self.init(key: Array(key.utf8), value: value)
    }
  }

  /// A string of a text's UTF-8.
  public static func string(_ text: String) -> BencodeItem { .bytes(Array(text.utf8)) }

  /// The one encoding of the value.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  /// Appends the encoding to `bytes`.
  public func append(to bytes: inout [UInt8]) {
    switch self {
    case .integer(let value):
      bytes.append(UInt8(ascii: "i"))
      bytes += String(value).utf8
      bytes.append(UInt8(ascii: "e"))
    case .bytes(let string):
      Self.append(string, to: &bytes)
    case .list(let items):
      bytes.append(UInt8(ascii: "l"))
      for item in items { item.append(to: &bytes) }
      bytes.append(UInt8(ascii: "e"))
    case .dictionary(let entries):
      bytes.append(UInt8(ascii: "d"))
      for entry in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        Self.append(entry.key, to: &bytes)
        entry.value.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "e"))
    case .encoded(let encoding):
      bytes += encoding
    }
  }

  private static func append(_ string: [UInt8], to bytes: inout [UInt8]) {
    bytes += String(string.count).utf8
    bytes.append(UInt8(ascii: ":"))
    bytes += string
  }
}

extension BencodeItem: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// An integer.
  public init(integerLiteral value: Int) { self = .integer(value) }

  /// A string of the text's UTF-8.
  public init(stringLiteral value: String) { self = .string(value) }

  /// A list.
  public init(arrayLiteral elements: BencodeItem...) { self = .list(elements) }

  /// A dictionary.
  public init(dictionaryLiteral elements: (String, BencodeItem)...) {
    self = .dictionary(elements.map { Entry($0, $1) })
  }
}
