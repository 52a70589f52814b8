internal import BitTorrent
internal import NIOCore
internal import SwarmSimulation
internal import Testing

@Suite("Super seeding in a simulated swarm")
struct SuperSeedingSwarmTests {
  @Test("little more than one copy is sent for all to have everything", arguments: [UInt64](1...3))
  func oneCopy(_ seed: UInt64) throws {
    let torrent = try SimulatedTorrent(pieces: 64, seed: seed)
    var hosts = [HostPlan.Beginning.everything, .nothing, .nothing, .nothing, .nothing].map(
      HostPlan.init(_:))
    hosts[0].configure = { $0.superSeeding = true }
    let swarm = SimulatedSwarm(Scenario(torrent, hosts, seed: seed))
    let report = swarm.run()
    #expect(report.violations.isEmpty, "\(report)")
    let source = try #require(swarm.hosts[0].core)
    let sent = Int(source.statistics(at: swarm.now).uploaded)
    #expect(sent < torrent.payload.readableBytes * 3 / 2, "seed \(seed), sent \(sent)")
  }
}
