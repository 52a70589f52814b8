internal import BitTorrent
internal import NIOCore
internal import SwarmSimulation
internal import Testing

@Suite("Small swarms on bad networks and disks")
struct FaultTests {
  /// A seed and three others, as `change` makes them.
  func run(
    seed: UInt64, pieces: Int = 48, lineRate: Int = 1 << 20,
    _ change: (inout Scenario) -> Void
  ) throws -> (swarm: SimulatedSwarm, report: SimulationReport) {
    let torrent = try SimulatedTorrent(pieces: pieces, seed: seed)
    var hosts = [HostPlan.Beginning.everything, .nothing, .nothing, .nothing].map(HostPlan.init(_:))
    for index in hosts.indices { hosts[index].lineRate = lineRate }
    var scenario = Scenario(torrent, hosts, seed: seed)
    change(&scenario)
    let swarm = SimulatedSwarm(scenario)
    let report = swarm.run()
    #expect(report.violations.isEmpty, "\(report)")
    try #require(report.completionTimes.count == 4, "\(report)")
    return (swarm, report)
  }

  @Test("a host that dies goes on from its record", arguments: Death.allCases, [UInt64](1...5))
  func death(_ death: Death, _ seed: UInt64) throws {
    let (swarm, _) = try run(seed: seed, lineRate: 256 << 10) { scenario in
      scenario.hosts[1].disk.recordBytes = 64 << 10
      scenario.faults = [Fault(at: .seconds(4), host: 1, death, absence: .seconds(5))]
    }
    // What was there before is not fetched twice, but for what was not recorded or lost.
    let size = Int64(swarm.scenario.torrent.payload.readableBytes)
    #expect(swarm.hosts[1].received < size + size / 2, "seed \(seed)")
  }

  @Test("a full disk stops its host until there is room", arguments: [UInt64](1...3))
  func fullDisk(_ seed: UInt64) throws {
    let from = SimulatedSwarm.start + .milliseconds(200)
    let (_, report) = try run(seed: seed) { scenario in
      scenario.hosts[2].disk.full = [from..<from + .seconds(30)]
    }
    #expect(report.completionTimes[2] > .seconds(30), "seed \(seed)")
    #expect(report.completionTimes[1] < .seconds(20), "seed \(seed)")
  }

  @Test("a slow disk and little memory slow their host down, and nothing else", arguments: 1...3)
  func slowDisk(_ seed: Int) throws {
    let (_, report) = try run(seed: UInt64(seed)) { scenario in
      scenario.hosts[1].disk.writeRate = 128 << 10
      scenario.hosts[1].disk.memoryBytes = 64 << 10
      scenario.hosts[1].disk.readDelay = .milliseconds(50)
    }
    #expect(report.completionTimes[1] < .seconds(40), "seed \(seed)")
    #expect(report.completionTimes[2] < .seconds(20), "seed \(seed)")
  }

  @Test("a piece that cannot be read is fetched again", arguments: [UInt64](1...3))
  func unreadable(_ seed: UInt64) throws {
    _ = try run(seed: seed) { scenario in
      // Of two seeds, as the only copy would be gone.
      let start = SimulatedSwarm.start
      scenario.hosts[1].beginning = .everything
      for piece in 0..<8 { scenario.hosts[1].disk.unreadable[piece] = start..<start + .seconds(40) }
    }
  }

  @Test("lost packets, stalls and reads that end anywhere delay, and do no more", arguments: 1...5)
  func badNetwork(_ seed: Int) throws {
    _ = try run(seed: UInt64(seed)) { scenario in
      scenario.network.latency = 20...300
      scenario.network.jitter = 50
      scenario.network.lossOneIn = 10
      scenario.network.stalls = 1
      scenario.network.stallTime = 200...2_000
      scenario.network.fragments = true
      scenario.network.window = 32 << 10
    }
  }

  @Test("whoever listens nowhere completes by connections of its own", arguments: 1...3)
  func unreachable(_ seed: Int) throws {
    let (_, report) = try run(seed: UInt64(seed)) { scenario in
      for index in 1...3 { scenario.hosts[index].isReachable = false }
    }
    #expect((report.completionTimes.max() ?? .zero) < .seconds(30), "seed \(seed)")
  }

  @Test("nobody is blamed for what was written in an earlier life", arguments: [UInt64](1...6))
  func earlierLife(_ seed: UInt64) throws {
    let torrent = try SimulatedTorrent(pieces: 12, pieceLength: 131_072, seed: seed)
    var hosts = [HostPlan(.everything), HostPlan(.corrupting), HostPlan(.nothing)]
    for index in hosts.indices { hosts[index].lineRate = 128 << 10 }
    // Blocks are written before their piece is whole, and noted at once.
    hosts[2].disk.memoryBytes = 32 << 10
    hosts[2].disk.recordBytes = 16 << 10
    var scenario = Scenario(torrent, hosts, seed: seed)
    scenario.faults = (1...6).map {
      Fault(at: .milliseconds(700 * $0), host: 2, .kill, absence: .milliseconds(100))
    }
    let report = SimulatedSwarm(scenario).run()
    #expect(report.violations.isEmpty, "\(report)")
  }
}
