internal import BitTorrent
internal import Foundation
internal import Logging
internal import Metainfo
internal import NIOCore
internal import Synchronization
internal import TrackerHTTP

/// One of our programs in the demo's swarm.
final class DemoPeer: Sendable {
  /// How it stands.
  struct Progress: Sendable {
    var status = TorrentStatus()
    /// When all was there, counted from the start of the race.
    var completeAfter: Duration?
  }

  let name: String
  let session: TorrentSession
  let torrent: BitTorrent.Torrent
  private let progress = Mutex(Progress())

  private init(name: String, session: TorrentSession, torrent: BitTorrent.Torrent) {
    self.name = name
    self.session = session
    self.torrent = torrent
  }

  /// Starts a program that listens on loopback, with the torrent in `folder`.
  static func start(
    _ name: String, _ metainfo: Metainfo, in folder: String, uploadLimit: Int,
    strategies: (any StrategySource)? = nil
  ) async throws -> DemoPeer {
    var configuration = SessionConfiguration()
    configuration.listen = PeerAddress(ipv4: 0x7f00_0001, port: 0)
    configuration.limits.rates.upload = uploadLimit
    configuration.strategies = strategies
    configuration.stopGrace = .milliseconds(200)
    var trackers = HTTPTrackerTransport.Configuration()
    trackers.sources = [configuration.listen]
    let session = try await TorrentSession.start(
      configuration, http: HTTPTrackerTransport(trackers),
      logger: Logger(label: "btt.demo") { _ in SwiftLogNoOpLogHandler() })
    do {
      let torrent = try await session.add(.metainfo(metainfo), TorrentOptions(directory: folder))
      return DemoPeer(name: name, session: session, torrent: torrent)
    } catch {
      await session.stop()
      throw error
    }
  }

  /// How it stands.
  var now: Progress { progress.withLock { $0 } }

  /// Follows the torrent until it is complete; fails where it cannot be.
  func complete(since start: ContinuousClock.Instant) async throws {
    for await status in torrent.updates {
      progress.withLock { progress in
        progress.status = status
        if status.phase == .seeding, progress.completeAfter == nil {
          progress.completeAfter = .now - start
        }
      }
      switch status.phase {
      case .seeding: return
      case .failed(let error): throw CommandFailure(.file, "\(name): \(error.message)")
      default: break
      }
    }
    throw CommandFailure(.failed, "\(name) stopped before all was there")
  }

  /// Brings the figures up to date.
  func refresh() async {
    guard let status = try? await torrent.status() else { return }
    progress.withLock { $0.status = status }
  }

  /// Ends it.
  func stop() async { await session.stop() }
}
