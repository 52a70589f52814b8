import ChainTypes
import KeyValueStore
import Keys
import Logging
import Metainfo
import PaymentChannels
import Primitives
import Speed
import TestSupport
import Testing

/// A till over real books, whose process dies at chosen moments.
@Suite("The till of a buyer", .timeLimit(.minutes(1)))
struct TillTests {
  private static let deposit: UInt128 = 1_600
  private let directory: TemporaryDirectory
  private let ledger = OneChannelLedger()
  private let payer = TestChain.key(21)
  private let payee = TestChain.key(22)
  private let torrent = SHA1Hash([UInt8](repeating: 0x77, count: 20)) ?? .zero
  private let other = SHA1Hash([UInt8](repeating: 0x78, count: 20)) ?? .zero
  private let channel: ChannelDescriptor

  init() throws {
    directory = try TemporaryDirectory()
    channel = ChannelDescriptor(
      payer: payer.address, payee: payee.address, graceSeconds: 3_600, graceBlocks: 50,
      openCount: 0, module: ledger.domain.module, chainID: ledger.domain.chainID)
  }

  /// One life of the program.
  private final class Life {
    let till: ChannelTill
    let service: ChannelService
    let clock: SleeplessClock
    private let task: Task<Void, Never>
    private var events: [DeskEvent] = []

    init(
      _ test: TillTests, _ store: SimulatedStore, budgets: [(SHA1Hash, UInt128)],
      hasClock: Bool = false, after start: Duration = .zero, missing events: [ChannelEvent] = []
    ) async throws {
      let clock = SleeplessClock(start: .seconds(1_700_000_000) + start)
      self.clock = clock
      let isNew = test.ledger.head().height == 0
      let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
      service = try await ChannelService.open(
        store: store, ledger: test.ledger, account: test.payer, clock: clock, logger: logger)
      if isNew { test.ledger.mine([.opened(test.channel, deposit: TillTests.deposit)]) }
      try await service.catchUp()
      let till = ChannelTill(
        service: service, ledger: test.ledger, hasClock: hasClock, signers: [test.payer],
        statement: try Statement(
          path: test.directory.path("statement"),
          now: { UInt64(clock.now.components.seconds) }), clock: clock, logger: logger)
      self.till = till
      if !events.isEmpty {
        test.ledger.mine(events)
        try await service.catchUp()
      }
      for (torrent, budget) in budgets { await till.allow(budget, for: torrent) }
      task = Task { await till.run() }
      // It has found the channel, and written what it had to say; what comes now it writes when
      // its clock moves on.
      await clock.clock.waitForSleepers()
    }

    /// How old the ledger's news are, told last.
    private(set) var age: Duration?

    /// The next event of the desk that is not about the ledger's news.
    func next() async throws -> DeskEvent {
      while true {
        if !events.isEmpty {
          let event = events.removeFirst()
          guard case .ledgerAge(let age) = event else { return event }
          self.age = age
          continue
        }
        events = till.mailbox.take()
        if events.isEmpty {
          try Task.checkCancellation()
          await Task.yield()
        }
      }
    }

    func pay(_ total: UInt128, on id: ChannelID) async throws -> SignedVoucher {
      till.submit(.pay(id, total: total))
      while true {
        switch try await next() {
        case .paid(let voucher): return voucher
        case .notPaid(_, let isFinal): throw NotPaid(isFinal: isFinal)
        default: continue
        }
      }
    }

    /// A second goes by, in which the statement is written.
    func pass() async {
      clock.clock.advance(by: .seconds(1))
      await clock.clock.waitForSleepers()
    }

    /// The process dies: what it held in memory is gone.
    func kill() async {
      task.cancel()
      await task.value
    }

    func close() async throws {
      await kill()
      await till.close()
      try await service.shutdown()
    }
  }

  private struct NotPaid: Error, Equatable { var isFinal: Bool }

  /// Time that a test moves.
  private struct SleeplessClock: ChannelClock {
    let clock = ManualClock()
    let start: Duration
    var now: Duration { start + clock.now.offset }
    func sleep(for duration: Duration) async throws {
      try await clock.sleep(until: clock.now.advanced(by: duration), tolerance: nil)
    }
  }

  private func books() throws -> StatementBooks {
    try Statement(path: directory.path("statement")).books
  }

  private func promised(_ books: StatementBooks) -> UInt128 {
    books.accounts[channel.id]?.promised ?? 0
  }

