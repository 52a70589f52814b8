internal import Foundation
internal import KeyValueStore
internal import Keys
internal import Testing

// BTT_SIMULATION_SEEDS sets the number of seeds, BTT_SEED the first: with 1 seed it replays one.
@Suite struct SimulationTests {
  static let environment = ProcessInfo.processInfo.environment
  static let count = environment["BTT_SIMULATION_SEEDS"].flatMap { UInt64($0) } ?? 1_000
  static let first = environment["BTT_SEED"].flatMap { UInt64($0) } ?? 1

  @Test func `both parties get what is theirs, whatever is lost, doubled, late or killed`()
    async throws
  {
    let tally = try await withThrowingTaskGroup(of: Simulation.Tally.self) { group in
      // Four runs at a time: each is a world of its own.
      for lane in 0..<UInt64(4) {
        group.addTask {
          var tally = Simulation.Tally()
          for seed in Self.first..<(Self.first + Self.count) where seed % 4 == lane {
            // Whoever else runs in this process gets his turn.
            await Task.yield()
            var simulation = Simulation(seed: seed)
            try simulation.run()
            tally.add(simulation.tally)
          }
          return tally
        }
      }
      return try await group.reduce(into: Simulation.Tally()) { $0.add($1) }
    }
    print(
      "\(Self.count) seeds from \(Self.first): \(tally.steps) steps, \(tally.deaths) deaths, "
        + "\(tally.diskFailures) disk failures, \(tally.vouchers) vouchers")
    if Self.count >= 1_000 {
      #expect(tally.deaths > 500 && tally.diskFailures > 50)
      #expect(tally.endings.count == Simulation.Ending.allCases.count)
    }
  }

  @Test func `a seed replays exactly`() throws {
    for seed: UInt64 in [3, 14, 159] {
      var first = Simulation(seed: seed)
      var second = Simulation(seed: seed)
      try first.run()
      try second.run()
      #expect(first.tally.steps == second.tally.steps && first.now == second.now)
      #expect(first.ledger.head == second.ledger.head)
      #expect(first.ledger.receipts == second.ledger.receipts)
      #expect(
        try first.agents[.payee]?.store.snapshot().records()
          == second.agents[.payee]?.store.snapshot().records())
    }
  }
}
