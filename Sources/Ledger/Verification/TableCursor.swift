internal import KeyValueStore
internal import Primitives

/// A walk through one table in the order of its keys, a record at a time.
struct TableCursor {
  private let iterator: StoreIterator
  /// The key at hand without the table's byte; nil at the end.
  private(set) var key: ArraySlice<UInt8>?

  init(_ table: KeySpace, of snapshot: any StoreSnapshot) throws {
    iterator = snapshot.iterator(in: table.range)
    key = try iterator.seekToFirst() ? iterator.key?.dropFirst() : nil
  }

  /// The value at hand; empty at the end.
  var value: [UInt8] { iterator.value ?? [] }

  mutating func advance() throws {
    key = try iterator.next() ? iterator.key?.dropFirst() : nil
  }

  /// The value of `number` if that is the key at hand, after which the walk goes on.
  mutating func take(_ number: UInt64) throws -> [UInt8]? {
    guard let key, Schema.number(key) == number else { return nil }
    let value = value
    try advance()
    return value
  }

  /// The key at hand in words.
  var name: String { key.map { Hex.encode(Array($0)) } ?? "none" }
}