  @Test(
    "what it signed and a crash kept from its statement is told there when the seller shows it",
    arguments: [false, true])
  func shown(isStatementWritten: Bool) async throws {
    let store = SimulatedStore()
    let first = try await Life(self, store, budgets: [(torrent, 1_000)])
    let voucher = try await first.pay(90, on: channel.id)
    if isStatementWritten { await first.pass() }
    await first.kill()
    #expect(promised(try books()) == (isStatementWritten ? 90 : 0))

    let second = try await Life(self, store.kill(), budgets: [(torrent, 1_000)])
    guard case .opened(_, _, let signed, let owed) = try await second.next() else {
      Issue.record("the channel is not found again")
      return
    }
    #expect(signed == (isStatementWritten ? 90 : 0) && owed == signed)
    second.till.submit(.shown(voucher))
    if !isStatementWritten {
      #expect(try await second.next() == .known(channel.id, total: 90, voucher))
    }
    #expect(promised(second.till.statement.books) == 90)
    // It counts once: the ceiling, which was charged at the start, was above it.
    let before = try #require(second.till.statement.books.spent[torrent])
    #expect((90...1_000).contains(before))
    #expect(try await second.pay(100, on: channel.id).cumulativeAmount == 100)
    #expect(second.till.statement.books.spent[torrent] == before)
    second.till.statement.append(.spent(torrent, 10))
    try await second.close()
    #expect(promised(try books()) == 100)

    // And once more changes nothing.
    let third = try await Life(self, store.kill(), budgets: [(torrent, 1_000)])
    #expect(third.till.statement.books.spent[torrent] == before + 10)
    #expect(promised(third.till.statement.books) == 100)
    await third.kill()
  }

  @Test(
    "what a crash kept from being told as billed is owed in every later session",
    arguments: [false, true])
  func billed(isStatementWritten: Bool) async throws {
    let store = SimulatedStore()
    let first = try await Life(self, store, budgets: [(torrent, 1_000)])
    let voucher = try await first.pay(90, on: channel.id)
    if isStatementWritten { await first.pass() }
    await first.kill()

    let after = store.kill()
    let second = try await Life(self, after, budgets: [(torrent, 1_000)])
    if !isStatementWritten {
      second.till.submit(.shown(voucher))
      while try await second.next() != .known(channel.id, total: 90, voucher) {}
    }
    // Of what it buys then, a part is not signed for when it ends.
    second.till.statement.moved(channel.id, TradeFigures(billed: 50))
    _ = try await second.pay(100, on: channel.id)
    try await second.close()

    let third = try await Life(self, after.kill(), budgets: [(torrent, 1_000)])
    guard case .opened(_, _, let signed, let owed) = try await third.next() else {
      Issue.record("the channel is not found again")
      return
    }
    #expect(signed == 100 && owed == 140)
    await third.kill()
  }

  @Test("a voucher that says no more than the books know is not passed on, whoever signed it")
  func forged() async throws {
    let life = try await Life(self, SimulatedStore(), budgets: [(torrent, 1_000)])
    // They are ahead of the till, as when the ledger has just paid.
    _ = try await life.service.pay(channel.id, total: 80)
    let forged = try Voucher(channelID: channel.id, cumulativeAmount: 70)
      .signed(by: payee, in: ledger.domain)
    life.till.submit(.shown(forged))
    life.till.submit(.pay(channel.id, total: 90))
    var isPaid = false
    while !isPaid {
      switch try await life.next() {
      case .known: Issue.record("the forgery is taken for a voucher")
      case .paid: isPaid = true
      default: continue
      }
    }
    await life.kill()
  }

  @Test("misses nothing that the ledger did before it ran, behind however much else")
  func missed() async throws {
    let other = ChannelDescriptor(
      payer: payer.address, payee: payee.address, graceSeconds: 3_600, graceBlocks: 50,
      openCount: 1, module: ledger.domain.module, chainID: ledger.domain.chainID)
    var events: [ChannelEvent] = [
      .opened(other, deposit: Self.deposit),
      .closed(channel.id, paid: 0, settled: 0, refund: Self.deposit),
    ]
    for amount in 1...5_000 as ClosedRange<UInt128> {
      events.append(.toppedUp(other.id, amount: 1, deposit: Self.deposit + amount))
    }
    events.append(.closed(other.id, paid: 0, settled: 0, refund: Self.deposit + 5_000))
    let life = try await Life(
      self, SimulatedStore(), budgets: [(torrent, 1_000)], missing: events)
    var closed: [ChannelID] = []
    while closed.last != other.id {
      if case .closed(let id) = try await life.next() { closed.append(id) }
    }
    #expect(closed == [channel.id, other.id])
    await life.kill()
  }

