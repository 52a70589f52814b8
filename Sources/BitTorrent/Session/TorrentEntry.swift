internal import Logging
internal import Metainfo
internal import NIOCore

/// What a session keeps of one torrent, whether it runs or rests.
///
/// Only a torrent that runs has a driver, with its core, files and connections. One that is paused
/// or queued, or complete and waiting for somebody to ask for it, costs little more than its name.
final class TorrentEntry {
  /// What is there of it in memory.
  enum Activity {
    /// Only this.
    case resting
    /// A driver, which meets peers.
    case running(TorrentDriver)
    /// A driver that is being put away.
    case ending(EventLoopFuture<Void>)
  }

  let session: SessionLoop
  /// The infohash that it was added by, which names it in the session.
  let id: SHA1Hash
  /// The infohashes that are known; a magnet's metadata can bring another.
  var hashes: InfoHashes
  /// How we name ourselves to its peers and trackers.
  let peerID: PeerID
  /// What is wanted of it.
  var options: TorrentOptions
  /// What it was added from; nil where the session's list has it.
  var source: TorrentSource?
  /// Its trackers, in tiers.
  var trackers: [[String]]
  /// The limits that it does not share with others.
  let uploadLimiter: RateLimiter
  let downloadLimiter: RateLimiter

  var activity = Activity.resting
  /// Why it cannot be opened.
  var failure: StorageError?
  /// Peers that were named while it rested.
  var waitingPeers: [PeerAddress] = []
  /// Whether the queue lets it run.
  var isAdmitted = false
  /// Whether it has gone from the session.
  var isRemoved = false
  /// Only its trackers may know of it (BEP 27); not so while its info is unknown.
  var isPrivate = false
  /// All that is wanted is verified and written, as far as is known.
  var isComplete = false
  /// How it stood when that was last looked at.
  var status = TorrentStatus()
  /// What it did until its driver was made.
  var earlier = TorrentStatus.Totals()
  /// How often a driver was made: what is meant for an earlier one does not reach the next.
  var seatNumber: UInt64 = 0
  /// When its driver was made.
  var runningSince = NIODeadline.distantPast
  /// Keeps it announced, until `announcing` is fulfilled.
  var announcer: TrackerAnnouncer?
  var announcing: EventLoopFuture<Void>?
  var scheduledAnnounce: Scheduled<Void>?
  /// Where its status is told.
  private var listeners: [Int: AsyncStream<TorrentStatus>.Continuation] = [:]
  private var nextListener = 0

  /// A torrent that rests.
  init(
    session: SessionLoop, hashes: InfoHashes, options: TorrentOptions, source: TorrentSource?,
    trackers: [[String]], id: SHA1Hash, peerID: PeerID
  ) {
    self.session = session
    self.id = id
    self.hashes = hashes
    self.options = options
    self.source = source
    self.trackers = trackers
    self.peerID = peerID
    let now = NIODeadline.now()
    uploadLimiter = RateLimiter(rate: options.uploadLimit, at: now)
    downloadLimiter = RateLimiter(rate: options.downloadLimit, at: now)
  }

  /// What carries it out while it runs.
  var driver: TorrentDriver? { if case .running(let driver) = activity { driver } else { nil } }

  /// Makes addresses of peers known; one that may run is woken by it.
  func addPeers(_ addresses: [PeerAddress]) {
    if let driver = wake() {
      driver.found(addresses, by: .user)
    } else {
      waitingPeers = (waitingPeers + addresses).suffix(Self.waitingPeerLimit)
    }
  }

  private static let waitingPeerLimit = 200

  // MARK: - Who follows it

  var hasListeners: Bool { !listeners.isEmpty }

  /// Adds somebody who gets the newest status; returns what ``removeListener(_:)`` takes.
  func addListener(_ continuation: AsyncStream<TorrentStatus>.Continuation) -> Int? {
    continuation.yield(refreshed())
    guard !isRemoved else {
      continuation.finish()
      return nil
    }
    nextListener += 1
    listeners[nextListener] = continuation
    return nextListener
  }

  /// Removes somebody who followed.
  func removeListener(_ listener: Int) { listeners[listener] = nil }

  /// Tells how it stands to those who follow it.
  func publish() {
    guard hasListeners else { return }
    let status = refreshed()
    for listener in listeners.values { listener.yield(status) }
  }

  /// Tells the last and ends.
  func finish() {
    isRemoved = true
    status.phase = .stopped
    for listener in listeners.values {
      listener.yield(status)
      listener.finish()
    }
    listeners = [:]
  }

  // MARK: - How it stands

  /// How it stands now.
  func refreshed() -> TorrentStatus {
    if let driver { driver.refresh() }
    noticePhase()
    return status
  }

  /// Brings the phase up to date, and tells when it is another.
  func noticePhase() {
    guard !isRemoved else { return }
    let phase = currentPhase
    guard phase != status.phase else { return }
    status.phase = phase
    session.alerts.post(.phase(phase), of: self)
    switch phase {
    case .stalled(let error), .failed(let error): session.alerts.post(.failed(error), of: self)
    default: break
    }
    // What follows from it is told with all its figures.
    publish()
  }

  private var currentPhase: TorrentStatus.Phase {
    if let driver { return driver.phase }
    if let failure { return .failed(failure) }
    if session.queue[id]?.isPaused == true { return .paused }
    return isAdmitted && isComplete ? .seeding : .queued
  }

  // MARK: - What outlives the session

  /// What is kept of it.
  var row: TorrentRow {
    let item = session.queue[id]
    var row = TorrentRow(hashes: hashes, options: options)
    row.rank = item?.rank ?? 0
    row.isPaused = item?.isPaused ?? false
    row.isForced = item?.isForced ?? false
    row.isComplete = isComplete
    row.isPrivate = isPrivate
    row.name = status.name
    row.trackers = trackers
    row.totals = status.totals
    row.pieces = (status.transfer.piecesDone, status.transfer.pieceCount)
    row.bytes = (Int(status.transfer.bytesDone), Int(status.transfer.bytesWanted))
    return row
  }

  /// Keeps what is known of it, with its source where that is new.
  func save(source: TorrentSource? = nil) {
    guard let list = session.list, !isRemoved else { return }
    driver?.refresh()
    do {
      try list.save(id, row, source: source)
    } catch {
      session.logger.error(
        "a torrent was not saved in the list", metadata: ["torrent": "\(id)", "error": "\(error)"])
    }
  }
}
