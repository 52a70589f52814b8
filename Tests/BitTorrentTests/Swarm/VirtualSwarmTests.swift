internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

@Suite("A swarm of cores on a virtual network")
struct VirtualSwarmTests {
  /// Runs until every honest client has every byte, and tells how long that took.
  func complete(
    _ swarm: VirtualSwarm, within limit: TimeAmount, seed: UInt64
  ) throws -> TimeAmount {
    let honest = swarm.peers.filter { $0.nature == .honest }
    swarm.run(for: limit) { honest.allSatisfy { $0.completedAt != nil } }
    for peer in honest {
      let contents = try #require(peer.storage).contents
      #expect(contents == swarm.torrent.payload, "peer \(peer.index), seed \(seed)")
      for (other, reason) in peer.closings {
        guard case .fault(let fault) = reason else { continue }
        #expect(
          swarm.peers[other].nature != .honest, "\(peer.index) blames \(other): \(fault), \(seed)")
      }
    }
    return swarm.now - swarm.start
  }

  func faults(_ swarm: VirtualSwarm, of liar: VirtualPeer) -> [PeerFault] {
    swarm.peers.filter { $0.nature == .honest }.flatMap(\.closings).compactMap { other, reason in
      if other == liar.index, case .fault(let fault) = reason { fault } else { nil }
    }
  }

  @Test("everyone gets everything from one seed", arguments: [UInt64](1...4))
  func honest(_ seed: UInt64) throws {
    let swarm = VirtualSwarm(try TestTorrent(pieces: 64, seed: seed), seed: seed)
    swarm.add(.everything)
    for _ in 0..<5 { swarm.add(.nothing) }
    let time = try complete(swarm, within: .seconds(60), seed: seed)
    // 2 MiB over a line of 8 MiB/s, given on by all: a seed that sent all copies takes 1.25 s.
    #expect(time < .seconds(3), "seed \(seed)")
    let sent = swarm.peers[0].core.statistics(at: swarm.now).uploaded
    #expect(sent < Int64(4 * swarm.torrent.payload.count), "seed \(seed)")
  }

  @Test(
    "magnets get the info, the hashes and everything",
    arguments: [TorrentInfo.Version.v1, .v2], [UInt64](1...3))
  func magnets(_ version: TorrentInfo.Version, _ seed: UInt64) throws {
    let swarm = VirtualSwarm(try TestTorrent(version, pieces: 33, seed: seed), seed: seed)
    swarm.add(.everything)
    for _ in 0..<3 { swarm.add(.magnet) }
    let time = try complete(swarm, within: .seconds(60), seed: seed)
    #expect(time < .seconds(3), "seed \(seed)")
  }

  @Test("who sends wrong blocks is banned, and nobody else is", arguments: [UInt64](1...4))
  func corrupting(_ seed: UInt64) throws {
    let swarm = VirtualSwarm(try TestTorrent(pieces: 48, seed: seed), seed: seed)
    swarm.add(.everything)
    let liar = swarm.add(.everything, .corrupting)
    for _ in 0..<4 { swarm.add(.nothing) }
    _ = try complete(swarm, within: .seconds(300), seed: seed)
    let found = faults(swarm, of: liar)
    #expect(!found.isEmpty, "seed \(seed)")
    #expect(
      found.allSatisfy { if case .badData = $0 { true } else { false } }, "seed \(seed)")
  }

  @Test("who never answers holds nobody up for long", arguments: [UInt64](1...3))
  func mute(_ seed: UInt64) throws {
    let swarm = VirtualSwarm(try TestTorrent(pieces: 32, seed: seed), seed: seed)
    swarm.add(.everything)
    swarm.add(.everything, .mute)
    for _ in 0..<3 { swarm.add(.nothing) }
    let time = try complete(swarm, within: .seconds(120), seed: seed)
    #expect(time < .seconds(25), "seed \(seed)")
  }

  @Test("who floods others with requests is dropped", arguments: [UInt64](1...3))
  func flooding(_ seed: UInt64) throws {
    let swarm = VirtualSwarm(try TestTorrent(pieces: 64, seed: seed), seed: seed)
    swarm.lineRate = 256 << 10
    swarm.add(.everything)
    let liar = swarm.add(.nothing, .flooding)
    for _ in 0..<3 { swarm.add(.nothing) }
    _ = try complete(swarm, within: .seconds(300), seed: seed)
    #expect(faults(swarm, of: liar).contains(.requestFlood), "seed \(seed)")
  }

  @Test("who claims what it lacks does not keep others from it", arguments: [UInt64](1...3))
  func boasting(_ seed: UInt64) throws {
    let swarm = VirtualSwarm(try TestTorrent(pieces: 32, seed: seed), seed: seed)
    swarm.add(.everything)
    swarm.add(.nothing, .boasting)
    swarm.add(.nothing, .boasting)
    for _ in 0..<3 { swarm.add(.nothing) }
    let time = try complete(swarm, within: .seconds(120), seed: seed)
    #expect(time < .seconds(30), "seed \(seed)")
  }

  @Test("all kinds of liars together keep nobody from completing")
  func everyLiar() throws {
    var random = SeededGenerator()
    let seed = random.seed
    let swarm = VirtualSwarm(
      try TestTorrent(.v1, pieces: Int.random(in: 20...60, using: &random), seed: seed), seed: seed)
    swarm.add(.everything)
    swarm.add(.everything, .corrupting)
    swarm.add(.everything, .mute)
    swarm.add(.nothing, .flooding)
    swarm.add(.nothing, .boasting)
    for _ in 0..<3 { swarm.add(Bool.random(using: &random) ? .nothing : .magnet) }
    _ = try complete(swarm, within: .seconds(600), seed: seed)
  }

  @Test("the same seed gives the same run")
  func deterministic() throws {
    func run() throws -> [UInt64] {
      let swarm = VirtualSwarm(try TestTorrent(pieces: 24), seed: 9)
      swarm.add(.everything)
      for _ in 0..<3 { swarm.add(.nothing) }
      _ = try complete(swarm, within: .seconds(60), seed: 9)
      return swarm.peers.map { $0.completedAt?.uptimeNanoseconds ?? 0 }
    }
    #expect(try run() == run())
  }
}
