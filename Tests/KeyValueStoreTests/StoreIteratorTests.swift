internal import KeyValueStore
internal import TestSupport
internal import Testing

@Suite("StoreIterator")
struct StoreIteratorTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func iterator(
    _ kind: StoreKind, _ keys: [[UInt8]], _ range: KeyRange
  ) throws -> StoreIterator {
    let store = try kind.make(in: directory)
    for key in keys { try store.put(key, key) }
    return try store.snapshot().iterator(in: range)
  }

  @Test("stands at no record before its first move", arguments: StoreKind.allCases)
  func startsNowhere(_ kind: StoreKind) throws {
    let iterator = try iterator(kind, [[1]], .all)
    #expect(!iterator.isValid)
    #expect(iterator.key == nil)
    #expect(iterator.value == nil)
    #expect(iterator.withRecord { _, _ in true } == nil)
    #expect(try !iterator.next())
    #expect(try !iterator.previous())
  }

  @Test("seeks the first key at or after and the last at or before", arguments: StoreKind.allCases)
  func seeks(_ kind: StoreKind) throws {
    let iterator = try iterator(kind, [[2], [4], [6]], .all)
    #expect(try iterator.seek(to: [3]) && iterator.key == [4])
    #expect(try iterator.seek(to: [4]) && iterator.key == [4])
    #expect(try iterator.seek(to: []) && iterator.key == [2])
    #expect(try !iterator.seek(to: [7]) && iterator.key == nil)
    #expect(try iterator.seekLast(atOrBefore: [5]) && iterator.key == [4])
    #expect(try iterator.seekLast(atOrBefore: [4]) && iterator.key == [4])
    #expect(try iterator.seekLast(atOrBefore: [9]) && iterator.key == [6])
    #expect(try !iterator.seekLast(atOrBefore: [1]) && iterator.key == nil)
  }

  @Test("turns around in the middle", arguments: StoreKind.allCases)
  func turnsAround(_ kind: StoreKind) throws {
    let iterator = try iterator(kind, [[2], [4], [6]], .all)
    #expect(try iterator.seekToFirst() && iterator.next() && iterator.key == [4])
    #expect(try iterator.previous() && iterator.key == [2])
    #expect(try iterator.next() && iterator.next() && iterator.key == [6])
    #expect(try iterator.previous() && iterator.key == [4])
    #expect(try iterator.next() && !iterator.next())
    #expect(try !iterator.previous())
  }

  @Test("never leaves its range", arguments: StoreKind.allCases)
  func keepsToItsRange(_ kind: StoreKind) throws {
    let keys: [[UInt8]] = [[1, 9], [2], [2, 0], [2, 0xff], [3]]
    let iterator = try iterator(kind, keys, .prefix([2]))
    #expect(try iterator.seekToFirst() && iterator.key == [2])
    #expect(try !iterator.previous())
    #expect(try iterator.seekToLast() && iterator.key == [2, 0xff])
    #expect(try !iterator.next())
    #expect(try iterator.seek(to: [0]) && iterator.key == [2])
    #expect(try iterator.seekLast(atOrBefore: [9]) && iterator.key == [2, 0xff])
    #expect(try !iterator.seek(to: [3]))
    #expect(try !iterator.seekLast(atOrBefore: [1, 9]))
  }

  @Test("finds nothing in an empty range or store", arguments: StoreKind.allCases)
  func findsNothing(_ kind: StoreKind) throws {
    let ranges = [KeyRange(from: [2], upTo: [2]), KeyRange(from: [3], upTo: [1]), .prefix([9])]
    for range in ranges {
      let iterator = try SimulatedStore().snapshot().iterator(in: range)
      #expect(try !iterator.seekToFirst() && !iterator.seekToLast())
    }
    let store = try kind.make(in: directory)
    try store.put([2], [2])
    for range in ranges {
      let iterator = try store.snapshot().iterator(in: range)
      #expect(try !iterator.seekToFirst())
      #expect(try !iterator.seekToLast())
      #expect(try !iterator.seek(to: [2]))
      #expect(try !iterator.seekLast(atOrBefore: [2]))
    }
  }

  @Test("passes on what the reader of a record throws", arguments: StoreKind.allCases)
  func passesErrorsOn(_ kind: StoreKind) throws {
    struct Stop: Error {}
    let iterator = try iterator(kind, [[1]], .all)
    try iterator.seekToFirst()
    #expect(throws: Stop.self) { try iterator.withRecord { _, _ in throw Stop() } }
  }

  @Test("is left by forEach when the reader has enough", arguments: StoreKind.allCases)
  func stopsEarly(_ kind: StoreKind) throws {
    let store = try kind.make(in: directory)
    for key in UInt8(0)..<9 { try store.put([key], []) }
    var seen: [[UInt8]] = []
    try store.snapshot().forEach(in: KeyRange(from: [3])) { key, _ in
      seen.append([UInt8](key))
      return seen.count < 2
    }
    #expect(seen == [[3], [4]])
  }
}
