import ChainTypes
import Consensus
import KeyValueStore
import Keys
import Ledger
import Logging
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite("A single validator", .timeLimit(.minutes(1)))
struct SoloConsensusTests {
  /// A chain, its pool and its validator, with times that a test sets.
  final class Fixture: Sendable {
    let store = SimulatedStore()
    let chain: Chain
    let pool: TransactionPool
    let signGuard: DoubleSignGuard
    let solo: SoloConsensus
    let ticks = ManualClock()

    init(
      _ configuration: SoloConsensus.Configuration = .init(pace: .onDemand),
      key: PrivateKey = TestChain.validator
    ) throws {
      chain = try TestChain(store: store).chain
      let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
      pool = try TransactionPool(view: chain.view, clock: { 2_000 }, logger: logger)
      signGuard = try DoubleSignGuard(storage: CrashingGuardStorage())
      let time = Time()
      now = time
      solo = try SoloConsensus(
        chain: chain, pool: pool, key: key, signGuard: signGuard, configuration: configuration,
        clock: { time.seconds.withLock { $0 } }, ticks: ticks, logger: logger)
    }

    final class Time: Sendable {
      let seconds = Mutex<UInt64>(2_000)
    }
    let now: Time

    func submit(nonce: UInt64, from key: PrivateKey = TestChain.keys[0]) throws {
      _ = try pool.add(
        RecoveredTransaction(
          recovering: TestChain.transfer(from: key, nonce: nonce, to: Address(0xabc))),
        isLocal: true)
    }

    /// The view of the first head at or above a height.
    func head(atLeast height: UInt64) async -> ChainView {
      for await view in chain.updates() where view.head.number >= height { return view }
      return chain.view
    }
  }

  /// Runs the validator while `body` does.
  func running(_ fixture: Fixture, _ body: () async throws -> Void) async throws {
    let task = Task { try await fixture.solo.run() }
    do { try await body() } catch {
      task.cancel()
      throw error
    }
    task.cancel()
    fixture.pool.close()
    try await task.value
  }

  @Test("makes a block as soon as there is something to put in, on demand")
  func onDemand() async throws {
    let fixture = try Fixture()
    try fixture.submit(nonce: 0)
    try await running(fixture) {
      let first = await fixture.head(atLeast: 1)
      #expect(try first.transactions(1)?.count == 1)
      try fixture.submit(nonce: 1)
      let second = await fixture.head(atLeast: 2)
      #expect(try second.transactions(2)?.count == 1)
    }
    #expect(fixture.chain.view.head.number == 2)
    #expect(fixture.pool.status.pending == 0)
    #expect(fixture.signGuard.last?.hash == fixture.chain.view.headHash)
  }

  @Test("makes a block at each tick, full or empty, and none before")
  func interval() async throws {
    let fixture = try Fixture(.init(pace: .every(.seconds(3))))
    try await running(fixture) {
      await fixture.ticks.waitForSleepers()
      fixture.ticks.advance(by: .milliseconds(2_999))
      #expect(fixture.ticks.sleeperCount == 1)
      #expect(fixture.chain.view.head.number == 0)
      fixture.ticks.advance(by: .milliseconds(1))
      #expect(await fixture.head(atLeast: 1).head.gasUsed == 0)
      try fixture.submit(nonce: 0)
      await fixture.ticks.waitForSleepers()
      fixture.ticks.advance(by: .seconds(3))
      #expect(await fixture.head(atLeast: 2).head.gasUsed == 21_000)
      // A long stop is made up for with one block, not with a burst of them.
      await fixture.ticks.waitForSleepers()
      fixture.ticks.advance(by: .seconds(60))
      _ = await fixture.head(atLeast: 4)
      await fixture.ticks.waitForSleepers()
      fixture.ticks.advance(by: .milliseconds(2_999))
      #expect(fixture.ticks.sleeperCount == 1)
    }
    #expect(fixture.chain.view.head.number == 4)
  }

  @Test("never goes back in time, whatever the clock does")
  func clockJumps() async throws {
    let fixture = try Fixture()
    for (clock, want) in [(2_000, 2_000), (5, 2_000), (2_500, 2_500), (0, 2_500)]
      as [(UInt64, UInt64)]
    {
      fixture.now.seconds.withLock { $0 = clock }
      #expect(try await fixture.solo.makeBlock(timestamp: nil).head.timestamp == want)
    }
    #expect(try await fixture.solo.makeBlock(timestamp: 9_000).head.timestamp == 9_000)
  }

  @Test("pays tips where it is told to, and to itself otherwise")
  func feeRecipient() async throws {
    for recipient in [nil, Address(0xfee)] {
      let fixture = try Fixture(
        .init(pace: .onDemand, feeRecipient: recipient, extraData: [1, 2, 3]))
      try fixture.submit(nonce: 0)
      let view = try await fixture.solo.makeBlock(timestamp: nil)
      let paid = recipient ?? TestChain.validator.address
      #expect(view.head.feeRecipient == paid)
      #expect(view.head.extraData == [1, 2, 3])
      #expect(try view.state.account(paid)?.balance == 21_000_000)
    }
  }

  @Test(
    "stops with the store's error, and makes nothing more", arguments: SimulatedStore.Fault.allCases
  )
  func storeFailure(_ fault: SimulatedStore.Fault) async throws {
    let fixture = try Fixture()
    _ = try await fixture.solo.makeBlock(timestamp: nil)
    fixture.store.failNextWrite(with: fault)
    try fixture.submit(nonce: 0)
    await #expect(throws: StoreError.self) { try await fixture.solo.run() }
    #expect(fixture.chain.view.head.number == 1)
    #expect(fixture.signGuard.last?.height == 1)
    await #expect(throws: StoreError.self) { try await fixture.solo.makeBlock(timestamp: nil) }
    #expect(fixture.chain.view.head.number == 1)
  }

  @Test("does not seal a second block at a height that the guard knows")
  func doubleSign() async throws {
    let fixture = try Fixture()
    try fixture.signGuard.record(.init(height: 1, hash: .zero))
    let writes = fixture.store.writeCount
    let error = await #expect(throws: GuardError.self) {
      try await fixture.solo.makeBlock(timestamp: nil)
    }
    guard case .doubleSign = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(fixture.store.writeCount == writes)
    #expect(fixture.chain.view.head.number == 0)
  }

  @Test("does not start on a database older than what its key has sealed")
  func restoredDatabase() throws {
    let test = try TestChain()
    let storage = CrashingGuardStorage()
    try DoubleSignGuard(storage: storage).record(.init(height: 5, hash: .zero))
    let pool = try TransactionPool(
      view: test.chain.view, clock: { 2_000 }, logger: CrashWorld.silent)
    #expect(throws: GuardError.self) {
      try SoloConsensus(
        chain: test.chain, pool: pool, key: TestChain.validator,
        signGuard: DoubleSignGuard(storage: storage), configuration: .init(), clock: { 2_000 },
        logger: CrashWorld.silent)
    }
  }

  @Test("does not start with a key that genesis does not name")
  func foreignKey() {
    let error = #expect(throws: LedgerError.self) { try Fixture(key: TestChain.keys[0]) }
    #expect(error?.message.contains(TestChain.validator.address.checksummed) == true)
  }
}
