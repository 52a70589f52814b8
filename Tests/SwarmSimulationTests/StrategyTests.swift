internal import BitTorrent
internal import NIOCore
internal import SwarmSimulation
internal import Testing

/// It lets nobody ask, whatever they give.
private final class Miser: Strategy {
  func rank(of peer: PeerHandle, figures: PeerFigures) -> UploadRank? { UploadRank(tier: -1) }
  func admit(_ request: BlockRequest, from peer: PeerHandle) -> RequestVerdict { .reject }
}

@Suite("Strategies in a simulated swarm")
struct StrategyTests {
  @Test("a host's strategy decides about its uploads, and its downloads go on", arguments: 1...3)
  func miser(_ seed: Int) throws {
    let torrent = try SimulatedTorrent(pieces: 32, seed: UInt64(seed))
    var hosts = [HostPlan(.everything), HostPlan(.nothing), HostPlan(.nothing), HostPlan(.nothing)]
    hosts[2].strategy = { Miser() }
    let swarm = SimulatedSwarm(Scenario(torrent, hosts, seed: UInt64(seed)))
    let report = swarm.run()
    #expect(report.violations.isEmpty, "\(report)")
    let uploaded = swarm.hosts.map { $0.core?.statistics(at: swarm.now).uploaded ?? 0 }
    #expect(uploaded[2] == 0)
    #expect(uploaded[0] > 0)
  }
}
