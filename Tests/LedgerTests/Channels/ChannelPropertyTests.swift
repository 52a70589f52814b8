import ChainTypes
import Foundation
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// Random histories of payment channels against a model, with the ledger's invariants L1 to L11.
///
/// `BTT_CHANNEL_STEPS` says how many steps; history *i* of a run has the seed of the run + *i*,
/// so that a failing one is replayed alone with its own seed.
@Suite("Payment channels against a model")
struct ChannelPropertyTests {
  static let stepsOfHistory = 100

  /// What happened in many histories.
  struct Tally {
    var successes: [String: Int] = [:]
    var refusals: [ChannelFailure: Int] = [:]

    mutating func add(_ history: ChannelHistory) {
      successes.merge(history.successes, uniquingKeysWith: +)
      refusals.merge(history.refusals, uniquingKeysWith: +)
    }
  }

  static func failure(
    of steps: [ChannelOperation], tally: inout Tally
  ) throws -> ChannelHistory.Difference? {
    var history = try ChannelHistory()
    defer { tally.add(history) }
    do {
      for step in steps { try history.take(step) }
    } catch let difference as ChannelHistory.Difference {
      return difference
    }
    return nil
  }

  /// Leaves out steps as long as the history still fails.
  static func shrink(_ steps: [ChannelOperation]) throws -> [ChannelOperation] {
    var steps = steps
    var index = steps.count
    while index > 0 {
      index -= 1
      var shorter = steps
      shorter.remove(at: index)
      var ignored = Tally()
      if try failure(of: shorter, tally: &ignored) != nil { steps = shorter }
    }
    return steps
  }

  @Test("Every history leaves what the model says, and the invariants hold after each step")
  func histories() throws {
    let given = ProcessInfo.processInfo.environment["BTT_CHANNEL_STEPS"].flatMap { Int($0) }
    let master = SeededGenerator()
    var left = given ?? 20_000
    var tally = Tally()
    var index: UInt64 = 0
    while left > 0 {
      var random = SeededGenerator(seed: master.seed &+ index)
      let count = min(left, Int.random(in: 1...Self.stepsOfHistory, using: &random))
      let steps = (0..<count).map { _ in ChannelOperation.random(&random) }
      if let difference = try Self.failure(of: steps, tally: &tally) {
        let short = try Self.shrink(steps)
        Issue.record(
          "BTT_SEED=\(master.seed &+ index): \(difference)\n\(short.map { "\($0)" }.joined(separator: "\n"))"
        )
        return
      }
      left -= count
      index += 1
    }
    print("histories(): \(tally.successes.sorted { $0.key < $1.key })")
    print("histories(): \(tally.refusals.map { "\($0) \($1)" }.sorted())")
    guard (given ?? 20_000) >= 10_000 else { return }
    // A history in which nothing can happen would prove nothing.
    #expect(tally.successes.count == 10)
    #expect(tally.successes.values.allSatisfy { $0 >= 20 })
    #expect(Set(tally.refusals.keys) == Set(ChannelFailure.allCases))
  }

  @Test("The order of calls on independent channels makes no difference")
  func independence() throws {
    var random = SeededGenerator()
    for _ in 0..<30 {
      var worlds: [[String]] = []
      let seed = random.next()
      for order in 0..<3 {
        var choices = SeededGenerator(seed: seed)
        let payers = (0..<4).map { TestChain.key(UInt64(200 + $0)) }
        let world = try ChannelWorld(accounts: payers.map(\.publicKey.address))
        var calls: [[(ChannelCall, Address)]] = []
        for (index, key) in payers.enumerated() {
          let payer = key.publicKey.address
          #expect(try world.run(.vaultDeposit, from: payer, value: 1_000).succeeded)
          let terms = ChannelTerms(
            payee: Address(UInt32(0x500 + index)), graceSeconds: 2, graceBlocks: 1, deposit: 500)
          let channel = terms.descriptor(payer: payer, openCount: 0, in: world.domain)
          let voucher = try Voucher(
            channelID: channel.id, cumulativeAmount: UInt128.random(in: 1...600, using: &choices)
          ).signed(by: key, in: world.domain)
          let settlement = ChannelSettlement(
            channel: channel, cumulativeAmount: voucher.cumulativeAmount,
            signature: voucher.signature)
          calls.append([
            (.open([terms]), payer), (.settle([settlement]), Address(0x999)),
            (.topUp([ChannelTopUp(channel: channel, amount: 7)]), payer),
            (.requestClose(channel), payer),
          ])
        }
        // Each channel's calls keep their order; those of different channels are mixed.
        var mixing = SeededGenerator(seed: seed &+ UInt64(order))
        while let next = calls.indices.filter({ !calls[$0].isEmpty })
          .randomElement(using: &mixing)
        {
          let (call, sender) = calls[next].removeFirst()
          #expect(try world.run(call, from: sender).succeeded)
        }
        worlds.append(try world.dump())
      }
      #expect(worlds[0] == worlds[1] && worlds[1] == worlds[2], "seed \(random.seed)")
    }
  }
}
