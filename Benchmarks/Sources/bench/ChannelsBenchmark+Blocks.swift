internal import ChainTypes
internal import Keys
internal import Ledger
internal import Primitives

extension ChannelsBenchmark {
  /// Many channels in one transaction and one block each, made and committed in LevelDB on disk.
  static func blocks(_ settings: Settings, _ report: inout Report) throws {
    let scratch = try Scratch()
    let rules = ChannelRules(
      graceSeconds: .init(900...604_800, standard: 86_400),
      graceBlocks: .init(60...100_000, standard: 600))
    var fixture = try ChainFixture(accounts: 100, channels: rules)
    let (payer, domain) = (fixture.keys[0], ChannelDomain(chainID: fixture.genesis.chainID))
    try fixture.withChain(scratch.path("chain")) { fixture, chain in
      _ = try fixture.mine(
        [try fixture.call(.vaultDeposit, value: 1_000_000, gas: 100_000)], on: chain)
      var channels: [ChannelDescriptor] = []
      func open(_ count: Int, _ fixture: inout ChainFixture) throws -> BlockCost {
        let terms = (0..<count).map { index in
          ChannelTerms(
            payee: fixture.addresses[1 + (channels.count + index) % 99], graceSeconds: 86_400,
            graceBlocks: 600, deposit: 1_000)
        }
        let first = UInt64(channels.count)
        channels += terms.enumerated().map {
          $1.descriptor(payer: payer.address, openCount: first + UInt64($0), in: domain)
        }
        let call = try fixture.call(.open(terms), gas: 100_000 + 40_000 * UInt64(count))
        return try BlockCost(of: call, in: fixture, on: chain, logs: count)
      }
      let fifty = try open(50, &fixture)
      while channels.count < 1_000 { _ = try open(min(250, 1_000 - channels.count), &fixture) }
      let items = try ChainFixture.concurrentMap(channels) { channel in
        let voucher = try Voucher(channelID: channel.id, cumulativeAmount: 700)
          .signed(by: payer, in: domain)
        return ChannelSettlement(
          channel: channel, cumulativeAmount: 700, signature: voucher.signature)
      }
      // The gas that the lane keeps free for leaving: a full block does not stop it.
      let call = try fixture.call(.settle(items), gas: fixture.genesis.gasLimit / 10)
      let thousand = try BlockCost(of: call, in: fixture, on: chain, logs: 1_000)
      fifty.add(to: &report, "openMany of 50")
      thousand.add(to: &report, "settleMany of 1 000")
    }
  }

  /// What one transaction in a block of its own costs.
  private struct BlockCost {
    private let gas: UInt64
    private let seconds: Double
    private let blocks: UInt64

    init(
      of call: RecoveredTransaction, in fixture: ChainFixture, on chain: Chain, logs: Int
    ) throws {
      let before = chain.view.head.number
      var prepared: PreparedBlock?
      seconds = try Timing.seconds {
        prepared = try fixture.commit([call], on: chain, sync: true).prepared
      }
      let receipt = prepared?.receipts.first?.receipt
      try require(
        receipt?.succeeded == true && receipt?.logs.count == logs, "a call of the module failed")
      gas = prepared?.block.header.gasUsed ?? 0
      blocks = chain.view.head.number - before
    }

    func add(to report: inout Report, _ what: String) {
      report.add(
        "channels: blocks for \(what) (one transaction: \(Report.number(Double(gas))) gas, "
          + "made and on disk in \(Report.number(seconds * 1_000)) ms)",
        Double(blocks), unit: "", .below(2))
    }
  }
}
