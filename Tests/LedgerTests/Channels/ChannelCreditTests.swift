import ChainTypes
import Keys
import Ledger
import Logging
import Primitives
import Synchronization
import TestSupport
import Testing

/// Fees that are paid from what a call pays its sender.
@Suite("Cashing out with an empty wallet")
struct ChannelCreditTests {
  let payeeKey = TestChain.key(5_000)
  var payee: Address { payeeKey.publicKey.address }
  let ether = UInt128(1_000_000_000_000_000_000)
  let gwei = UInt256(1_000_000_000)

  /// A transaction of the payee, who owns nothing.
  func cash(
    _ chain: ChannelChain, _ call: ChannelCall, nonce: UInt64 = 0, gasLimit: UInt64 = 200_000,
    value: UInt128 = 0, feeCap: UInt64 = 10_000_000_000
  ) throws -> SignedTransaction {
    try chain.transaction(
      call, by: payeeKey, nonce: nonce, value: value, gasLimit: gasLimit, feeCap: UInt256(feeCap))
  }

  @Test("Settling and closing pay for themselves, and all money is still there")
  func cashing() throws {
    let chain = try ChannelChain()
    let channels = try chain.open([payee, payee], deposit: ether)
    let settled = try chain.mine([
      cash(chain, .settle([chain.settlement(channels[0], ether / 2)]))
    ])
    let price = settled.block.header.baseFeePerGas &+ 1_000
    let fee = price &* UInt256(settled.receipts[0].gasUsed)
    #expect(try chain.balance(payee) == UInt256(ether / 2) &- fee)
    #expect(try chain.nonce(payee) == 1)

    let voucher = try Voucher(channelID: channels[1].id, cumulativeAmount: ether)
      .signed(by: ChannelChain.payerKey, in: chain.domain)
    try chain.mine([
      cash(chain, .close(channels[1], capture: ether, voucher: voucher), nonce: 1)
    ])
    #expect(try chain.balance(payee) > UInt256(ether + ether / 2) &- fee &* 3)
    let report = try chain.verify()
    #expect(report.balanceSum &+ report.burned == chain.test.chain.genesis.supply)
  }

  @Test("What pays too little, or is no cash-out, is refused like any other that cannot be paid")
  func refusals() throws {
    let chain = try ChannelChain()
    let channel = try chain.open([payee], deposit: ether)[0]
    let cost = UInt128(200_000) * 10_000_000_000
    let settlement = try chain.settlement(channel, ether)
    let lane = chain.test.chain.genesis.gasLimit / 10
    let other = try chain.open([Address(0x777)], deposit: ether)[0]
    let transactions = try [
      cash(chain, .settle([chain.settlement(channel, cost - 1)])),
      cash(chain, .settle([settlement]), gasLimit: lane + 1, feeCap: 1_000_000_000),
      cash(chain, .settle([settlement]), value: 1),
      cash(chain, .settle([chain.settlement(other, ether)])),
      cash(chain, .requestClose(channel)),
      cash(chain, .vaultWithdraw(1)),
      TestChain.transfer(from: payeeKey, nonce: 0, to: Address(1)),
    ]
    for transaction in transactions {
      let (block, refused) = try chain.test.mine([transaction])
      #expect(block.block.transactions.isEmpty)
      guard case .insufficientFunds? = refused.first else {
        Issue.record("refused \(refused)")
        continue
      }
    }
    #expect(try chain.test.chain.view.state.account(payee) == nil)
    // To the wei.
    try chain.mine([cash(chain, .settle([chain.settlement(channel, cost)]))])
  }

