internal import ChainTypes
internal import Logging
internal import Primitives

extension ChannelService {
  /// Follows the ledger, cashes, answers close requests and sees transactions through, until the
  /// task is cancelled.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.follow() }
      group.addTask { await self.tick() }
    }
  }

  /// How many blocks are asked for at once.
  private static let blocksAtOnce = 64

  /// Takes in everything up to the ledger's newest block, without doing anything about it.
  public func catchUp() async throws(ChannelError) {
    let head = try await ask { client throws(LedgerClientError) in try await client.head() }
    while engine.meta.followed < head.height {
      let followed = engine.meta.followed
      let blocks = try await ask { client throws(LedgerClientError) in
        try await client.blocks(after: followed, limit: Self.blocksAtOnce)
      }
      for block in blocks { engine.apply(block, now: clock.now) }
    }
    engine.putMeta()
    try await syncAll()
  }

  private func follow() async {
    while !Task.isCancelled {
      do {
        let followed = engine.meta.followed
        let blocks = try await ask { client throws(LedgerClientError) in
          try await client.blocks(after: followed, limit: Self.blocksAtOnce)
        }
        for block in blocks { engine.apply(block, now: clock.now) }
        // What came while it was away is taken in first: what follows looks at the newest.
        guard blocks.count < Self.blocksAtOnce else { continue }
        try await maintain()
      } catch {
        if Task.isCancelled { return }
        logger.warning("channels wait for the ledger", metadata: ["cause": "\(error)"])
        try? await clock.sleep(for: .seconds(1))
      }
    }
  }

  /// Resends and raises fees even while no block comes.
  private func tick() async {
    while !Task.isCancelled {
      guard (try? await clock.sleep(for: configuration.resendInterval)) != nil else { return }
      do {
        try await maintain()
      } catch {
        logger.debug("channels could not be maintained", metadata: ["cause": "\(error)"])
      }
    }
  }

  /// Everything that a new block, or time, may make due.
  func maintain() async throws(ChannelError) {
    guard !isMaintaining else { return }
    isMaintaining = true
    defer { isMaintaining = false }
    try await refreshFees()
    try await collectReceipts()
    publish()
    if let fees = engine.fees { try engine.raiseFees(fees, now: clock.now) }
    _ = try await submitSettlement(everything: false, only: nil)
    try await submitWithdrawals()
    if engine.commit.failure == nil { try await syncAll() } else { publish() }
    await sendDue()
  }

  /// Looks for the end of every transaction on its way.
  private func collectReceipts() async throws(ChannelError) {
    guard !engine.outbox.isEmpty || !engine.outbox.unresolved.isEmpty else { return }
    // The nonce first: a receipt asked for later sees at least as much.
    let ledger = try await ask { client throws(LedgerClientError) in
      try await client.account(account)
    }
    for entry in engine.outbox.unresolved + engine.outbox.entries {
      for hash in entry.hashes.reversed() {
        let receipt = try await ask { client throws(LedgerClientError) in
          try await client.receipt(of: hash)
        }
        if let receipt {
          // Who is told of it finds what it did in the books.
          guard receipt.height <= engine.meta.followed else { return }
          engine.finish(receipt)
          break
        }
      }
    }
    engine.finish(passed: ledger.nonce, now: clock.now)
  }

  /// Hands in every transaction whose bytes are on disk and were not sent lately.
  func sendDue() async {
    for entry in engine.sendable(now: clock.now) {
      engine.outbox.sent(entry.sequence, now: clock.now)
      do throws(LedgerClientError) {
        _ = try await client.send(entry.transaction.encoded)
      } catch {
        logger.notice(
          "a channel transaction was not taken",
          metadata: ["hash": "\(entry.transaction.hash)", "cause": "\(error)"])
        if error.code == .refused { engine.abandon(entry.sequence, after: error) }
      }
    }
    publish()
  }

  private func submitWithdrawals() async throws(ChannelError) {
    let waiting = engine.payers.values.filter { $0.view.state.closeRequest != nil }.map(\.id)
    guard let first = waiting.first else { return }
    let now = try await ask { client throws(LedgerClientError) in
      try await client.channels([first])
    }
    for channel in engine.withdrawals(at: now.head, roomBlocks: now.roomBlocks) {
      _ = try await submit(.withdraw(channel))
    }
  }

  /// Puts a settlement into the outbox when one is due, or when everything is asked for.
  func submitSettlement(
    everything: Bool, only ids: Set<ChannelID>?
  ) async throws(ChannelError) -> UInt64? {
    if engine.fees == nil { try await refreshFees() }
    func items(_ limit: Int) -> [ChannelSettlement] {
      engine.settlements(
        now: clock.now, fee: settlementFee, itemFee: itemFee, limit: limit,
        everything: everything, only: ids)
    }
    var plan = TransactionPlan.settle(items(ChannelModule.maximumSettleCount))
    guard !plan.items.isEmpty else { return nil }
    let ledger = try await ask { client throws(LedgerClientError) in
      try await client.account(account)
    }
    let gas = ChannelGas.settleBase + ChannelGas.settleItem * UInt64(plan.items.count)
    // An account that can't pay the fee buys gas on credit, for a few items at a time.
    let isPoor = ledger.balance < UInt256(price(of: gas)) << 1
    var budget: UInt256?
    if isPoor {
      if !engine.outbox.isEmpty { return nil }
      plan = .settle(items(ChannelModule.maximumCreditItems))
      let gain = plan.items.reduce(0 as UInt128) { sum, item in
        sum + (engine.payees[item.id]?.unsettled(engine.synced) ?? 0)
      }
      budget = ledger.balance.adding(UInt256(gain))
    }
    guard !plan.items.isEmpty else { return nil }
    return try await submit(plan, budget: budget)
  }

  // MARK: - Transactions

  /// Submits a transaction and waits until it is final.
  func execute(_ plan: TransactionPlan) async throws(ChannelError) -> LedgerReceipt {
    try await outcome(of: try await submit(plan))
  }

  /// Puts a transaction into the outbox, on disk, and hands it in.
  func submit(
    _ plan: TransactionPlan, budget: UInt256? = nil
  ) async throws(ChannelError) -> UInt64 {
    let data: [UInt8]
    do { data = try plan.call.encoded() } catch {
      throw .invalid("the call of the channel module can't be encoded: \(error)")
    }
    let (account, domain) = (account, domain)
    let gas = try await ask { client throws(LedgerClientError) in
      try await client.estimateGas(
        from: account, to: domain.module, data: data, value: plan.value)
    }
    let ledger = try await ask { client throws(LedgerClientError) in
      try await client.account(account)
    }
    let fees = try await ask { client throws(LedgerClientError) in try await client.fees() }
    engine.fees = fees
    // While the ledger was asked, another one may have been sent for the same purpose.
    if let other = engine.outbox.covering(plan) { return other }
    let sequence = try engine.propose(
      plan, gas: gas + gas / 4, nonce: ledger.nonce, fees: fees, budget: budget, now: clock.now)
    if engine.commit.failure == nil { try await syncAll() }
    await sendDue()
    return sequence
  }

  // MARK: - Fees

  func refreshFees() async throws(ChannelError) {
    engine.fees = try await ask { client throws(LedgerClientError) in try await client.fees() }
  }

  /// What so much gas costs now, in wei; more than can be when it is not known.
  func price(of gas: UInt64) -> UInt128 {
    guard let fees = engine.fees,
      let price = fees.baseFee.adding(fees.priorityFee)?.multiplying(by: UInt256(gas)),
      price.high == 0
    else { return .max >> 8 }
    return price.low
  }

  var settlementFee: UInt128 { price(of: ChannelGas.settleBase + ChannelGas.settleItem) }

  var itemFee: UInt128 { price(of: ChannelGas.settleItem) }

  /// Asks the ledger, with its errors as ours.
  func ask<Value: Sendable>(
    _ question: (any LedgerClient) async throws(LedgerClientError) -> Value
  ) async throws(ChannelError) -> Value {
    do throws(LedgerClientError) {
      return try await question(client)
    } catch {
      throw .ledger(error)
    }
  }
}
