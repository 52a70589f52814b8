/// Limits of a session that can be changed while it runs.
public struct SessionLimits: Hashable, Sendable {
  /// Payload of all torrents.
  public var rates = TorrentRateLimits()
  /// Downloads in which something moves at a time, at least 1; nil for no limit.
  public var activeDownloads: Int? = 8
  /// Complete torrents in which something moves at a time, at least 1; nil for no limit.
  public var activeSeeds: Int?
  /// Torrents at a time that take up memory and files, 1 to 10,000.
  public var activeTorrents = 500

  /// The defaults.
  public init() {}

  /// Checks the bounds.
  ///
  /// - Throws: `SessionError.configuration`, which names the first limit that is wrong.
  public func validate() throws(SessionError) {
    try rates.validate()
    for (setting, limit) in [("activeDownloads", activeDownloads), ("activeSeeds", activeSeeds)] {
      guard (limit ?? 1) >= 1 else { throw .configuration(setting: setting, bounds: "at least 1") }
    }
    guard (1...10_000).contains(activeTorrents) else {
      throw .configuration(setting: "activeTorrents", bounds: "1 to 10000")
    }
  }
}

/// What a session does, over all its torrents.
public struct SessionStatistics: Sendable {
  /// Torrents in the session.
  public var torrents = 0
  /// Torrents that take up memory and files.
  public var running = 0
  /// Peers connected.
  public var connections = 0
  /// Payload from peers, in bytes a second.
  public var downloadRate: Int64 = 0
  /// Payload to peers, in bytes a second.
  public var uploadRate: Int64 = 0
  /// Payload received in all sessions, of the torrents that are in it, in bytes.
  public var downloaded: Int64 = 0
  /// Payload sent in all sessions, of the torrents that are in it, in bytes.
  public var uploaded: Int64 = 0

  /// Nothing yet.
  public init() {}
}
