/// How far a torrent's transfer has come, as trackers are told.
public struct TrackerProgress: Hashable, Sendable {
  /// Bytes of blocks sent in this session.
  public var uploaded: Int
  /// Bytes of blocks received in this session.
  public var downloaded: Int
  /// Bytes still missing; with the metadata unknown, any number above 0.
  public var left: Int

  /// The given numbers.
  public init(uploaded: Int = 0, downloaded: Int = 0, left: Int = 1) {
    self.uploaded = uploaded
    self.downloaded = downloaded
    self.left = left
  }
}
