internal import ChainTypes
internal import KeyValueStore
internal import Keys
internal import PaymentChannels
internal import Primitives
internal import Synchronization
internal import Testing

/// Many callers, whose vouchers one of them verifies and one writes.
@Suite(.timeLimit(.minutes(1))) struct ReceivingTests {
  /// A payee with open channels, on a disk whose writes the test lets through.
  private final class World: Sendable {
    let payee: ChannelService
    let store: GatedStore
    let channels: [ChannelDescriptor]
    let answers = Mutex<[Int]>([])
    let refusals = Mutex(0)

    init(channels count: Int, slowDisk: Bool = true) async throws {
      var ledger = ModelLedger()
      ledger.fund(Fixture.payer.address, 1_000_000)
      let terms = (0..<count).map { _ in
        ChannelTerms(
          payee: Fixture.payee.address, graceSeconds: 3_600, graceBlocks: 100, deposit: 10_000)
      }
      let calls: [(ChannelCall, UInt64)] = [(.vaultDeposit, 1_000_000), (.open(terms), 0)]
      for (nonce, (call, value)) in calls.enumerated() {
        let transaction = Transaction(
          chainID: Fixture.domain.chainID, nonce: UInt64(nonce), maxPriorityFeePerGas: .zero,
          maxFeePerGas: .zero, gasLimit: 1_000_000, to: Fixture.domain.module,
          value: UInt256(value), data: try call.encoded())
        let signed = try SignedTransaction(signing: transaction, with: Fixture.payer)
        _ = try ledger.submit(signed.encoded)
      }
      channels = ledger.mine(time: 1_700_000_000).events.compactMap { event in
        if case .opened(let descriptor, _) = event { descriptor } else { nil }
      }
      try #require(channels.count == count)
      store = GatedStore(SimulatedStore(name: "payee"))
      payee = try await ChannelService.open(
        store: store, ledger: ModelLedgerClient(ledger), account: Fixture.payee,
        clock: TestChannelClock(), logger: Fixture.logger)
      let entries = channels.map { ChannelArchive.Entry(role: .payee, descriptor: $0) }
      _ = try await payee.merge(ChannelArchive(domain: Fixture.domain, entries: entries))
      if slowDisk { store.closeGate() }
    }

    func voucher(_ channel: Int, _ amount: UInt128, isGood: Bool = true) throws -> SignedVoucher {
      try Fixture.voucher(
        amount, of: channels[channel], by: isGood ? Fixture.payer : Fixture.hot)
    }

    /// Hands a voucher in, and notes the channel when the answer comes.
    func receive(_ channel: Int, _ voucher: SignedVoucher) async throws -> PayeeCredit {
      defer { answers.withLock { $0.append(channel) } }
      return try await payee.receive(voucher, from: PeerID(UInt64(channel)))
    }

    /// Returns when these channels' vouchers are in the books, on disk or not: only then is a
    /// forged one below them refused without a look at its signature.
    func accepts(_ channels: ClosedRange<Int>) async throws {
      for channel in channels {
        for probe in 1_000... {
          do {
            let forged = try voucher(channel, 1, isGood: false)
            _ = try await payee.receive(forged, from: PeerID(UInt64(probe)))
          } catch ChannelError.notAbove {
            break
          } catch ChannelError.badSignature {
          } catch ChannelError.rateLimited {
          }
        }
      }
    }

    /// Returns when so many writes have come to the gate.
    func comes(_ count: Int) async {
      while store.writes.count < count { await Task.yield() }
    }
  }

  @Test func `while a batch is written the next gathers, and each caller is woken with its own`()
    async throws
  {
    let world = try await World(channels: 4)
    try await withThrowingTaskGroup(of: PayeeCredit.self) { group in
      let vouchers = try (0..<4).map { try world.voucher($0, 700) }
      group.addTask { try await world.receive(0, vouchers[0]) }
      await world.comes(1)
      for channel in 1...3 {
        group.addTask { try await world.receive(channel, vouchers[channel]) }
      }
      try await world.accepts(0...3)
      #expect(world.answers.withLock { $0.isEmpty } && world.store.writes == [1])
      world.store.permit()
      await world.comes(2)
      // The second write holds all three; its callers still wait, the first does not.
      #expect(world.store.writes == [1, 3])
      #expect(try await group.next()?.paid == 700)
      #expect(world.answers.withLock { $0 } == [0])
      for channel in 1...3 {
        #expect(try await world.payee.credit(world.channels[channel].id).paid == 0)
      }
      world.store.permit()
      var credits: [PayeeCredit] = []
      for try await credit in group { credits.append(credit) }
      #expect(credits.map(\.paid) == [700, 700, 700])
      #expect(Set(credits.map(\.channelID)).count == 3 && world.store.writes.count == 2)
      #expect(world.answers.withLock { Set($0) == [0, 1, 2, 3] && $0.count == 4 })
    }
  }

  @Test func `a failed sync fails its whole batch and what gathered behind it`() async throws {
    let world = try await World(channels: 3)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      let vouchers = try (0..<3).map { try world.voucher($0, 700) }
      func hand(_ channel: Int) {
        group.addTask {
          do {
            _ = try await world.receive(channel, vouchers[channel])
            return false
          } catch ChannelError.storage {
            return true
          }
        }
      }
      hand(0)
      await world.comes(1)
      hand(1)
      hand(2)
      try await world.accepts(0...2)
      world.store.failNextWrite()
      world.store.permit()
      var failures: [Bool] = []
      for try await failed in group { failures.append(failed) }
      #expect(failures == [true, true, true])
    }
    #expect(world.store.writes.count == 1)
    let later = try world.voucher(0, 800)
    await #expect(throws: ChannelError.self) { try await world.receive(0, later) }
    let credit = try await world.payee.credit(world.channels[0].id)
    #expect(credit.paid == 0 && credit.credit == 0)
  }

  @Test func `a forged voucher costs its sender, and those who came with it are served`()
    async throws
  {
    for forger in 0..<3 {
      let world = try await World(channels: 3, slowDisk: false)
      let vouchers = try (0..<3).map { try world.voucher($0, 700, isGood: $0 != forger) }
      let paid = try await withThrowingTaskGroup(of: UInt128?.self) { group in
        for channel in 0..<3 {
          group.addTask {
            do {
              return try await world.receive(channel, vouchers[channel]).paid
            } catch ChannelError.badSignature(world.channels[channel].id) {
              return nil
            }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(paid.count { $0 == nil } == 1 && paid.count { $0 == 700 } == 2)
      #expect(try await world.payee.credit(world.channels[forger].id).paid == 0)
    }
  }

  @Test func `a caller who was cancelled still gets its answer, and nobody waits for him`()
    async throws
  {
    let world = try await World(channels: 2)
    let vouchers = try (0..<2).map { try world.voucher($0, 700) }
    try await withThrowingTaskGroup(of: PayeeCredit.self) { group in
      group.addTask { try await world.receive(0, vouchers[0]) }
      await world.comes(1)
      group.addTask { try await world.receive(1, vouchers[1]) }
      group.cancelAll()
      try await world.accepts(0...1)
      world.store.permit()
      world.store.permit()
      for try await credit in group { #expect(credit.paid == 700) }
    }
    #expect(world.answers.withLock { $0.sorted() } == [0, 1])
  }

  @Test func `hundreds of callers of many channels are all answered, the newest last`()
    async throws
  {
    let world = try await World(channels: 40, slowDisk: false)
    let vouchers = try (0..<40).map { channel in
      try (1...12).map { try world.voucher(channel, $0 * 10) }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (channel, own) in vouchers.enumerated() {
        for voucher in own.shuffled() {
          group.addTask {
            do {
              let credit = try await world.receive(channel, voucher)
              #expect(credit.paid >= voucher.cumulativeAmount)
            } catch ChannelError.superseded {
              world.refusals.withLock { $0 += 1 }
            } catch ChannelError.notAbove {
              world.refusals.withLock { $0 += 1 }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    for channel in world.channels {
      #expect(try await world.payee.credit(channel.id).paid == 120)
    }
    #expect(world.answers.withLock { $0.count } == 480 && world.refusals.withLock { $0 } <= 440)
  }
}
