public import Metainfo
internal import NIOCore

/// A torrent of a session.
public struct Torrent: Sendable {
  /// The infohashes that it was added by.
  public let hashes: InfoHashes
  /// How it stands, about twice a second, and at once when it becomes about something else.
  ///
  /// This is for one reader, who gets the newest and misses what is older. It ends when the torrent
  /// is stopped.
  public let updates: AsyncStream<TorrentStatus>

  private let driver: NIOLoopBound<TorrentDriver>
  private let eventLoop: any EventLoop

  init(_ driver: TorrentDriver, updates: AsyncStream<TorrentStatus>) {
    hashes = driver.hashes
    self.updates = updates
    eventLoop = driver.session.eventLoop
    self.driver = NIOLoopBound(driver, eventLoop: eventLoop)
  }

  /// Makes addresses of peers known; they are dialled as there is room.
  public func addPeers(_ addresses: [PeerAddress]) {
    eventLoop.execute { [driver] in driver.value.handle(.peersFound(addresses, .user)) }
  }

  /// How it stands now.
  public func status() async throws -> TorrentStatus {
    try await eventLoop.submit { [driver] in
      driver.value.publish()
      return driver.value.status
    }.get()
  }

  /// Ends it: no peers, trackers told, files closed and the resume record saved.
  public func stop() async throws {
    try await eventLoop.flatSubmit { [driver] in driver.value.stop() }.get()
  }
}
