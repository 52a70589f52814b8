package import Metainfo
package import NIOCore
internal import Synchronization

/// A torrent's bytes on disk: blocks are hashed as they come, and a piece is written when it is
/// right.
///
/// The calls are made on the event loop and never wait for the disk; the threads of a ``DiskPool``
/// do the work. Futures and events arrive on the event loop.
package final class TorrentStorage: Sendable {
  /// What a storage knows after it was opened.
  package struct Opened: Sendable {
    /// The pieces that are verified and written.
    package var have: Bitfield
    /// The blocks of unfinished pieces that are written, by piece.
    package var blocks: [Int: Bitfield]
    /// How many pieces had to be hashed because no record vouched for them.
    package var checkedPieces: Int
    /// The resume record as it was found and put right.
    package var record: ResumeRecord
  }

  struct State {
    enum Phase { case unopened, open, closing, closed }

    var phase = Phase.unopened
    var files: TorrentFiles?
    var have: Bitfield
    var record: ResumeRecord
    // Pieces that are being brought to the disk and have not been lost or moved since.
    var syncing = Bitfield(bitCount: 0)

    // Pieces that are being put together.
    var pieces: [Int: PendingPiece] = [:]
    var failedBefore: Set<Int> = []
    var heldBytes = 0
    var isFull = false

    // Jobs for pieces.
    var jobCount = 0
    var stalled: [PendingPiece] = []
    var troubled: Set<Int> = []
    var whenIdle: (@Sendable () -> Void)?

    // The resume record.
    var unrecordedBytes = 0
    var check: PieceCheck?
  }

  /// What the torrent holds.
  package let info: TorrentInfo
  /// How the storage behaves.
  package let configuration: StorageConfiguration

  /// Where all calls are made and all answers arrive.
  package let eventLoop: any EventLoop

  let pool: DiskPool
  let resume: ResumeStore?
  let layers: Mutex<PieceLayers>
  let meter = StorageWorkMeter()
  let state: Mutex<State>
  let events: StorageEventQueue
  // One record is saved at a time, so that an older never replaces a newer.
  let saving = Mutex(())
  // One sync runs at a time, so that each knows what was changed under it.
  let syncs = Mutex(())

  /// A storage that is yet to be opened.
  ///
  /// - Parameters:
  ///   - info: what the torrent holds.
  ///   - layers: the piece layers that are known; more may be added.
  ///   - configuration: where and how.
  ///   - pool: the threads that do the work, shared by all torrents.
  ///   - eventLoop: where all calls are made and all answers arrive.
  ///   - resume: where the torrent's record is kept; nil keeps none.
  ///   - report: gets events in batches, on the event loop.
  package init(
    _ info: TorrentInfo, layers: PieceLayers, configuration: StorageConfiguration, pool: DiskPool,
    eventLoop: any EventLoop, resume: ResumeStore?,
    report: @escaping @Sendable ([StorageEvent]) -> Void
  ) {
    self.info = info
    self.layers = Mutex(layers)
    self.configuration = configuration
    self.pool = pool
    self.eventLoop = eventLoop
    self.resume = resume
    events = StorageEventQueue(eventLoop, report)
    let record = ResumeRecord(
      hashes: info.hashes, savePath: SafeFolder.absolute(configuration.directory),
      pieceCount: info.layout.pieceCount, fileCount: info.files.count)
    state = Mutex(State(have: record.have, record: record))
  }

  /// What its threads spent their time on.
  package var work: StorageWork { meter.value }

  /// Tells that more piece layers are known.
  package func add(_ layers: PieceLayers) { self.layers.withLock { $0 = layers } }

  func expectation(ofPiece piece: Int) -> PieceExpectation {
    info.expectation(ofPiece: piece, layers: layers.withLock { $0 })
  }

  /// Runs work on the pool, or on another, and gives its result on the event loop.
  func onPool<Result: Sendable>(
    _ priority: DiskPool.Priority, of other: DiskPool? = nil,
    _ work: @escaping @Sendable () throws -> Result
  ) -> EventLoopFuture<Result> {
    let promise = eventLoop.makePromise(of: Result.self)
    (other ?? pool).submit(priority) {
      promise.completeWith(Swift.Result { try work() })
    }
    return promise.futureResult
  }

  /// The files of a storage that is open.
  func openFiles() throws(StorageError) -> TorrentFiles {
    let files = state.withLock { $0.phase == .closed ? nil : $0.files }
    guard let files else { throw .closed(configuration.directory) }
    return files
  }
}
