internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import SwarmSimulation
internal import TestSupport
internal import Testing

@Suite("Small swarms with one kind of liar")
struct LiarTests {
  /// A seed, liars and others, on a good network; the run and what its honest hosts blamed.
  func run(
    _ liars: [Liar], others: [HostPlan.Beginning] = [.nothing, .nothing, .nothing, .nothing],
    version: TorrentInfo.Version = .v1, pieces: Int = 48, lineRate: Int = 8 << 20, seed: UInt64,
    within limit: TimeAmount
  ) throws -> (swarm: SimulatedSwarm, faults: [PeerFault]) {
    let torrent = try SimulatedTorrent(version, pieces: pieces, seed: seed)
    var hosts =
      [HostPlan(.everything)] + liars.map { HostPlan($0) } + others.map { HostPlan($0) }
    for index in hosts.indices { hosts[index].lineRate = lineRate }
    let swarm = SimulatedSwarm(Scenario(torrent, hosts, seed: seed))
    let report = swarm.run()
    #expect(report.violations.isEmpty, "\(report)")
    let last = report.completionTimes.max() ?? .zero
    #expect(last < limit, "complete after \(last.nanoseconds / 1_000_000) ms, seed \(seed)")
    let faults = swarm.hosts.filter(\.isHonest).flatMap(\.closings).compactMap { _, reason in
      if case .fault(let fault) = reason { fault } else { nil }
    }
    return (swarm, faults.filter { $0 != .ourself })
  }

  @Test("without liars everyone gets everything from one seed", arguments: [UInt64](1...4))
  func honest(_ seed: UInt64) throws {
    // 2 MiB over a line of 8 MiB/s, given on by all: a seed that sent all copies takes 1.25 s.
    let (swarm, faults) = try run(
      [], others: Array(repeating: .nothing, count: 5), pieces: 64, seed: seed,
      within: .seconds(3))
    #expect(faults.isEmpty)
    let sent = try #require(swarm.hosts[0].core).statistics(at: swarm.now).uploaded
    #expect(sent < Int64(4 * swarm.scenario.torrent.payload.readableBytes), "seed \(seed)")
  }

  @Test(
    "magnets get the info, the hashes and everything",
    arguments: [TorrentInfo.Version.v1, .v2, .hybrid], [UInt64](1...3))
  func magnets(_ version: TorrentInfo.Version, _ seed: UInt64) throws {
    _ = try run(
      [], others: [.magnet, .magnet, .magnet], version: version, pieces: 33, seed: seed,
      within: .seconds(3))
  }

  @Test("who sends wrong blocks is banned, and nobody else is", arguments: [UInt64](1...4))
  func corrupting(_ seed: UInt64) throws {
    let (_, faults) = try run([.corrupting], seed: seed, within: .seconds(60))
    #expect(!faults.isEmpty, "seed \(seed)")
    #expect(faults.allSatisfy { if case .badData = $0 { true } else { false } }, "seed \(seed)")
  }

  @Test("who never answers holds nobody up for long", arguments: [UInt64](1...3))
  func mute(_ seed: UInt64) throws {
    _ = try run([.mute], pieces: 32, seed: seed, within: .seconds(25))
  }

  @Test("who floods others with requests is dropped", arguments: [UInt64](1...3))
  func flooding(_ seed: UInt64) throws {
    let (_, faults) = try run(
      [.requestFlooding], pieces: 64, lineRate: 256 << 10, seed: seed, within: .seconds(120))
    #expect(faults.contains(.requestFlood), "seed \(seed)")
  }

  @Test("who pushes blocks that nobody asked for is dropped", arguments: [UInt64](1...3))
  func pushing(_ seed: UInt64) throws {
    let (_, faults) = try run(
      [.pushing], pieces: 64, lineRate: 64 << 10, seed: seed, within: .seconds(120))
    #expect(faults.contains(.unrequestedBlocks), "seed \(seed)")
  }

  @Test(
    "who claims what it lacks, refuses, teases or dawdles does not keep others from it",
    arguments: [
      Liar.boasting, .silentlyBoasting, .haveFlooding, .chokeGaming, .slowWalking, .refusing,
      .freeRiding,
    ], [UInt64](1...3))
  func hindering(_ liar: Liar, _ seed: UInt64) throws {
    _ = try run([liar, liar], pieces: 32, seed: seed, within: .seconds(40))
  }

  @Test("all kinds of liars together keep nobody from completing")
  func everyLiar() throws {
    var random = SeededGenerator()
    let others = (0..<3).map { _ -> HostPlan.Beginning in
      Bool.random(using: &random) ? .nothing : .magnet
    }
    _ = try run(
      Liar.allCases, others: others, pieces: Int.random(in: 20...60, using: &random),
      seed: random.seed, within: .seconds(300))
  }
}