  @Test("while a deposit is being raised vouchers are signed, and a close waits")
  func raising() async throws {
    let life = try await Life(self, SimulatedStore(), budgets: [(torrent, 2_000)])
    func asked(atLeast count: Int) async {
      while ledger.values.count < count, !Task.isCancelled { await Task.yield() }
    }
    ledger.closeGate()
    life.till.submit(.topUp(channel.id, by: 100))
    await asked(atLeast: 1)
    life.till.submit(.requestClose(channel.id))
    // Orders about one channel's book are done in turn: the request was looked at before this one.
    _ = try await life.pay(500, on: channel.id)
    #expect(ledger.values.count == 1, "nobody asks for the close yet")
    ledger.openGate()
    #expect(try await life.next() == .notToppedUp(channel.id))
    await asked(atLeast: 2)
    await life.kill()
  }

  @Test("of a budget so much is locked as channels in use hold, however they came to be used")
  func locked() async throws {
    let life = try await Life(self, SimulatedStore(), budgets: [(torrent, 2_000)])
    // Who wants more than that is given all that may be locked: the ledger, which refuses, is asked
    // for it.
    func lockable(_ order: DeskOrder) async throws -> UInt128 {
      let before = ledger.values.count
      life.till.submit(order)
      while true {
        switch try await life.next() {
        case .notToppedUp, .notOpened:
          let values = ledger.values
          return values.count > before ? values[before] : 0
        default: continue
        }
      }
    }
    func wish(_ payee: Address) -> ChannelWish {
      ChannelWish(payee: payee, deposit: 10_000, graceSeconds: 3_600, graceBlocks: 50)
    }
    // Its channel holds 1,600, of which 500 are signed away.
    _ = try await life.pay(500, on: channel.id)
    #expect(try await lockable(.topUp(channel.id, by: 10_000)) == 400)
    // Found again, it holds no more than before, and a top-up that failed locked nothing.
    for _ in 0..<2 {
      life.till.submit(.open([wish(payee.address)]))
      var isFound = false
      while !isFound { if case .opened = try await life.next() { isFound = true } }
    }
    #expect(try await lockable(.topUp(channel.id, by: 10_000)) == 400)
    // Once it is gone, so is what it held.
    ledger.mine([.closed(channel.id, paid: 500, settled: 500, refund: 1_100)])
    try await life.service.catchUp()
    while try await life.next() != .closed(channel.id) {}
    #expect(try await lockable(.open([wish(TestChain.key(23).address)])) == 1_500)
    await life.kill()
  }

  @Test("what the ledger pays out was promised, though the seller was never met again")
  func settled() async throws {
    let store = SimulatedStore()
    let first = try await Life(self, store, budgets: [(torrent, 1_000)])
    _ = try await first.pay(90, on: channel.id)
    await first.kill()
    ledger.mine([.settled(channel.id, paid: 80, settled: 80)])
    let second = try await Life(self, store.kill(), budgets: [(torrent, 1_000)])
    let books = second.till.statement.books
    #expect(promised(books) == 80 && books.accounts[channel.id]?.settled == 80)
    #expect(books.total(isPaidByUs: true).figures.paid == 80)
    // From there it goes on, and the line that a voucher of before adds is no second payment.
    #expect(try await second.pay(95, on: channel.id).cumulativeAmount == 95)
    try await second.close()
    #expect(promised(try self.books()) == 95)
  }

  @Test("a voucher that never left is made again, over as much")
  func lostVoucher() async throws {
    let store = SimulatedStore()
    let first = try await Life(self, store, budgets: [(torrent, 1_000)])
    let lost = try await first.pay(90, on: channel.id)
    await first.pass()
    await first.kill()
    let second = try await Life(self, store.kill(), budgets: [(torrent, 1_000)])
    #expect(try await second.pay(90, on: channel.id) == lost)
    await second.kill()
  }

  @Test("however often it crashes, no more than the budget is ever signed")
  func crashes() async throws {
    var store = SimulatedStore()
    var highest: UInt128 = 0
    for _ in 0..<40 {
      let life = try await Life(self, store, budgets: [(torrent, 300)])
      let known = promised(life.till.statement.books)
      if let voucher = try? await life.pay(max(known, highest) + 11, on: channel.id) {
        highest = max(highest, voucher.cumulativeAmount)
      }
      await life.kill()
      store = store.kill()
      #expect(try books().spentInAllForTests <= 300)
    }
    #expect(highest <= 300 && highest > 50)
  }

