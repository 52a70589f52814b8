package import Metainfo

/// The trackers of a torrent: whom to tell what, and when (BEP 3, 12, 31, 52).
///
/// It has no sockets and no clock: times are told from any fixed moment. Each infohash of a hybrid
/// torrent is announced on its own.
package struct TrackerList {
  /// Bounds on when trackers are asked.
  package struct Configuration: Sendable {
    /// Between announces, whatever shorter interval a tracker asks for.
    package var minimumInterval = Duration.seconds(300)
    /// Between announces, whatever longer interval a tracker asks for.
    package var maximumInterval = Duration.seconds(86_400)
    /// Between announces, where a tracker does not say.
    package var defaultInterval = Duration.seconds(1_800)
    /// Between announces when peers are wanting, unless the tracker asks for more.
    package var minimumEarlyInterval = Duration.seconds(60)
    /// After a first failure; each further one doubles it.
    package var firstBackOff = Duration.seconds(15)
    /// After many failures.
    package var maximumBackOff = Duration.seconds(3_600)

    /// The defaults.
    package init() {}
  }

  /// An announce that is to be made.
  package struct Announce: Hashable, Sendable {
    let ask: TrackerRotation.Ask

    /// The torrent.
    package var infoHash: SHA1Hash { ask.infoHash }
    /// The tracker.
    package var url: TrackerURL { ask.url }
    /// Why it is made out of turn.
    package var event: TrackerAnnounce.Event? { ask.event }
    /// What the tracker wants to hear again.
    package var trackerID: [UInt8]? { ask.trackerID }
  }

  /// How many trackers of one torrent are kept.
  package static let maximumTrackers = 100

  private let tiers: [[TrackerURL]]
  private let configuration: Configuration
  private var rotations: [TrackerRotation]

  /// The trackers of a torrent; within a tier they are tried in an order of chance.
  ///
  /// The first announces are due at once, whatever the time.
  package init(
    tiers: [[TrackerURL]], infoHashes: [SHA1Hash], configuration: Configuration = Configuration(),
    using generator: inout some RandomNumberGenerator
  ) {
    var seen: Set<TrackerURL> = []
    var kept: [[TrackerURL]] = []
    for tier in tiers {
      let new = tier.filter { seen.count < Self.maximumTrackers && seen.insert($0).inserted }
      if !new.isEmpty { kept.append(new.shuffled(using: &generator)) }
    }
    self.tiers = kept
    self.configuration = configuration
    rotations = []
    for infoHash in infoHashes { add(infoHash) }
  }

  /// Announces one more infohash, such as a hybrid's v2 one when the metadata of a magnet came.
  package mutating func add(_ infoHash: SHA1Hash) {
    guard !rotations.contains(where: { $0.infoHash == infoHash }) else { return }
    rotations.append(
      TrackerRotation(infoHash: infoHash, tiers: tiers, configuration: configuration))
  }

  /// When ``next(at:)`` may have something.
  package var deadline: Duration? { rotations.compactMap(\.deadline).min() }

  /// The announces that are due; each is to end in ``ended(_:_:at:)``.
  package mutating func next(at now: Duration) -> [Announce] {
    rotations.indices.compactMap { rotations[$0].next(at: now).map(Announce.init) }
  }

  /// Takes in what came of an announce.
  package mutating func ended(
    _ announce: Announce, _ result: Result<TrackerAnswer, TrackerFailure>, at now: Duration
  ) {
    for index in rotations.indices where rotations[index].infoHash == announce.infoHash {
      rotations[index].ended(announce.ask, result, at: now)
    }
  }

  /// Announces as soon as trackers allow: there are too few peers.
  package mutating func wantPeers(at now: Duration) {
    for index in rotations.indices { rotations[index].wantPeers(at: now) }
  }

  /// Tells trackers that the download has come to its end.
  package mutating func complete(at now: Duration) {
    for index in rotations.indices { rotations[index].complete(at: now) }
  }

  /// Ends all; what is returned tells every tracker that counts us.
  package mutating func stop() -> [Announce] {
    rotations.indices.flatMap { rotations[$0].stop().map(Announce.init) }
  }

  /// How each tracker stands.
  package var statuses: [TrackerStatus] { rotations.flatMap(\.statuses) }
}
