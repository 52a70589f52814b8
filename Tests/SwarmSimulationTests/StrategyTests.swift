internal import BitTorrent
internal import NIOCore
internal import SwarmSimulation
internal import Testing

/// It lets nobody ask, whatever they give.
private final class Miser: Strategy {
  func rank(of peer: PeerHandle, figures: PeerFigures) -> UploadRank? { UploadRank(tier: -1) }
  func admit(_ request: BlockRequest, from peer: PeerHandle) -> RequestVerdict { .reject }
}

/// It says its number to whoever speaks its extension, and notes what it is told.
private final class Greeter: Strategy {
  let extensionNames = ["x_greeting"]
  private let number: Int
  private let heard: (PeerHandle, Int) -> Void

  init(_ number: Int, heard: @escaping (PeerHandle, Int) -> Void) {
    self.number = number
    self.heard = heard
  }

  func extensionsAgreed(
    _ names: [String], entries: [String: ByteBuffer], with peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {
    guard names == extensionNames else { return }
    wishes.append(
      .send(peer, extensionName: "x_greeting", ByteBuffer(integer: UInt32(number))))
  }

  func received(
    _ payload: ByteBuffer, of extensionName: String, from peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {
    var payload = payload
    if let number = payload.readInteger(as: UInt32.self) { heard(peer, Int(number)) }
  }
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

  @Test("strategies speak to each other by their extensions, and hosts know who is behind a line")
  func greetings() throws {
    let torrent = try SimulatedTorrent(pieces: 8)
    var hosts = [HostPlan(.everything), HostPlan(.nothing), HostPlan(.nothing), HostPlan(.nothing)]
    var greetings: [(host: Int, from: Int, number: Int)] = []
    // So that it goes on until all are joined.
    hosts[3].joinsAt = .seconds(3)
    var swarm: SimulatedSwarm?
    defer { swarm = nil }
    for index in 0..<3 {
      hosts[index].strategy = {
        Greeter(index) { peer, number in
          guard let other = swarm?.hosts[index].index(behind: peer) else { return }
          greetings.append((index, other, number))
        }
      }
    }
    swarm = SimulatedSwarm(Scenario(torrent, hosts, seed: 5))
    let report = try #require(swarm).run()
    #expect(report.violations.isEmpty, "\(report)")
    #expect(greetings.allSatisfy { $0.from == $0.number && $0.from != 3 })
    #expect(Set(greetings.map { Set([$0.host, $0.from]) }) == [[0, 1], [0, 2], [1, 2]])
  }
}
