import Consensus
import Foundation
import KeyValueStore
import Ledger
import TestSupport
import Testing

/// A validator that dies in every way it can, over and over, in simulated stores.
///
/// `BTT_SEEDS` says how many lives' worth of seeds to try, `BTT_SEED` replays one.
@Suite("A validator that crashes")
struct CrashTests {
  static func number(_ name: String) -> UInt64? {
    ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
  }

  static var seeds: Range<UInt64> {
    if let seed = number("BTT_SEED") { return seed..<(seed + 1) }
    return 0..<(number("BTT_SEEDS") ?? 300)
  }

  @Test("comes back with every block it published, all money, and never seals twice")
  func crashes() async throws {
    let template = try CrashWorld.Template()
    for seed in Self.seeds {
      var world = CrashWorld(template, seed: seed)
      do {
        try await world.run()
      } catch {
        Issue.record("BTT_SEED=\(seed): \(error)")
        return
      }
    }
  }

  @Test("that follows without syncing comes back at an earlier block, and goes on from there")
  func unsyncedFollower() async throws {
    let template = try CrashWorld.Template()
    let blocks = try await CrashWorld.leaderBlocks(template, count: 12)
    for seed in Self.seeds.prefix(100) {
      do {
        try CrashWorld.follow(blocks, template, seed: seed)
      } catch {
        Issue.record("BTT_SEED=\(seed): \(error)")
        return
      }
    }
  }

  @Test(
    "that is cut off at genesis has all of it or none, and can begin again",
    arguments: SimulatedStore.Fault.allCases, [true, false])
  func genesis(_ fault: SimulatedStore.Fault, losesPower: Bool) throws {
    for seed in UInt64(0)..<8 {
      var generator = SeededGenerator(seed: seed)
      let first = SimulatedStore()
      first.failNextWrite(with: fault)
      #expect(throws: StoreError.self) { try Chain.create(TestChain.genesis(), in: first) }
      let store = losesPower ? first.powerCut(using: &generator) : first.kill()
      if try !Chain.exists(in: store) { try Chain.create(TestChain.genesis(), in: store) }
      let chain = try Chain(store: store, logger: CrashWorld.silent)
      var verifier = ChainVerifier(view: chain.view)
      #expect(try verifier.verify().accountCount == TestChain.keys.count + 2)
    }
  }
}
