package import Metainfo
package import NIOCore
internal import Synchronization

/// A torrent's bytes on disk: blocks are hashed as they come, and a piece is written when it is
/// right.
///
/// The calls are made on the event loop and never wait for the disk, unless they say otherwise;
/// the work is done by the threads of a ``DiskPool``. Futures and events arrive on the event loop.
package final class TorrentStorage: Sendable {
  /// What a storage knows after it was opened.
  package struct Opened: Sendable {
    /// The pieces that are verified and written.
    package var have: Bitfield
    /// The blocks of unfinished pieces that are written, by piece.
    package var blocks: [Int: Bitfield]
    /// How many pieces had to be hashed because the record did not vouch for them.
    package var checkedPieces: Int
    /// The resume record as it was found and put right.
    package var record: ResumeRecord
  }

  /// What the torrent holds.
  package let info: TorrentInfo
  /// How the storage behaves.
  package let configuration: StorageConfiguration

  let pool: DiskPool
  let eventLoop: any EventLoop
  let resume: ResumeStore?
  let report: @Sendable ([StorageEvent]) -> Void
  let layers: Mutex<PieceLayers>

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
    self.report = report
  }
}
