internal import BitTorrent
internal import Foundation
internal import Logging
internal import Metainfo
internal import TestSupport

/// Sessions on loopback, and torrents for them.
enum SessionRig {
  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// A session that listens on a port of the system's choice.
  static func configuration(keptIn state: String? = nil) -> SessionConfiguration {
    var configuration = SessionConfiguration()
    configuration.listen = PeerAddress(ipv4: 0x7f00_0001, port: 0)
    configuration.stateDirectory = state
    configuration.keepsTorrents = state != nil
    return configuration
  }

  /// A session that is stopped when the body ends.
  static func withSession<R: Sendable>(
    _ configuration: SessionConfiguration = configuration(),
    _ body: (TorrentSession) async throws -> R
  ) async throws -> R {
    let session = try await TorrentSession.start(configuration, logger: logger)
    do {
      let result = try await body(session)
      await session.stop()
      return result
    } catch {
      await session.stop()
      throw error
    }
  }

  /// A torrent of a folder `name` in `directory` with files of those lengths.
  ///
  /// No two are the same: a peer of another test that dials a port which is used again by now finds
  /// a stranger there.
  static func content(
    _ name: String = "content", _ files: KeyValuePairs<String, Int> = ["a": 200_000, "b": 70_000],
    in directory: TemporaryDirectory, seed: UInt64 = .random(in: .min ... .max)
  ) throws -> Metainfo {
    let folder = directory.path(name)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var random = TestSupport.SeededGenerator(seed: seed)
    for (name, length) in files {
      let url = URL(fileURLWithPath: "\(folder)/\(name)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(random.block(length)).write(to: url)
    }
    var creator = TorrentCreator()
    creator.pieceLength = 65_536
    return try creator.create(from: folder)
  }
}

extension Torrent {
  /// Waits until it is about something that `isWanted` wants.
  @discardableResult
  func wait(until isWanted: (TorrentStatus) -> Bool) async -> TorrentStatus? {
    for await status in updates where isWanted(status) { return status }
    return nil
  }

  /// Waits until it is about this.
  @discardableResult
  func wait(for phase: TorrentStatus.Phase) async -> TorrentStatus? {
    await wait { $0.phase == phase }
  }
}
