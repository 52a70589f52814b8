internal import Dispatch
internal import KeyValueStore

/// Writes batches with sync on a queue of its own, so that no task's thread waits for the disk.
struct CommitWriter: Sendable {
  private let store: any KeyValueStore
  private let queue = DispatchQueue(label: "btt.channels", qos: .userInitiated)

  init(_ store: any KeyValueStore) { self.store = store }

  /// Writes a batch; it is on disk when nil comes back.
  func write(_ batch: WriteBatch) async -> StoreError? {
    await withCheckedContinuation { continuation in
      queue.async { [store] in
        do throws(StoreError) {
          try store.write(batch, sync: true)
          continuation.resume(returning: nil)
        } catch {
          continuation.resume(returning: error)
        }
      }
    }
  }
}
