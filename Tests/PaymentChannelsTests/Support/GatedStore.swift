internal import Dispatch
internal import KeyValueStore
internal import Synchronization

/// A store whose writes wait until a test lets them through, one at a time, while its gate is
/// closed.
final class GatedStore: KeyValueStore {
  private let store: SimulatedStore
  private let isClosed = Mutex(false)
  private let permits = DispatchSemaphore(value: 0)
  private let begun = Mutex<[Int]>([])

  init(_ store: SimulatedStore) { self.store = store }

  /// From now on every write waits for its permission.
  func closeGate() { isClosed.withLock { $0 = true } }

  /// Lets one write through.
  func permit() { permits.signal() }

  /// How many rows each write had that came to the closed gate.
  var writes: [Int] { begun.withLock { $0 } }

  /// Makes the next write that gets through fail.
  func failNextWrite() { store.failNextWrite(with: .diskFull) }

  func write(_ batch: WriteBatch, sync: Bool) throws(StoreError) {
    if isClosed.withLock({ $0 }) {
      begun.withLock { $0.append(batch.count) }
      permits.wait()
    }
    try store.write(batch, sync: sync)
  }

  func get(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? { try store.get(key) }
  func snapshot() throws(StoreError) -> any StoreSnapshot { try store.snapshot() }
  func close() { store.close() }
  func approximateSize(of range: KeyRange) throws(StoreError) -> UInt64 {
    try store.approximateSize(of: range)
  }
  func compact(_ range: KeyRange) throws(StoreError) { try store.compact(range) }
}
