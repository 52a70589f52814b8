import Bridge
import ChainTypes
import KeyValueStore
import Logging
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite("RootFollower", .timeLimit(.minutes(1)))
struct RootFollowerTests {
  typealias Fault = ScriptedEndpoint.Fault

  /// A follower over endpoints of one scripted chain.
  final class Setup {
    let root = ScriptedRoot()
    let clock = TestClock()
    let endpoints: [ScriptedEndpoint]
    let alarms: BridgeAlarms
    var disk: SimulatedStore
    var store: BridgeStore
    var follower: RootFollower

    init(_ faults: [Set<Fault>] = [[], [], []]) {
      let root = root
      endpoints = faults.enumerated().map { ScriptedEndpoint("e\($0)", root, $1) }
      alarms = BridgeAlarms(
        clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      disk = SimulatedStore()
      store = BridgeStore(disk)
      follower = Self.follower(endpoints, store, alarms, clock)
    }

    static func follower(
      _ endpoints: [ScriptedEndpoint], _ store: BridgeStore, _ alarms: BridgeAlarms,
      _ clock: TestClock, chainID: UInt64 = 1
    ) -> RootFollower {
      RootFollower(
        chain: chain(endpoints, clock), chainID: chainID, store: store,
        stateSender: ScriptedRoot.stateSender, start: 0, alarms: alarms, clock: clock)
    }

    static func chain(_ endpoints: [ScriptedEndpoint], _ clock: TestClock) -> EthereumRootChain {
      let group = EndpointGroup(
        endpoints, quorum: EndpointGroup.majority(of: endpoints.count), clock: clock)
      return EthereumRootChain(
        id: .eth, endpoints: group, stateSender: ScriptedRoot.stateSender, finality: .tag,
        clock: clock)
    }

    /// Goes on with what the disk has kept.
    func restart(_ disk: SimulatedStore) {
      self.disk = disk
      store = BridgeStore(disk)
      follower = Self.follower(endpoints, store, alarms, clock)
    }

    func catchUp(limit: Int = 200) async throws {
      for _ in 0..<limit where try await follower.step() == .upToDate {
        clock.advance(by: .seconds(1))
        return
      }
    }

    /// Every message that was read, each held against its own proof and its block.
    func checkMessages(_ count: UInt64) throws {
      let messages = try store.messages(from: 1, of: .eth, limit: 100_000)
      #expect(messages.map(\.id) == Array(1...max(1, count)).filter { $0 <= count })
      for message in messages {
        let proof = try #require(message.proof)
        let content = try proof.verified(stateSender: ScriptedRoot.stateSender)
        #expect(content.message.data == message.data)
        #expect(content.message == ScriptedRoot.message(message.id))
        #expect(content.header.hash == root.block(message.block.number).header.hash)
        #expect(root.block(message.block.number).transactions.contains(message.transaction))
      }
    }

    func held(_ kind: BridgeAlarm.Kind) -> Bool { alarms.all.contains { $0.kind == kind } }
  }

  @Test("reads nothing from endpoints of another chain")
  func otherChain() async throws {
    let setup = Setup()
    setup.root.mine([1])
    setup.root.finalize()
    let follower = Setup.follower(
      setup.endpoints, setup.store, setup.alarms, setup.clock, chainID: 56)
    await #expect(throws: RootChainError.self) { try await follower.step() }
    #expect(try setup.store.state(of: .eth) == nil)
  }

  @Test("reads every message of final blocks, proves it, and leaves later ones")
  func reads() async throws {
    let setup = Setup()
    for number in 1...40 { setup.root.mine(number % 3 == 0 ? [0, 2, 1] : [0]) }
    setup.root.finalize(30)
    try await setup.catchUp()
    try setup.checkMessages(30)
    setup.root.finalize()
    try await setup.catchUp()
    try setup.checkMessages(39)
    #expect(setup.alarms.all.isEmpty)
  }

  @Test(
    "reads the same with one endpoint of three that errs",
    arguments: [
      Fault.stall, .unreachable, .rateLimit, .omitLogs, .forgeLogs, .forgeHeaders, .forgeReceipts,
      .noBlockReceipts, .largeBlocks, .omitBlock(6), .range(3), .lag(9), .forgeEveryLog,
      .forgeTransactions, .forgetStates,
    ])
  func oneBadEndpoint(_ fault: Fault) async throws {
    for place in 0..<3 {
      var faults: [Set<Fault>] = [[], [], []]
      faults[place] = [fault]
      let setup = Setup(faults)
      for number in 1...20 { setup.root.mine(number % 2 == 0 ? [1] : [0, 3]) }
      setup.root.finalize()
      try await setup.catchUp()
      try setup.checkMessages(40)
      #expect(!setup.held(.gap))
    }
  }

