internal import BitTorrent
internal import Foundation
internal import NIOCore
internal import SwarmSimulation
internal import Testing

/// Whole swarms from seeds: `BTT_SWARM_SEEDS` says how many, `BTT_SEED` replays one and tells its
/// story, `BTT_FIGURES` prints a line of figures for each.
@Suite("Simulated swarms of a hundred hosts")
struct SimulationTests {
  private static func setting(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name]
  }

  static let replayed = setting("BTT_SEED").flatMap { UInt64($0) }
  static let seeds: [UInt64] =
    replayed.map { [$0] }
    ?? Array(1...max(1, setting("BTT_SWARM_SEEDS").flatMap { UInt64($0) } ?? usual))

  #if DEBUG
    private static let usual: UInt64 = 4
  #else
    private static let usual: UInt64 = 200
  #endif

  /// Runs a seed; its report, if something was not as it must be.
  private static func run(_ seed: UInt64) throws -> SimulationReport? {
    let report = SimulatedSwarm(try Scenario(seed: seed)).run()
    if replayed != nil { print(report.story.joined(separator: "\n")) }
    if setting("BTT_FIGURES") != nil { print(report.figures) }
    guard let violation = report.violations.first else { return nil }
    // At once, as the others may take long; all of it at the end.
    print("BTT_SEED=\(seed): \(violation)")
    return report
  }

  @Test("every honest host completes, blames liars alone, and keeps no wrong byte")
  func holds() async throws {
    let seeds = Self.seeds
    try await withThrowingTaskGroup(of: [SimulationReport].self) { group in
      for first in 0..<min(2, seeds.count) {
        group.addTask {
          try await onThread {
            try stride(from: first, to: seeds.count, by: 2).compactMap { try Self.run(seeds[$0]) }
          }
        }
      }
      for try await reports in group {
        for report in reports { Issue.record("\(report)") }
      }
    }
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

  @Test("a run leaves no memory behind")
  func leaves() throws {
    weak var host: SimulatedHost?
    do {
      let swarm = SimulatedSwarm(try Scenario(seed: 1, hosts: 10, pieces: 8))
      host = swarm.hosts.last
      _ = swarm.run()
      #expect(host != nil)
    }
    #expect(host == nil)
  }

  @Test("runs of two seeds are not the same")
  func differs() throws {
    let hashes = try [UInt64](1...3).map { seed in
      SimulatedSwarm(try Scenario(seed: seed, hosts: 10, pieces: 8)).run().traceHash
    }
    #expect(Set(hashes).count == 3)
  }
}

/// Runs something long on a thread of its own, so that no other test waits for it.
private func onThread<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    let thread = Thread { continuation.resume(with: Result { try body() }) }
    thread.stackSize = 8 << 20
    thread.start()
  }
}
