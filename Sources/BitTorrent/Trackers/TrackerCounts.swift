/// How many peers of a torrent a tracker knows (BEP 48); nil for what it does not say.
public struct TrackerCounts: Hashable, Sendable {
  /// Peers that have all of it.
  public var complete: Int?
  /// Peers that do not.
  public var incomplete: Int?
  /// How often it was downloaded to the end.
  public var downloaded: Int?

  /// The given counts.
  public init(complete: Int? = nil, incomplete: Int? = nil, downloaded: Int? = nil) {
    self.complete = complete
    self.incomplete = incomplete
    self.downloaded = downloaded
  }
}