  @Test("goes no further where too few endpoints agree")
  func disagreement() async throws {
    let setup = Setup([[], [.forgeHeaders]])
    setup.root.mine([1])
    setup.root.finalize()
    await #expect(throws: RootChainError.self) { try await setup.follower.step() }
    #expect(try setup.store.messages(from: 1, of: .eth, limit: 10).isEmpty)
  }

  @Test("raises an alarm where all leave a message out, and reads it once one shows it")
  func omitted() async throws {
    let setup = Setup([[.omitLogs], [.omitLogs], [.omitLogs]])
    for _ in 1...5 { setup.root.mine([1]) }
    setup.root.finalize()
    for _ in 0..<3 { _ = try await setup.follower.step() }
    #expect(setup.held(.gap))
    #expect(try setup.store.state(of: .eth)?.nextID == 1)
    setup.endpoints[1].set([])
    try await setup.catchUp()
    try setup.checkMessages(5)
    #expect(!setup.held(.gap))
  }

  @Test("takes what comes before a missing message, and reads single receipts of large blocks")
  func prefix() async throws {
    let setup = Setup([[.omitBlock(4)], [.omitBlock(4)], [.omitBlock(4), .largeBlocks]])
    for _ in 1...6 { setup.root.mine([1]) }
    setup.root.finalize()
    for _ in 0..<3 { _ = try await setup.follower.step() }
    #expect(setup.held(.gap))
    #expect(try setup.store.state(of: .eth)?.nextID == 4)
    #expect(try setup.store.waiting(of: .eth, limit: 10) == [1, 2, 3])
    for endpoint in setup.endpoints { endpoint.set([.largeBlocks]) }
    try await setup.catchUp()
    try setup.checkMessages(6)
    #expect(!setup.held(.gap))
  }

  @Test("leaves messages in turns, so that none is never looked at")
  func turns() async throws {
    let setup = Setup()
    setup.root.mine([10, 11])
    setup.root.finalize()
    try await setup.catchUp()
    var start: UInt64 = 0
    var seen: Set<UInt64> = []
    for expected in [1...8, 9...12, 13...16, 17...20, 21...21, 5...8] as [ClosedRange<UInt64>] {
      let (ids, next) = try setup.store.turn(of: .eth, from: start, limit: 8)
      #expect(ids == Array(Set(1...4).union(expected)).sorted())
      seen.formUnion(ids)
      start = next
    }
    #expect(seen == Set(1...21))
    #expect(try setup.store.turn(of: .eth, from: 0, limit: 100) == (Array(1...21), 0))
  }

  @Test("numbers messages in receipts too large for a proof too, and reads them back")
  func largeReceipts() async throws {
    let setup = Setup()
    for size in [1 << 10, 1 << 20, 2 << 20, 3 << 20] { setup.root.mine([0, 1], padding: size) }
    setup.root.finalize()
    try await setup.catchUp()
    #expect(setup.alarms.all.isEmpty)
    let messages = try setup.store.messages(from: 1, of: .eth, limit: 10)
    #expect(messages.map(\.id) == [1, 2, 3, 4])
    #expect(messages.map { $0.proof == nil } == [false, true, true, true])
    #expect(messages.map(\.data) == (1...4).map { ScriptedRoot.message($0).data })
    #expect(
      messages.map { $0.deposit?.amount } == (1...4 as ClosedRange<UInt64>).map { UInt256($0) })
  }

  @Test("keeps nothing of blocks that are taken back while it reads them")
  func reorganisationInside() async throws {
    let setup = Setup()
    for _ in 1...5 { setup.root.mine([1]) }
    setup.root.finalize()
    setup.root.state.withLock { state in
      state.onReceipts = { state in
        ScriptedRoot.takeBack(5, &state)
        for _ in 1...6 { ScriptedRoot.mine([1], 1, &state) }
        state.final = UInt64(state.blocks.count) - 1
      }
    }
    #expect(try await setup.follower.step() == .lookingAgain)
    #expect(try setup.store.state(of: .eth)?.nextID == 1)
    try await setup.catchUp()
    try setup.checkMessages(6)
    #expect(!setup.held(.reorganised))
  }