  @Test("A claim with a bad signature takes credit that it cannot pay back: no block may hold it")
  func unpaid() throws {
    let chain = try ChannelChain()
    let channel = try chain.open([payee], deposit: ether)[0]
    var settlement = try chain.settlement(channel, ether)
    settlement.cumulativeAmount -= 1
    let forged = try cash(chain, .settle([settlement]))
    let root = try chain.mine().block.header.stateRoot
    let room = try chain.blocksWithRoom()
    let (block, refused) = try chain.test.mine([forged])
    #expect(block.block.transactions.isEmpty)
    guard case .payoutsTooLow(let sender, let have, _)? = refused.first else {
      Issue.record("refused \(refused)")
      return
    }
    #expect(sender == payee && have.isZero)
    #expect(try chain.test.chain.view.state.account(payee) == nil)
    // Only the count of blocks with room went on.
    #expect(block.block.header.stateRoot != root)
    #expect(try chain.blocksWithRoom() == room + 1)

    // Nor may a block of another maker: what runs out of gas pays nothing either.
    let good = try cash(chain, .settle([chain.settlement(channel, ether)]), gasLimit: 40_000)
    #expect(try chain.test.mine([good]).refused.count == 1)
    let parent = chain.test.chain.view
    var header = block.block.header
    header.parentHash = parent.headHash
    header.number = parent.head.number + 1
    header.baseFeePerGas = parent.nextBaseFee
    let sealed = SealedBlock(
      block: Block(header: header, transactions: [forged]),
      seal: try BlockSeal(
        chainID: 1_337, height: header.number, blockHash: header.hash, key: TestChain.validator))
    let error = #expect(throws: LedgerError.self) {
      try chain.test.chain.prepare(sealed, now: 10_000)
    }
    #expect(error?.message.contains("after its payouts") == true)
    try chain.verify()
  }

  @Test("A part of the fee may come from the wallet")
  func partial() throws {
    let chain = try ChannelChain()
    let channel = try chain.open([payee], deposit: ether)[0]
    let half = UInt256(200_000) &* 5 &* gwei
    try chain.mine([
      TestChain.transfer(from: TestChain.keys[2], nonce: 0, to: payee, value: half)
    ])
    try chain.mine([cash(chain, .settle([chain.settlement(channel, half.low)]))])
    #expect(try chain.balance(payee) < half &* 2)
    try chain.verify()
  }

  @Test("Estimates and calls know credit as blocks do")
  func calls() throws {
    let chain = try ChannelChain()
    let channel = try chain.open([payee], deposit: ether)[0]
    let view = chain.test.chain.view
    var request = CallRequest()
    request.from = payee
    request.to = ChannelModule.address
    request.gasPrice = 10 &* gwei
    request.data = try ChannelCall.settle([chain.settlement(channel, ether)]).encoded()
    let gas = try view.estimateGas(request, at: view.head.number).get()
    #expect(try view.call(request, at: view.head.number).succeeded)
    request.gasPrice = UInt256(ether)
    #expect(throws: CallError.self) { try view.call(request, at: view.head.number) }
    #expect(throws: CallError.self) { try view.estimateGas(request, at: view.head.number) }
    request.gasPrice = 10 &* gwei
    request.data = try ChannelCall.settle([chain.settlement(channel, 5)]).encoded()
    #expect(throws: CallError.self) { try view.estimateGas(request, at: view.head.number) }
    let block = try chain.mine([
      cash(chain, .settle([chain.settlement(channel, ether)]), gasLimit: gas)
    ])
    #expect(block.receipts[0].gasUsed == gas)
  }

  // MARK: The pool

  func pool(
    _ chain: ChannelChain, _ adjust: (inout TransactionPool.Configuration) -> Void = { _ in }
  ) throws -> TransactionPool {
    var configuration = TransactionPool.Configuration()
    adjust(&configuration)
    return try TransactionPool(
      configuration: configuration, view: chain.test.chain.view, clock: { 1_000 },
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  func add(_ transaction: SignedTransaction, to pool: TransactionPool) throws {
    let recovered = try RecoveredTransaction(recovering: transaction)
    let outcome = try pool.add(recovered, isLocal: false)
    #expect(outcome.isPending)
  }

  func refusal(_ transaction: SignedTransaction, by pool: TransactionPool) throws -> PoolError? {
    let recovered = try RecoveredTransaction(recovering: transaction)
    do throws(PoolError) {
      _ = try pool.add(recovered, isLocal: false)
      return nil
    } catch {
      return error
    }
  }

  @Test("The pool takes one such transaction of a sender, and nothing beside it")
  func oneOnly() throws {
    let chain = try ChannelChain()
    let channel = try chain.open([payee], deposit: ether)[0]
    let pool = try pool(chain)
    let call = ChannelCall.settle([try chain.settlement(channel, ether)])
    #expect(
      try refusal(cash(chain, call, nonce: 1), by: pool) == .creditNotAlone(payee))
    try add(cash(chain, call, feeCap: 5_000_000_000), to: pool)
    #expect(
      try refusal(cash(chain, call, nonce: 1), by: pool) == .creditNotAlone(payee))
    let free = try TestChain.transfer(from: payeeKey, nonce: 1, to: Address(1), value: 0)
    #expect(try refusal(free, by: pool) == .creditNotAlone(payee))
    // A dearer one takes its place.
    let dearer = try chain.transaction(
      call, by: payeeKey, nonce: 0, gasLimit: 200_000, tip: 2_000, feeCap: 6 &* gwei)
    try add(dearer, to: pool)
    #expect(pool.status.pending == 1)

    var source = pool.source(baseFee: chain.test.chain.view.nextBaseFee)
    let block = try chain.test.chain.build(
      BlockAttributes(timestamp: 2_000, feeRecipient: Address(0xfee)), from: &source)
    #expect(block.block.transactions == [dearer])
    let view = try chain.test.chain.commit(block, seal: chain.test.seal(block))
    pool.headChanged(to: view)
    #expect(pool.status.pending == 0)
    try add(TestChain.transfer(from: payeeKey, nonce: 1, to: Address(1)), to: pool)
  }

  @Test("The pool refuses more than 16 vouchers, forged ones, and more than it can look at")
  func bounds() throws {
    let chain = try ChannelChain()
    let channels = try chain.open([Address](repeating: payee, count: 17), deposit: ether)
    let pool = try pool(chain) { $0.creditPerSecond = 3 }
    let all = try channels.map { try chain.settlement($0, ether) }
    #expect(
      try refusal(cash(chain, .settle(all), gasLimit: 1_000_000), by: pool)
        == .creditTooLarge(have: 17, limit: 16))
    var forged = all[0]
    forged.cumulativeAmount -= 1
    guard case .rejected(.payoutsTooLow)? = try refusal(cash(chain, .settle([forged])), by: pool)
    else {
      Issue.record("a forged voucher is taken")
      return
    }
    // Too little gas to get through would cost every builder the trial, again and again.
    guard
      case .rejected(.payoutsTooLow)? = try refusal(
        cash(chain, .settle([all[0]]), gasLimit: 45_000), by: pool)
    else {
      Issue.record("one that runs out of gas is taken")
      return
    }
    try add(cash(chain, .settle(Array(all.prefix(16))), gasLimit: 1_000_000), to: pool)
    #expect(
      try refusal(cash(chain, .settle([all[0]]), feeCap: 20_000_000_000), by: pool) == .creditBusy)
  }

  @Test("The pool drops it when a block takes its payouts away")
  func recheck() throws {
    let chain = try ChannelChain()
    let channel = try chain.open([payee], deposit: ether)[0]
    let pool = try pool(chain)
    try add(cash(chain, .settle([chain.settlement(channel, ether)])), to: pool)
    try chain.mine()
    pool.headChanged(to: chain.test.chain.view)
    #expect(pool.status.pending == 1)
    let release = try Release(channelID: channel.id, capture: 0, validUntil: 2_100)
      .signed(by: payeeKey, in: chain.domain)
    try chain.mine([
      chain.transaction(
        .closeMutual(channel, release, voucher: nil), by: ChannelChain.payerKey,
        nonce: chain.nonce(ChannelChain.payer))
    ])
    pool.headChanged(to: chain.test.chain.view)
    #expect(pool.status == .init(pending: 0, queued: 0, byteCount: 0))
  }

  @Test("The pool keeps it when somebody else settles: the money is then in the wallet")
  func settledByOthers() throws {
    let chain = try ChannelChain()
    let channel = try chain.open([payee], deposit: ether)[0]
    let pool = try pool(chain)
    try add(cash(chain, .settle([chain.settlement(channel, ether)])), to: pool)
    try chain.mine([
      chain.transaction(
        .settle([chain.settlement(channel, ether / 2)]), by: TestChain.keys[3], nonce: 0)
    ])
    pool.headChanged(to: chain.test.chain.view)
    #expect(pool.status.pending == 1)
  }
}
