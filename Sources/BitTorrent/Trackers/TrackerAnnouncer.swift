public import Metainfo
internal import Synchronization

/// Keeps a torrent announced at its trackers, and brings the peers that they tell.
///
/// It works while its ``run()`` does, which ends after ``stop()``, or when its task is cancelled:
/// then without a word to the trackers.
public final class TrackerAnnouncer: Sendable {
  /// What is announced.
  public struct Configuration: Sendable {
    /// The torrent's infohashes, as they stand on the wire.
    public var infoHashes: [SHA1Hash]
    /// The trackers, by tiers.
    public var tiers: [[TrackerURL]]
    /// How the client names itself.
    public var peerID: PeerID
    /// The port on which the client listens.
    public var port: UInt16
    /// How many peers an announce asks for.
    public var wanted = 200
    /// How long the last announces may take.
    public var stopLimit = Duration.seconds(2)
    /// Bounds on when trackers are asked.
    package var timing = TrackerList.Configuration()

    /// What is announced of a torrent.
    public init(infoHashes: [SHA1Hash], tiers: [[TrackerURL]], peerID: PeerID, port: UInt16) {
      self.infoHashes = infoHashes
      self.tiers = tiers
      self.peerID = peerID
      self.port = port
    }
  }

  /// What came of an announce.
  public struct Notice: Sendable {
    /// The tracker.
    public var tracker: TrackerURL
    /// The torrent.
    public var infoHash: SHA1Hash
    /// Why it was made out of turn.
    public var event: TrackerAnnounce.Event?
    /// The answer, with peers, or why there is none.
    public var result: Result<TrackerAnswer, TrackerFailure>
  }

  private struct State {
    var list: TrackerList
    var isStopping = false
  }

  private let configuration: Configuration
  private let transport: any TrackerTransport
  private let time: Timekeeper
  private let progress: @Sendable () async -> TrackerProgress
  private let report: @Sendable (Notice) -> Void
  private let key: UInt32
  private let state: Mutex<State>
  private let signal = WakeSignal()

  /// An announcer that begins with ``run()``.
  ///
  /// - Parameters:
  ///   - configuration: What is announced.
  ///   - transport: What carries it.
  ///   - progress: Tells how far the transfer has come, at each announce.
  ///   - report: Is told what came of each announce but the last ones.
  public convenience init(
    _ configuration: Configuration, transport: any TrackerTransport,
    progress: @escaping @Sendable () async -> TrackerProgress,
    report: @escaping @Sendable (Notice) -> Void
  ) {
    var generator = SystemRandomNumberGenerator()
    self.init(
      configuration, transport: transport, time: Timekeeper(), using: &generator,
      progress: progress, report: report)
  }

  /// An announcer with time and chance of another's choice.
  package init(
    _ configuration: Configuration, transport: any TrackerTransport, time: Timekeeper,
    using generator: inout some RandomNumberGenerator,
    progress: @escaping @Sendable () async -> TrackerProgress,
    report: @escaping @Sendable (Notice) -> Void
  ) {
    self.configuration = configuration
    self.transport = transport
    self.time = time
    self.progress = progress
    self.report = report
    key = generator.next()
    state = Mutex(
      State(
        list: TrackerList(
          tiers: configuration.tiers, infoHashes: configuration.infoHashes,
          configuration: configuration.timing, using: &generator)))
  }

  /// Announces as soon as trackers allow: there are too few peers.
  public func wantPeers() {
    state.withLock { $0.list.wantPeers(at: time.now()) }
    signal.raise()
  }

  /// Tells trackers that the download has come to its end; not for one that was complete from the
  /// start.
  public func complete() {
    state.withLock { $0.list.complete(at: time.now()) }
    signal.raise()
  }

  /// Announces one more infohash, such as a hybrid's v2 one when the metadata of a magnet came.
  public func add(_ infoHash: SHA1Hash) {
    state.withLock { $0.list.add(infoHash) }
    signal.raise()
  }

  /// Makes ``run()`` tell the trackers that we leave, and return.
  public func stop() {
    state.withLock { $0.isStopping = true }
    signal.raise()
  }

  /// How each tracker stands.
  public var statuses: [TrackerStatus] { state.withLock { $0.list.statuses } }
}

// MARK: - Running

extension TrackerAnnouncer {
  /// Announces until ``stop()``.
  public func run() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        let (announces, deadline, isStopping) = state.withLock { state in
          let announces = state.isStopping ? [] : state.list.next(at: time.now())
          return (announces, state.list.deadline, state.isStopping)
        }
        if isStopping { break }
        for announce in announces { group.addTask { await self.perform(announce) } }
        await wait(until: deadline)
      }
      group.cancelAll()
    }
    if !Task.isCancelled { await leave() }
  }

  private func perform(_ announce: TrackerList.Announce) async {
    let result = await send(announce)
    // Whoever stops in the middle of it has no use for what came.
    if Task.isCancelled { return }
    state.withLock { $0.list.ended(announce, result, at: time.now()) }
    report(
      Notice(
        tracker: announce.url, infoHash: announce.infoHash, event: announce.event, result: result))
    signal.raise()
  }

  private func send(
    _ announce: TrackerList.Announce
  ) async -> Result<TrackerAnswer, TrackerFailure> {
    let message = TrackerAnnounce(
      infoHash: announce.infoHash, peerID: configuration.peerID, port: configuration.port,
      progress: await progress(), event: announce.event, wanted: configuration.wanted, key: key,
      trackerID: announce.trackerID)
    do throws(TrackerFailure) {
      return .success(try await transport.announce(message, to: announce.url))
    } catch {
      return .failure(error)
    }
  }

  private func wait(until deadline: Duration?) async {
    await withTaskGroup { group in
      group.addTask { await self.signal.wait() }
      if let deadline {
        group.addTask { await self.time.sleep(max(deadline - self.time.now(), .zero)) }
      }
      await group.next()
      group.cancelAll()
    }
  }

  private func leave() async {
    let announces = state.withLock { $0.list.stop() }
    guard !announces.isEmpty else { return }
    await withTaskGroup { group in
      group.addTask { await self.time.sleep(self.configuration.stopLimit) }
      group.addTask {
        await withTaskGroup { inner in
          for announce in announces { inner.addTask { _ = await self.send(announce) } }
        }
      }
      await group.next()
      group.cancelAll()
    }
  }
}
