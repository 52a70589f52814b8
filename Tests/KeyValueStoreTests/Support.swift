internal import Foundation
internal import KeyValueStore
internal import Synchronization
internal import TestSupport
internal import Testing

extension SeededGenerator {
  /// Up to `length` bytes of a small alphabet, so that keys meet and are prefixes of each other.
  mutating func key(upTo length: Int = 4) -> [UInt8] {
    (0..<Int.random(in: 0...length, using: &self)).map { _ in
      [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff].randomElement(using: &self) ?? 0
    }
  }
}

extension TemporaryDirectory {
  func configuration(_ name: String = "db") -> LevelDBStore.Configuration {
    var configuration = LevelDBStore.Configuration(path: "\(path)/\(name)")
    // LevelDB's least, so that small tests meet logs that change and tables that merge.
    configuration.writeBufferBytes = 64 << 10
    configuration.blockCacheBytes = 1 << 20
    return configuration
  }
}

/// The stores that keep the same specification.
enum StoreKind: CaseIterable, CustomTestStringConvertible {
  case levelDB
  case simulated

  var testDescription: String { self == .levelDB ? "LevelDB" : "simulated" }

  func make(in directory: TemporaryDirectory) throws -> any KeyValueStore {
    switch self {
    case .levelDB: try LevelDBStore(configuration: directory.configuration())
    case .simulated: SimulatedStore()
    }
  }
}

extension KeyValueStore {
  func put(_ key: [UInt8], _ value: [UInt8], sync: Bool = false) throws {
    var batch = WriteBatch()
    batch.put(key, value)
    try write(batch, sync: sync)
  }

  func delete(_ key: [UInt8]) throws {
    var batch = WriteBatch()
    batch.delete(key)
    try write(batch, sync: false)
  }

  func records(in range: KeyRange = .all, backwards: Bool = false) throws -> [Record] {
    try snapshot().records(in: range, backwards: backwards)
  }
}

extension StoreSnapshot {
  func records(in range: KeyRange = .all, backwards: Bool = false) throws -> [Record] {
    var records: [Record] = []
    try forEach(in: range, backwards: backwards) { key, value in
      records.append(Record([UInt8](key), [UInt8](value)))
      return true
    }
    return records
  }
}

struct Record: Hashable {
  let key: [UInt8]
  let value: [UInt8]

  init(_ key: [UInt8], _ value: [UInt8]) {
    self.key = key
    self.value = value
  }
}

/// What a store should hold, kept the plainest way.
typealias Model = [[UInt8]: [UInt8]]

extension Model {
  func records(in range: KeyRange = .all) -> [Record] {
    filter { record in
      !record.key.lexicographicallyPrecedes(range.lower)
        && range.upper.map { record.key.lexicographicallyPrecedes($0) } ?? true
    }
    .map { Record($0, $1) }
    .sorted { $0.key.lexicographicallyPrecedes($1.key) }
  }
}

/// Fails unless `body` throws a ``StoreError`` of `code`; returns it.
@discardableResult
func expectError(
  _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) -> StoreError? {
  let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try body() }
  #expect(error?.code == code, "\(String(describing: error))", sourceLocation: sourceLocation)
  return error
}

/// Counts from 1, for all threads together.
final class Counter: Sendable {
  private let count = Atomic(0)

  func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