  @Test("looks at one made-up block of an endpoint, and complains of it")
  func madeUpHints() async throws {
    let setup = Setup([[], [.forgeEveryLog], []])
    for _ in 1...40 { setup.root.mine([0]) }
    setup.root.mine([1])
    setup.root.finalize()
    let chain = Setup.chain(setup.endpoints, setup.clock)
    let follower = RootFollower(
      chain: chain, chainID: 1, store: setup.store, stateSender: ScriptedRoot.stateSender,
      start: 0, alarms: setup.alarms, clock: setup.clock)
    while try await follower.step() != .upToDate {}
    try setup.checkMessages(1)
    #expect(setup.endpoints.map { $0.count("eth_getBlockReceipts") }.reduce(0, +) <= 3)
    #expect(chain.complaints.map(\.endpoint) == ["e1"])
  }

  @Test("takes a transaction's hash from a quorum, not from one endpoint")
  func transactionHashes() async throws {
    let setup = Setup([[.forgeTransactions], [.omitLogs], [.lag(0)]])
    setup.root.mine([0, 1])
    setup.root.finalize()
    try await setup.catchUp()
    try setup.checkMessages(1)
  }

  @Test("reads headers with fields that nobody knows yet", arguments: [true, false])
  func addedFields(isShown: Bool) async throws {
    let setup = Setup()
    setup.root.mine([1])
    setup.root.state.withLock {
      $0.added = [
        ("blockAccessListHash", Keccak256.hash([1]), true),
        ("anotherHash", Keccak256.hash([2]), isShown),
      ]
    }
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    try setup.checkMessages(2)
  }

  @Test("goes on where endpoints keep no old states")
  func forgottenStates() async throws {
    let setup = Setup([[.forgetStates], [.forgetStates], [.forgetStates]])
    for _ in 1...5 { setup.root.mine([1]) }
    setup.root.finalize(4)
    try await setup.catchUp()
    try setup.checkMessages(4)
    #expect(setup.alarms.all.isEmpty)
  }

  @Test("asks for fewer blocks at once where endpoints want that")
  func narrow() async throws {
    let setup = Setup([[.range(7)], [.range(7)], [.range(5)]])
    for _ in 1...60 { setup.root.mine([1]) }
    setup.root.finalize()
    #expect(try await setup.follower.step() == .narrowed)
    try await setup.catchUp()
    try setup.checkMessages(60)
  }

  @Test("forgets what a reorganisation past its cursor took back, and reads what came instead")
  func reorganisation() async throws {
    let setup = Setup()
    for _ in 1...10 { setup.root.mine([1]) }
    setup.root.finalize(5)
    try await setup.catchUp()
    setup.root.finalize()
    try await setup.catchUp()
    try setup.checkMessages(10)
    setup.root.takeBack(4)
    for _ in 1...6 { setup.root.mine([0, 1]) }
    setup.root.finalize()
    try await setup.catchUp()
    try setup.checkMessages(12)
    #expect(setup.held(.reorganised))
    #expect(try setup.store.contradictions(of: .eth).map(\.number).sorted() == [7, 8, 9, 10])
    setup.clock.advance(by: .seconds(3_600))
    try await setup.catchUp()
    #expect(!setup.held(.reorganised))
  }

  @Test("holds no block for contradicted that came back, and forgets none that did not")
  func contradictions() async throws {
    let setup = Setup()
    setup.root.mine([0])
    setup.root.finalize()
    try await setup.catchUp()
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    let first = setup.root.state.withLock { $0 }
    var hashes: [Hash256] = [setup.root.block(2).header.hash]
    for _ in 0..<2 {
      setup.root.takeBack(1)
      setup.root.mine([1])
      setup.root.finalize()
      try await setup.catchUp()
      hashes.append(setup.root.block(2).header.hash)
    }
    #expect(try Set(setup.store.contradictions(of: .eth).map(\.hash)) == Set(hashes[0...1]))
    setup.root.state.withLock { $0 = first }
    try await setup.catchUp()
    try setup.checkMessages(1)
    #expect(try Set(setup.store.contradictions(of: .eth).map(\.hash)) == Set(hashes[1...2]))
  }

  @Test("loses and repeats nothing, whichever write a crash or a failing disk ends it at")
  func crash() async throws {
    var random = SeededGenerator()
    for index in 0..<24 {
      for fault in SimulatedStore.Fault.allCases {
        let setup = Setup()
        for number in 1...30 { setup.root.mine(number % 4 == 0 ? [2] : [0]) }
        setup.disk.fail(write: index % 6, with: fault)
        for height in stride(from: UInt64(5), through: 30, by: 5) {
          setup.root.finalize(height)
          do { try await setup.catchUp() } catch {
            setup.restart(
              Bool.random(using: &random)
                ? setup.disk.kill() : setup.disk.powerCut(using: &random))
          }
        }
        try await setup.catchUp()
        try setup.checkMessages(14)
      }
    }
  }
}
