/// One value in a ``BencodeDocument``.
///
/// Reading a value as another kind than it is gives nil, so that a chain of look-ups ends in nil
/// when anything on the way is missing or of another kind.
public struct BencodeValue: Sendable {
  let document: BencodeDocument
  let index: Int

  private var token: BencodeDocument.Token { document.tokens[index] }

  /// Where the value's encoding lies in the document's bytes.
  public var range: Range<Int> { Int(token.start)..<Int(token.end) }

  /// The value's encoding as it stands.
  public var encoding: ArraySlice<UInt8> { document.bytes[range] }

  /// The integer.
  public var integer: Int? {
    guard token.kind == .integer else { return nil }
    var value = 0
    var digits = document.bytes[range.lowerBound + 1..<range.upperBound - 1]
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits.removeFirst() }
    // The reader has seen that it fits.
    for digit in digits { value = value &* 10 &+ Int(digit & 15) }
    return isNegative ? -value : value
  }

  /// The string's bytes, in place.
  public var bytes: ArraySlice<UInt8>? {
    guard token.kind == .string else { return nil }
    return document.bytes[contentRange]
  }

  /// Where a string's bytes lie in the document's; for other kinds, the whole encoding.
  public var contentRange: Range<Int> { range.lowerBound + Int(token.header)..<range.upperBound }

  /// The string as text, or nil unless it is valid UTF-8.
  public var string: String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }

  /// Whether the value is a list.
  public var isList: Bool { token.kind == .list }

  /// Whether the value is a dictionary.
  public var isDictionary: Bool { token.kind == .dictionary }

  /// The list's values.
  public var list: BencodeList? {
    isList ? BencodeList(document: document, range: index + 1..<Int(token.next)) : nil
  }

  /// The dictionary's entries, as they stand.
  public var entries: BencodeEntries? {
    guard isDictionary else { return nil }
    return BencodeEntries(
      values: BencodeList(document: document, range: index + 1..<Int(token.next)))
  }

  /// The value under `key`; of several, the first.
  ///
  /// - Complexity: O(n) in the count of entries, whatever these hold.
  public subscript(key: String) -> BencodeValue? {
    guard let entries else { return nil }
    for (candidate, value) in entries where candidate.elementsEqual(key.utf8) { return value }
    return nil
  }

  /// Whether this is the one encoding that the value can have: keys in rising order, each once, and
  /// no number with needless zeros.
  ///
  /// - Complexity: O(n) in the count of values inside.
  public var isCanonical: Bool {
    for index in index..<Int(token.next) {
      let value = BencodeValue(document: document, index: index)
      switch value.token.kind {
      case .list: continue
      case .integer:
        let digits = value.encoding.dropFirst().dropLast()
        if digits.first == 0x30, digits.count > 1 { return false }
        if digits.first == UInt8(ascii: "-"), digits.dropFirst().first == 0x30 { return false }
      case .string:
        if value.encoding.first == 0x30, value.token.header > 2 { return false }
      case .dictionary:
        guard let entries = value.entries else { continue }
        var previous: ArraySlice<UInt8>?
        for (key, _) in entries {
          if let previous, !previous.lexicographicallyPrecedes(key) { return false }
          previous = key
        }
      }
    }
    return true
  }
}

/// The values of a list.
public struct BencodeList: Sequence, IteratorProtocol, Sendable {
  fileprivate let document: BencodeDocument
  fileprivate var range: Range<Int>

  /// The next value.
  public mutating func next() -> BencodeValue? {
    guard let index = range.first else { return nil }
    range = Int(document.tokens[index].next)..<range.upperBound
    return BencodeValue(document: document, index: index)
  }
}

/// The keys and values of a dictionary, in the order of the bytes.
public struct BencodeEntries: Sequence, IteratorProtocol, Sendable {
  fileprivate var values: BencodeList

  /// The next entry.
  public mutating func next() -> (key: ArraySlice<UInt8>, value: BencodeValue)? {
    guard let key = values.next()?.bytes, let value = values.next() else { return nil }
    return (key, value)
  }
}
