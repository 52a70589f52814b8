import BitTorrent
import Foundation
import Metainfo
import NIOCore
import NIOPosix
import TestSupport
import Testing
import TrackerHTTP

private let opentracker = "/usr/bin/opentracker"

/// Announces to a tracker that we did not write, where the package `opentracker` is installed.
@Suite(
  "opentracker",
  .enabled(
    if: FileManager.default.isExecutableFile(atPath: opentracker), "opentracker is not installed"))
struct OpentrackerTests {
  private static let infoHash = SHA1Hash(hashing: [7])

  /// Runs opentracker for one torrent on a free port of loopback.
  private static func withTracker(_ body: (UInt16) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    let whitelist = directory.url.appendingPathComponent("whitelist")
    try Data((infoHash.hex + "\n").utf8).write(to: whitelist)
    let probe = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(probe.localAddress?.port)
    try await probe.close()

    let process = Process()
    process.executableURL = URL(fileURLWithPath: opentracker)
    process.arguments = [
      "-i", "127.0.0.1", "-p", String(port), "-P", String(port), "-w", "whitelist", "-d", ".",
    ]
    // Where it locks itself in, if it has the rights to.
    process.currentDirectoryURL = directory.url
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    // It gives up its rights, and reads the list after that.
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: directory.url.path)
    try process.run()
    defer {
      // It does not listen to less.
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    // Until it listens, connections are refused at once.
    while process.isRunning,
      (try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port).flatMap({ $0.close() }).get()) == nil
    {
      await Task.yield()
    }
    try #require(process.isRunning, "opentracker ended")
    try await body(UInt16(port))
  }

  @Test(
    "Peers find each other, over HTTP and UDP", .timeLimit(.minutes(1)), arguments: ["http", "udp"])
  func swarm(_ scheme: String) async throws {
    try await Self.withTracker { port in
      let loopback = PeerAddress(ipv4: 0x7f00_0001, port: 0)
      let udp = UDPTrackerTransport(
        eventLoop: MultiThreadedEventLoopGroup.singleton.any(), sources: [loopback])
      var configuration = HTTPTrackerTransport.Configuration()
      configuration.sources = [loopback]
      let transport = TrackerRouter(http: HTTPTrackerTransport(configuration), udp: udp)
      do {
        try await Self.swarm(
          by: transport, at: try #require(TrackerURL("\(scheme)://127.0.0.1:\(port)/announce")))
      } catch {
        Issue.record(error)
      }
      await udp.shutdown()
    }
  }

  private static func swarm(by transport: TrackerRouter, at tracker: TrackerURL) async throws {
    func announce(
      _ port: UInt16, left: Int, _ event: TrackerAnnounce.Event?
    ) async throws -> TrackerAnswer {
      var random = SeededGenerator(seed: UInt64(port))
      return try await transport.announce(
        TrackerAnnounce(
          infoHash: infoHash, peerID: PeerID(prefix: "-BT0100-", using: &random), port: port,
          progress: TrackerProgress(left: left), event: event, key: UInt32(port)),
        to: tracker)
    }
    func ports(_ answer: TrackerAnswer) -> Set<UInt16> { Set(answer.peers.map(\.port)) }

    _ = try await announce(7_001, left: 0, .started)
    let leecher = try await announce(7_002, left: 5, .started)
    #expect(ports(leecher).contains(7_001))
    #expect(leecher.peers.allSatisfy { $0.ip == "127.0.0.1" })
    #expect(leecher.counts.complete == 1)
    #expect(leecher.counts.incomplete == 1)
    #expect(try #require(leecher.interval) >= .seconds(60))

    _ = try await announce(7_002, left: 0, .completed)
    #expect(
      try await transport.scrape([infoHash], at: tracker)
        == [infoHash: TrackerCounts(complete: 2, incomplete: 0, downloaded: 1)])

    _ = try await announce(7_001, left: 0, .stopped)
    let last = try await announce(7_003, left: 9, .started)
    #expect(ports(last).subtracting([7_003]) == [7_002])
  }
}
