internal import ChainTypes
internal import JSON
internal import KeyValueStore
internal import Keys
internal import PaymentChannels
internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct ChannelServiceTests {
  let client: ModelLedgerClient
  let clock = TestChannelClock()
  let payerStore = SimulatedStore(name: "payer")
  let payeeStore = SimulatedStore(name: "payee")

  init() {
    var ledger = ModelLedger()
    ledger.fund(Fixture.payer.address, 1_000_000)
    client = ModelLedgerClient(ledger)
  }

  func service(
    _ key: PrivateKey, _ store: any KeyValueStore,
    _ adjust: (inout ChannelConfiguration) -> Void = { _ in }
  ) async throws -> ChannelService {
    var configuration = ChannelConfiguration()
    configuration.window = 100
    configuration.settlementFloor = 1 << 100
    adjust(&configuration)
    return try await ChannelService.open(
      store: store, ledger: client, account: key, configuration: configuration, clock: clock,
      logger: Fixture.logger)
  }

  /// Runs both services around a body.
  func running<Value: Sendable>(
    _ services: [ChannelService], _ body: () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for service in services { group.addTask { await service.run() } }
      defer { group.cancelAll() }
      return try await body()
    }
  }

  func opened(
    _ payer: ChannelService, _ payee: ChannelService, deposit: UInt128 = 10_000,
    updates: AsyncStream<ChannelUpdate>
  ) async throws -> ChannelDescriptor {
    _ = try await payer.depositToVault(deposit)
    let terms = ChannelTerms(
      payee: Fixture.payee.address, graceSeconds: 3_600, graceBlocks: 100, deposit: deposit)
    let channel = try #require(try await payer.open([terms]).first)
    for await update in updates {
      if case .opened(channel.id, .payee, deposit) = update { break }
    }
    return channel
  }

  @Test(.timeLimit(.minutes(1))) func `a channel lives from opening to close`() async throws {
    let payer = try await service(Fixture.payer, payerStore)
    let payee = try await service(Fixture.payee, payeeStore)
    let updates = payee.updates()
    let channel = try await running([payer, payee]) {
      let channel = try await opened(payer, payee, updates: updates)
      #expect(try await payee.charge(channel.id, upTo: 100).credit == 0)
      for total: UInt128 in [100, 250, 4_000] {
        let voucher = try await payer.pay(channel.id, total: total)
        let credit = try await payee.receive(voucher, from: Fixture.peer)
        #expect(credit.paid == total && credit.delivered == 100)
      }
      let before = try await payee.get(channel.id)
      #expect(
        before.paid == Amount(wei: 4_000) && before.settled == .zero
          && before.locked == Amount(wei: 10_000) && before.delivered == Amount(wei: 100)
          && before.net == Amount(wei: 4_000))
      #expect(try await payee.quote().gross == Amount(wei: 4_000))
      #expect(try await payee.settle() == Amount(wei: 4_000))
      #expect(try await payee.settle() == nil)
      _ = try await payee.receive(
        try await payer.pay(channel.id, total: 4_500), from: Fixture.peer)
      #expect(try await payee.close(channel.id).succeeded)
      return channel
    }
    let ledger = client.ledger
    #expect(ledger.balances[Fixture.payee.address] == 4_500)
    #expect(ledger.vault(Fixture.payer.address).balance == 5_500)
    #expect(ledger.channels[channel.id] == nil && ledger.total == 1_000_000)
  }

  @Test(.timeLimit(.minutes(1))) func `both sides agree to close at once`() async throws {
    let payer = try await service(Fixture.payer, payerStore)
    let payee = try await service(Fixture.payee, payeeStore)
    let updates = payee.updates()
    try await running([payer, payee]) {
      let channel = try await opened(payer, payee, updates: updates)
      _ = try await payee.receive(
        try await payer.pay(channel.id, total: 700), from: Fixture.peer)
      let release = try await payee.release(channel.id)
      await #expect(throws: ChannelError.self) {
        try await payee.receive(
          try await payer.pay(channel.id, total: 800), from: Fixture.peer)
      }
      #expect(try await payer.closeMutually(channel.id, release).succeeded)
    }
    #expect(client.ledger.balances[Fixture.payee.address] == 700)
    #expect(client.ledger.vault(Fixture.payer.address).balance == 9_300)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a payer that lost its newest voucher closes with the one that comes with the release`()
    async throws
  {
    let payer = try await service(Fixture.payer, payerStore)
    let payee = try await service(Fixture.payee, payeeStore)
    let updates = payee.updates()
    let channel = try await running([payer, payee]) {
      let channel = try await opened(payer, payee, updates: updates)
      _ = try await payee.receive(
        try await payer.pay(channel.id, total: 600), from: Fixture.peer)
      return channel
    }
    // A later one never arrived. Amounts are on disk, signatures are not.
    _ = try await payer.pay(channel.id, total: 620)
    try await payer.shutdown()
    let again = try await service(Fixture.payer, payerStore.kill())
    var document = try await payee.releaseDocument(channel.id)
    let read = try ReleaseDocument(json: .object(document.json))
    #expect(read == document)
    await #expect(throws: ChannelError.self) {
      try await again.closeMutually(channel.id, document.release)
    }
    document.domain = ChannelDomain(chainID: 5)
    await #expect(throws: ChannelError.self) { try await again.closeMutually(document) }
    document.domain = Fixture.domain
    let receipt = try await running([again, payee]) {
      try await again.closeMutually(document)
    }
    #expect(receipt.succeeded)
    #expect(client.ledger.balances[Fixture.payee.address] == 600)
    #expect(client.ledger.vault(Fixture.payer.address).balance == 9_400)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a withheld receipt is told as what is not known, and still looked for`() async throws {
    client.setWithholding(true)
    let payer = try await service(Fixture.payer, payerStore)
    let updates = payer.updates()
    try await running([payer]) {
      let error = await #expect(throws: ChannelError.self) {
        try await payer.depositToVault(5_000)
      }
      guard case .outcomeUnknown(let hash)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(error?.code == "outcome-unknown")
      #expect(error?.description.contains("withholds the receipt") == true)
      // The node tells the truth again, or another one is asked.
      client.setWithholding(false)
      client.mine()
      var told: [ChannelUpdate] = []
      for await update in updates {
        told.append(update)
        if case .transaction = update { break }
      }
      #expect(
        told == [
          .unresolved(.vaultDeposit, hash), .transaction(.vaultDeposit, hash, succeeded: true),
        ])
      let vault = try await payer.vault()
      #expect(vault.balance == 5_000)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a close request is answered by itself, and the rest goes back after the grace`()
    async throws
  {
    let payer = try await service(Fixture.payer, payerStore)
    let payee = try await service(Fixture.payee, payeeStore)
    let updates = payee.updates()
    let payerUpdates = payer.updates()
    try await running([payer, payee]) {
      let channel = try await opened(payer, payee, updates: updates)
      _ = try await payee.receive(
        try await payer.pay(channel.id, total: 700), from: Fixture.peer)
      _ = try await payer.requestClose(channel.id)
      for await update in updates {
        if case .settled(channel.id, 700, 700) = update { break }
      }
      for _ in 0..<100 { client.mine(after: 60) }
      for await update in payerUpdates {
        if case .closed(channel.id, 700) = update { break }
      }
    }
    #expect(client.ledger.balances[Fixture.payee.address] == 700)
    #expect(client.ledger.vault(Fixture.payer.address).balance == 9_300)
  }

  @Test(.timeLimit(.minutes(1)))
  func `what was not final goes out again as the same bytes after a restart`() async throws {
    client.setMining(false)
    let payer = try await service(Fixture.payer, payerStore)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { _ = try? await payer.depositToVault(5_000) }
      while client.sent.isEmpty { await Task.yield() }
      group.cancelAll()
      // The process dies: whoever waits is answered by the next one's run.
      let again = try await service(Fixture.payer, payerStore.kill())
      let updates = again.updates()
      try await running([again]) {
        client.mine()
        for await update in updates {
          if case .transaction(.vaultDeposit, _, true) = update { break }
        }
      }
      #expect(Set(client.sent).count == 1)
      #expect(client.ledger.vault(Fixture.payer.address).balance == 5_000)
      // Lets the first service's caller go.
      try await running([payer]) {
        client.mine()
        try await group.waitForAll()
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `thousands of vouchers at once are taken, newest only, and one write serves many`()
    async throws
  {
    let payer = try await service(Fixture.payer, payerStore)
    let payee = try await service(Fixture.payee, payeeStore)
    let updates = payee.updates()
    try await running([payer, payee]) {
      let channel = try await opened(payer, payee, updates: updates)
      let before = payeeStore.writeCount
      var vouchers: [SignedVoucher] = []
      for total in 1...2_000 as ClosedRange<UInt128> {
        vouchers.append(try await payer.pay(channel.id, total: total))
      }
      await withTaskGroup(of: Void.self) { group in
        for voucher in vouchers {
          group.addTask { _ = try? await payee.receive(voucher, from: Fixture.peer) }
        }
      }
      #expect(try await payee.credit(channel.id).paid == 2_000)
      #expect(payeeStore.writeCount - before < 1_000)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `another node that holds a descriptor and a voucher answers too`() async throws {
    let payer = try await service(Fixture.payer, payerStore)
    let watcher = try await service(Fixture.hot, SimulatedStore(name: "watcher"))
    let payee = try await service(Fixture.payee, payeeStore)
    let updates = payee.updates()
    let channel = try await running([payer, payee]) {
      let channel = try await opened(payer, payee, updates: updates)
      _ = try await payee.receive(
        try await payer.pay(channel.id, total: 900), from: Fixture.peer)
      return channel
    }
    // The payee is gone for good; somebody has its export.
    let voucher = try #require(try await payee.newestVoucher(channel.id))
    try await watcher.watch(channel, voucher)
    await #expect(throws: ChannelError.self) { try await watcher.charge(channel.id, upTo: 901) }
    let watched = watcher.updates()
    try await running([payer, watcher]) {
      _ = try await payer.requestClose(channel.id)
      for await update in watched {
        if case .settled(channel.id, 900, 900) = update { break }
      }
    }
    #expect(client.ledger.balances[Fixture.payee.address] == 900)
  }

  @Test(.timeLimit(.minutes(1)))
  func `an export restores a payee whose disk is gone`() async throws {
    let payer = try await service(Fixture.payer, payerStore)
    let payee = try await service(Fixture.payee, payeeStore)
    let updates = payee.updates()
    let channel = try await running([payer, payee]) {
      let channel = try await opened(payer, payee, updates: updates)
      _ = try await payee.receive(
        try await payer.pay(channel.id, total: 900), from: Fixture.peer)
      return channel
    }
    let archive = try await ChannelArchive(json: payee.export().json)
    let again = try await service(Fixture.payee, SimulatedStore())
    #expect(try await again.merge(archive) == 1)
    #expect(try await again.credit(channel.id).paid == 900)
    try await running([again]) {
      let paid = try await again.settle()
      #expect(paid == Amount(wei: 900))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a clean end writes down exactly what was delivered`() async throws {
    let payer = try await service(Fixture.payer, payerStore)
    let payee = try await service(Fixture.payee, payeeStore)
    let updates = payee.updates()
    let channel = try await running([payer, payee]) {
      let channel = try await opened(payer, payee, updates: updates)
      _ = try await payee.charge(channel.id, upTo: 33)
      _ = try await payer.pay(channel.id, total: 40)
      return channel
    }
    try await payee.shutdown()
    try await payer.shutdown()
    let payeeAgain = try await service(Fixture.payee, payeeStore.kill())
    let payerAgain = try await service(Fixture.payer, payerStore.kill())
    #expect(try await payeeAgain.credit(channel.id).delivered == 33)
    #expect(try await payerAgain.get(channel.id).paid == Amount(wei: 40))
    #expect(try await payeeAgain.charge(channel.id, upTo: 100).credit == 0)
  }

  @Test func `the wrong chain, and settings out of bounds, are refused at the opening`()
    async throws
  {
    _ = try await service(Fixture.payer, payerStore)
    let other = ModelLedgerClient(ModelLedger(chainID: 199))
    await #expect(throws: ChannelError.self) {
      try await ChannelService.open(
        store: payerStore, ledger: other, account: Fixture.payer, logger: Fixture.logger)
    }
    await #expect(throws: ChannelError.self) {
      try await service(Fixture.payer, SimulatedStore()) { $0.ceilingParts = 0 }
    }
  }
}
