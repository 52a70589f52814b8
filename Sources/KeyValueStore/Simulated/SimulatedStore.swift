internal import Synchronization

/// A ``KeyValueStore`` in memory that can lose power, be killed and fail on demand.
///
/// It keeps the promises of ``LevelDBStore`` and no others: after ``powerCut(using:)`` the synced
/// writes are there, and of the unsynced ones some first few, each whole. Every choice comes from
/// the generator passed in, so that a run repeats from its seed.
public final class SimulatedStore: KeyValueStore {
  /// What the errors call the store.
  public let name: String

  private struct State {
    /// What reads see.
    var visible: SimulatedTree
    /// What a power cut leaves at least.
    var durable: SimulatedTree
    /// What the operating system has beyond `durable`, in order.
    var unsynced: [WriteBatch] = []
    var writeCount = 0
    var faults: [Int: Fault] = [:]
    var failure: StoreError?
    var isClosed = false
  }

  private let state: Mutex<State>

  /// An empty store.
  public convenience init(name: String = "simulated") {
    self.init(name: name, tree: SimulatedTree())
  }

  private init(name: String, tree: SimulatedTree) {
    self.name = name
    state = Mutex(State(visible: tree, durable: tree))
  }

  /// The value of the key whose bytes are `key`, or nil when there is none.
  public func get(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? {
    try visible()[key]
  }

  /// Applies `batch` whole or not at all, or fails as ``fail(write:with:)`` asked.
  public func write(_ batch: WriteBatch, sync: Bool) throws(StoreError) {
    let name = name
    try state.withLock { state throws(StoreError) in
      guard !state.isClosed else { throw .closed(name) }
      guard batch.byteCount <= WriteBatch.maximumByteCount else {
        throw .tooLarge(name, batch.byteCount)
      }
      if let cause = state.failure { throw .refused(name, after: cause) }
      defer { state.writeCount += 1 }
      let fault = state.faults[state.writeCount]
      if fault == nil || fault == .afterWriting { state.unsynced.append(batch) }
      if let fault {
        let error = fault.error(name, write: state.writeCount)
        state.failure = error
        throw error
      }
      state.visible.apply(batch)
      if sync {
        state.durable = state.visible
        state.unsynced = []
      }
    }
  }

  /// A view of the store as it is now.
  public func snapshot() throws(StoreError) -> any StoreSnapshot {
    SimulatedSnapshot(tree: try visible())
  }

  /// Refuses every later call; ``kill()`` and ``powerCut(using:)`` still give what was kept.
  public func close() {
    state.withLock { $0.isClosed = true }
  }

  /// How many bytes the keys and values of `range` take.
  public func approximateSize(of range: KeyRange) throws(StoreError) -> UInt64 {
    let iterator = SimulatedSnapshot(tree: try visible()).iterator(in: range)
    var size: UInt64 = 0
    var found = try iterator.seekToFirst()
    while found {
      size += iterator.withRecord { key, value in UInt64(key.count + value.count) } ?? 0
      found = try iterator.next()
    }
    return size
  }

  /// Does nothing but refuse when closed: memory has no files to rewrite.
  public func compact(_ range: KeyRange) throws(StoreError) {
    _ = try visible()
  }

  /// How many writes were tried, the failed ones among them and the refused ones not.
  public var writeCount: Int { state.withLock { $0.writeCount } }

  /// How many batches a power cut could take.
  public var unsyncedCount: Int { state.withLock { $0.unsynced.count } }

  /// Makes the write with the number `index`, counted from 0 and from the opening, fail.
  public func fail(write index: Int, with fault: Fault) {
    state.withLock { $0.faults[index] = fault }
  }

  /// Makes the next write fail.
  public func failNextWrite(with fault: Fault) {
    state.withLock { $0.faults[$0.writeCount] = fault }
  }

  /// Ends this store as the death of its process would and opens what is left: every batch that
  /// reached the operating system.
  public func kill() -> SimulatedStore {
    recover { $0 }
  }

  /// Ends this store as a power cut would and opens what is left: the synced batches and, in
  /// order, a random number of those after.
  ///
  /// A batch torn by the cut is dropped whole, as a log record with a wrong checksum is.
  public func powerCut(using generator: inout some RandomNumberGenerator) -> SimulatedStore {
    recover { Int.random(in: 0...$0, using: &generator) }
  }

  private func recover(keeping survivors: (_ unsynced: Int) -> Int) -> SimulatedStore {
    let (durable, unsynced) = state.withLock { state in
      state.isClosed = true
      return (state.durable, state.unsynced)
    }
    var tree = durable
    for batch in unsynced.prefix(survivors(unsynced.count)) { tree.apply(batch) }
    // Recovery itself writes all it found to a synced table, as LevelDB's does.
    return SimulatedStore(name: name, tree: tree)
  }

  private func visible() throws(StoreError) -> SimulatedTree {
    let name = name
    return try state.withLock { state throws(StoreError) in
      guard !state.isClosed else { throw .closed(name) }
      return state.visible
    }
  }
}

extension SimulatedStore.Fault {
  fileprivate func error(_ name: String, write: Int) -> StoreError {
    switch self {
    case .diskFull:
      StoreError(
        .diskFull,
        "write \(write) to the database \(name) found no room; free some space, then "
          + "open it again")
    case .io:
      StoreError(
        .io, "write \(write) to the database \(name) failed; check the disk, then open it again")
    case .afterWriting:
      StoreError(
        .io,
        "the sync of write \(write) to the database \(name) failed; check the disk, then open "
          + "it again")
    }
  }
}
