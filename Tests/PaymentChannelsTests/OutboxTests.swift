internal import ChainTypes
internal import KeyValueStore
internal import Keys
internal import PaymentChannels
internal import Primitives
internal import Testing

@Suite struct OutboxTests {
  let channel = Fixture.descriptor()
  let store = SimulatedStore()
  let fees = LedgerFees(baseFee: 100, priorityFee: 10)

  func engine() throws -> ChannelEngine {
    try Fixture.engine(of: Fixture.payer, knowing: channel, deposit: 1_000, store: store)
  }

  func propose(_ engine: inout ChannelEngine, nonce: UInt64 = 7) throws -> UInt64 {
    try engine.propose(
      .requestClose(channel), gas: 50_000, nonce: nonce, fees: fees, now: .seconds(100))
  }

  @Test func `a transaction is on disk before it is sent, and sent again as the same bytes`() throws
  {
    var engine = try engine()
    let sequence = try propose(&engine)
    #expect(engine.sendable(now: .seconds(100)).isEmpty)
    try engine.commitAll(to: store)
    let bytes = try #require(engine.sendable(now: .seconds(100)).first).transaction.encoded
    engine.outbox.sent(sequence, now: .seconds(100))
    #expect(engine.sendable(now: .seconds(109)).isEmpty)
    #expect(engine.sendable(now: .seconds(110)).map(\.transaction.encoded) == [bytes])
    let again = try Fixture.engine(of: Fixture.payer, store: store.kill())
    #expect(again.sendable(now: .zero).map(\.transaction.encoded) == [bytes])
    #expect(again.outbox.entries.first?.items.map(\.id) == [channel.id])
    let signed = try SignedTransaction(decoding: bytes)
    #expect(try signed.recoverSender() == Fixture.payer.address)
    #expect(signed.transaction.nonce == 7 && signed.transaction.to == ChannelModule.address)
    #expect(signed.transaction.maxFeePerGas == 210)
  }

  @Test func `nonces follow each other, and none that was used comes again`() throws {
    var engine = try engine()
    let first = try propose(&engine)
    let second = try propose(&engine)
    #expect(engine.outbox[first]?.nonce == 7 && engine.outbox[second]?.nonce == 8)
    for entry in engine.outbox.entries {
      engine.finish(
        LedgerReceipt(
          transaction: entry.transaction.hash, height: 1, succeeded: true, fee: 0, events: []))
    }
    #expect(engine.outbox.isEmpty && engine.outcomes.map(\.sequence) == [first, second])
    // The ledger was asked before the receipts came.
    let third = try propose(&engine)
    #expect(engine.outbox[third]?.nonce == 9)
  }

  @Test func `a higher fee is new bytes for the same nonce, an eighth above, within the limit`()
    throws
  {
    var engine = try engine()
    let sequence = try propose(&engine)
    try engine.commitAll(to: store)
    let old = try #require(engine.outbox[sequence])
    engine.outbox.sent(sequence, now: .seconds(100))
    try engine.raiseFees(fees, now: .seconds(159))
    #expect(engine.outbox[sequence] == old)
    try engine.raiseFees(fees, now: .seconds(160))
    let new = try #require(engine.outbox[sequence])
    #expect(new.nonce == old.nonce && new.hashes == [old.transaction.hash, new.transaction.hash])
    #expect(new.transaction.transaction.maxFeePerGas == 237)
    #expect(new.transaction.transaction.maxPriorityFeePerGas == 12)
    // Not before it is on disk.
    #expect(engine.sendable(now: .seconds(160)).isEmpty)
    try engine.commitAll(to: store)
    #expect(engine.sendable(now: .seconds(160)) == [new])
    // A receipt of the old bytes ends it just as well, also after a restart.
    var again = try Fixture.engine(of: Fixture.payer, store: store.kill())
    again.finish(
      LedgerReceipt(
        transaction: old.transaction.hash, height: 1, succeeded: true, fee: 0, events: []))
    #expect(again.outbox.isEmpty)
  }

