public import Metainfo

/// How one tracker of a torrent stands.
public struct TrackerStatus: Hashable, Sendable {
  /// The tracker.
  public var url: TrackerURL
  /// The infohash that is announced to it: a hybrid torrent has two.
  public var infoHash: SHA1Hash
  /// Its tier, from 0.
  public var tier: Int
  /// Whether its last announce was answered.
  public var isWorking: Bool
  /// Whether an answer is awaited.
  public var isAnnouncing: Bool
  /// How many peers it knows.
  public var counts: TrackerCounts
  /// Why its last announce failed, if it did.
  public var failure: TrackerFailure?
  /// Its message for the user.
  public var warning: String?
}
