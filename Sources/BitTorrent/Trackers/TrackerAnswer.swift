/// A tracker's answer to an announce.
public struct TrackerAnswer: Hashable, Sendable {
  /// How many peers of one answer are kept.
  public static let maximumPeers = 3_000

  /// Peers that may be dialled, each once.
  public var peers: [PeerAddress] = []
  /// After what time the tracker wants the next announce; as it said, not yet clamped.
  public var interval: Duration?
  /// Before what time it wants none.
  public var minimumInterval: Duration?
  /// How many peers have the whole torrent, and how many do not.
  public var counts = TrackerCounts()
  /// A message for the user, in printable characters.
  public var warning: String?
  /// At which address the tracker sees us, with port 0 (BEP 24).
  public var externalAddress: PeerAddress?
  /// What is to be sent with the next announce to this tracker.
  public var trackerID: [UInt8]?

  /// An answer that says nothing.
  public init() {}
}

extension TrackerAnswer {
  /// What the answers to the same announce from several of our addresses say together.
  package init(merging answers: [TrackerAnswer]) {
    var seen: Set<PeerAddress> = []
    for answer in answers {
      for peer in answer.peers where peers.count < Self.maximumPeers {
        if seen.insert(peer).inserted { peers.append(peer) }
      }
      trackerID = trackerID ?? answer.trackerID
      warning = warning ?? answer.warning
      externalAddress = externalAddress ?? answer.externalAddress
    }
    // Who asks for the longer time is not to be bothered sooner.
    interval = answers.compactMap(\.interval).max()
    minimumInterval = answers.compactMap(\.minimumInterval).max()
    // One tracker counts both sides of a peer, so no sums.
    counts = TrackerCounts(
      complete: answers.compactMap(\.counts.complete).max(),
      incomplete: answers.compactMap(\.counts.incomplete).max(),
      downloaded: answers.compactMap(\.counts.downloaded).max())
  }
}
