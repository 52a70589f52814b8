internal import BitTorrent
internal import Foundation
internal import NIOCore
internal import SwarmSimulation
internal import Testing

/// Whole swarms from seeds: `BTT_SWARM_SEEDS` says how many, `BTT_SEED` replays one and tells its story.
@Suite("Simulated swarms of a hundred hosts")
struct SimulationTests {
  static let seeds: [UInt64] = {
    func number(_ name: String) -> UInt64? {
      ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
    if let seed = number("BTT_SEED") { return [seed] }
    return Array(1...max(1, number("BTT_SWARM_SEEDS") ?? usual))
  }()

  #if DEBUG
    private static let usual: UInt64 = 4
  #else
    private static let usual: UInt64 = 200
  #endif

  @Test(
    "every honest host completes, blames liars alone, and keeps no wrong byte", arguments: seeds)
  func holds(seed: UInt64) throws {
    let report = SimulatedSwarm(try Scenario(seed: seed)).run()
    if Self.seeds.count == 1 { print(report.story.joined(separator: "\n")) }
    if ProcessInfo.processInfo.environment["BTT_FIGURES"] != nil { print(report.figures) }
    #expect(report.violations.isEmpty, "\(report)")
  }

  @Test("two runs of one seed are the same", arguments: [UInt64](1...3))
  func replays(seed: UInt64) throws {
    let scenario = try Scenario(seed: seed, hosts: 30, pieces: 24)
    let first = SimulatedSwarm(scenario).run()
    let second = SimulatedSwarm(try Scenario(seed: seed, hosts: 30, pieces: 24)).run()
    #expect(first.traceHash == second.traceHash)
    #expect(first.events == second.events)
    #expect(first.story == second.story)
  }
}
