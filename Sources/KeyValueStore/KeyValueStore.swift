// An ordered map from byte strings to byte strings that keeps what it was told to keep.
//
//   StoreReader ── get
//     ├─ KeyValueStore ── write(WriteBatch, sync:), snapshot(), close()
//     │    ├─ LevelDBStore     the files on disk
//     │    └─ SimulatedStore   in memory, with power cuts and faults on demand
//     └─ StoreSnapshot ── iterator(in: KeyRange) → StoreIterator
//
//   var batch = WriteBatch()
//   batch.put(accounts.key(address), encoded)
//   try store.write(batch, sync: true)
//   try store.snapshot().forEach(in: accounts.range) { key, value in … }
//
// A batch is applied whole or not at all, also by a crash. Once a write with `sync` has returned,
// it and every write before it outlive a power cut; writes after the last synced one may be lost.

/// An ordered, persistent map of byte strings with atomic batches and snapshots.
///
/// Keys are ordered by their bytes, unsigned. Every member may be called from any thread.
public protocol KeyValueStore: StoreReader {
  /// Applies `batch` whole or not at all.
  ///
  /// With `sync` the call returns only when this and all earlier writes would outlive a power cut.
  /// When a write fails the store takes no more writes until it is opened again, because what
  /// reached the disk is unknown: the failed batch is either there whole then, or not at all.
  func write(_ batch: WriteBatch, sync: Bool) throws(StoreError)

  /// A view of the store as it is now, which later writes do not change.
  func snapshot() throws(StoreError) -> any StoreSnapshot

  /// Refuses every later call with ``StoreError/Code/closed``.
  ///
  /// Snapshots and iterators remain readable; the files and the lock on them are released when
  /// the last of those is gone. Closing twice is harmless.
  func close()

  /// About how many bytes the records of `range` take on disk; recent writes may not be counted.
  func approximateSize(of range: KeyRange) throws(StoreError) -> UInt64

  /// Rewrites the files that hold `range` without deleted and overwritten records; may take long.
  func compact(_ range: KeyRange) throws(StoreError)
}