  @Test("what may have been signed before a crash is charged to the torrent that it was for")
  func attribution() async throws {
    let store = SimulatedStore()
    let first = try await Life(self, store, budgets: [(torrent, 1_000)])
    _ = try await first.pay(90, on: channel.id)
    await first.kill()
    let second = try await Life(self, store.kill(), budgets: [(other, 1_000), (torrent, 1_000)])
    let spent = second.till.statement.books.spent
    #expect(spent[other] == nil && spent[torrent] ?? 0 >= 90)
    await second.kill()
  }

  @Test("a budget that is given again counts what was spent of it, and the last of it is signed")
  func again() async throws {
    let life = try await Life(self, SimulatedStore(), budgets: [(torrent, 100)])
    #expect(try await life.pay(60, on: channel.id).cumulativeAmount == 60)
    life.till.statement.append(.spent(torrent, 60))
    await life.till.allow(100, for: torrent)
    #expect(try await life.pay(130, on: channel.id).cumulativeAmount == 100)
    await #expect(throws: NotPaid(isFinal: true)) { try await life.pay(130, on: channel.id) }
    await life.till.allow(150, for: torrent)
    #expect(try await life.pay(130, on: channel.id).cumulativeAmount == 130)
    await life.till.setSpending(false)
    await #expect(throws: NotPaid(isFinal: false)) { try await life.pay(131, on: channel.id) }
    await life.till.setSpending(true)
    #expect(try await life.pay(131, on: channel.id).cumulativeAmount == 131)
    await life.kill()
  }

  @Test("channels that nobody paid with for ten minutes are asked back, and nothing waits for that")
  func idle() async throws {
    let store = SimulatedStore()
    let first = try await Life(self, store, budgets: [(torrent, 1_000)])
    _ = try await first.pay(90, on: channel.id)
    try await first.close()
    let early = try await Life(self, store.kill(), budgets: [], after: .seconds(599))
    #expect(ledger.attempts == 0)
    await early.kill()
    let late = try await Life(self, store.kill(), budgets: [], after: .seconds(601))
    while ledger.attempts == 0 { await Task.yield() }
    await late.pass()
    await late.kill()
  }

  @Test("channels that nobody knows are waited for in a bounded number")
  func visitors() async throws {
    let life = try await Life(self, SimulatedStore(), budgets: [])
    for number in 0..<1_100 as Range<UInt64> {
      life.till.submit(
        .admit(
          ChannelDescriptor(
            payer: payee.address, payee: payer.address, graceSeconds: 3_600, graceBlocks: 50,
            openCount: number, module: ledger.domain.module, chainID: ledger.domain.chainID)))
    }
    var refused = 0
    while refused < 76 {
      if case .notAdmitted = try await life.next() { refused += 1 }
    }
    // The others are told when their time is up.
    life.clock.clock.advance(by: .seconds(16))
    while refused < 1_100 {
      if case .notAdmitted = try await life.next() { refused += 1 }
    }
    await life.kill()
  }

  @Test(
    "news are as old as the newest block, where blocks come by the clock", arguments: [false, true])
  func age(hasClock: Bool) async throws {
    let life = try await Life(self, SimulatedStore(), budgets: [], hasClock: hasClock)
    life.clock.clock.advance(by: .seconds(300))
    await life.clock.clock.waitForSleepers()
    life.till.submit(.sign(.zero, by: payer.address, ticket: 1))
    _ = try await life.next()
    let age = try #require(life.age)
    #expect(hasClock ? (298...300).contains(age.components.seconds) : age == .zero)
    await life.kill()
  }

  @Test("orders about one channel are carried out in their order")
  func inOrder() async throws {
    let life = try await Life(self, SimulatedStore(), budgets: [(torrent, 1_000)])
    for total in 1...50 as ClosedRange<UInt128> { life.till.submit(.pay(channel.id, total: total)) }
    var paid: [UInt128] = []
    while paid.count < 50 {
      if case .paid(let voucher) = try await life.next() { paid.append(voucher.cumulativeAmount) }
    }
    #expect(paid == Array(1...50))
    await life.kill()
  }
}

extension StatementBooks {
  fileprivate var spentInAllForTests: UInt128 { spent.values.reduce(0, +) }
}