  @Test func `above the owner's limit no fee is offered`() throws {
    var engine = try Fixture.engine(
      of: Fixture.payer, knowing: channel, deposit: 1_000, store: store
    ) { $0.maximumFeePerGas = 215 }
    let sequence = try propose(&engine)
    try engine.raiseFees(fees, now: .seconds(1_000))
    #expect(engine.outbox[sequence]?.hashes.count == 1)
    #expect(throws: ChannelError.self) {
      try engine.propose(
        .requestClose(channel), gas: 50_000, nonce: 7,
        fees: LedgerFees(baseFee: 206, priorityFee: 10), now: .zero)
    }
  }

  @Test func `a poor account offers no more than its budget`() throws {
    var engine = try engine()
    let sequence = try engine.propose(
      .requestClose(channel), gas: 1_000, nonce: 0, fees: fees, budget: 150_000, now: .zero)
    #expect(engine.outbox[sequence]?.transaction.transaction.maxFeePerGas == 150)
    #expect(throws: ChannelError.self) {
      try engine.propose(
        .requestClose(channel), gas: 1_000, nonce: 0, fees: fees, budget: 109_000, now: .zero)
    }
  }

  @Test func `once its nonce is used up a transaction stands in nobody's way`() throws {
    var engine = try engine()
    let first = try propose(&engine)
    let second = try propose(&engine)
    let hash = try #require(engine.outbox[first]).transaction.hash
    engine.finish(passed: 8, now: .seconds(200))
    #expect(engine.outbox[first] == nil && engine.outbox[second] != nil)
    #expect(engine.outbox.unresolved.map(\.sequence) == [first])
    guard case .unknown? = engine.outcomes.first?.end, engine.outcomes.count == 1 else {
      Issue.record("\(engine.outcomes)")
      return
    }
    #expect(engine.takeUpdates().contains(.unresolved(.requestClose, hash)))
    try engine.commitAll(to: store)
    #expect(!engine.sendable(now: .seconds(300)).contains { $0.sequence == first })
    // Only the last may be given up: its nonce would leave a gap.
    let third = try propose(&engine)
    let refusal = LedgerClientError(.refused, "it would revert")
    engine.abandon(second, after: refusal)
    #expect(engine.outbox[second] != nil)
    engine.abandon(third, after: refusal)
    #expect(engine.outbox[third] == nil)
    let fourth = try propose(&engine)
    #expect(engine.outbox[fourth]?.nonce == 9)
  }

  @Test func `a receipt that was withheld still ends the transaction, also after a restart`() throws
  {
    var engine = try engine()
    let sequence = try propose(&engine)
    let hash = try #require(engine.outbox[sequence]).transaction.hash
    engine.finish(passed: 8, now: .seconds(200))
    engine.finish(passed: 8, now: .seconds(300))
    #expect(engine.outcomes.count == 1)
    try engine.commitAll(to: store)
    let receipt = LedgerReceipt(
      transaction: hash, height: 1, succeeded: true, fee: 0, events: [])
    for restarts in [false, true] {
      var next = engine
      if restarts {
        next = try Fixture.engine(of: Fixture.payer, store: store.kill())
        next.finish(passed: 8, now: .seconds(400))
      }
      #expect(next.outbox.isEmpty && next.outbox.unresolved.map(\.sequence) == [sequence])
      _ = next.takeUpdates()
      next.finish(receipt)
      #expect(next.outbox.unresolved.isEmpty)
      #expect(next.takeUpdates() == [.transaction(.requestClose, hash, succeeded: true)])
      guard case .receipt(receipt)? = next.outcomes.last?.end else {
        Issue.record("\(next.outcomes)")
        return
      }
    }
  }

  @Test func `a receipt that never comes is looked for a day, and of many the newest`() throws {
    var engine = try engine()
    let first = try propose(&engine)
    engine.finish(passed: 8, now: .seconds(200))
    engine.finish(passed: 8, now: .seconds(200 + 86_399))
    #expect(engine.outbox.unresolved.map(\.sequence) == [first])
    engine.finish(passed: 8, now: .seconds(200 + 86_400))
    #expect(engine.outbox.unresolved.isEmpty)
    for _ in 0...Outbox.maximumUnresolved { _ = try propose(&engine) }
    engine.finish(passed: 1_000, now: .seconds(100_000))
    #expect(
      engine.outbox.unresolved.map(\.sequence)
        == (0..<UInt64(Outbox.maximumUnresolved)).map { first + 2 + $0 })
    try engine.commitAll(to: store)
    #expect(
      try Fixture.engine(of: Fixture.payer, store: store.kill()).outbox.entries.count
        == Outbox.maximumUnresolved)
  }

  @Test func `a close of which nothing is known keeps the book frozen`() throws {
    var engine = try Fixture.engine(
      of: Fixture.payee, knowing: channel, deposit: 1_000, store: store)
    try engine.take(try Fixture.voucher(300, of: channel), on: store)
    let id = channel.id
    let plan = try engine.complete(on: store) { engine throws(ChannelError) in
      try engine.closing(id)
    }
    _ = try engine.propose(plan, gas: 1, nonce: 0, fees: fees, now: .zero)
    engine.finish(passed: 1, now: .zero)
    #expect(throws: ChannelError.closing(id)) {
      try engine.take(try Fixture.voucher(301, of: channel), on: store)
    }
    #expect(throws: ChannelError.self) { try engine.charge(id, upTo: 301) }
    engine.finish(passed: 1, now: .seconds(86_400))
    try engine.take(try Fixture.voucher(301, of: channel), on: store)
  }

  @Test func `a failed close frees the payee's book`() throws {
    var engine = try Fixture.engine(
      of: Fixture.payee, knowing: channel, deposit: 1_000, store: store)
    try engine.take(try Fixture.voucher(300, of: channel), on: store)
    let id = channel.id
    let plan = try engine.complete(on: store) { engine throws(ChannelError) in
      try engine.closing(id)
    }
    #expect(throws: ChannelError.closing(id)) {
      try engine.take(try Fixture.voucher(301, of: channel), on: store)
    }
    let sequence = try engine.propose(plan, gas: 1, nonce: 0, fees: fees, now: .zero)
    let hash = try #require(engine.outbox[sequence]).transaction.hash
    engine.finish(
      LedgerReceipt(transaction: hash, height: 1, succeeded: false, fee: 0, events: []))
    try engine.take(try Fixture.voucher(301, of: channel), on: store)
  }
}
