import Bridge
import ChainTypes
import KeyValueStore
import Keys
import Logging
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite("RootRelay", .timeLimit(.minutes(1)))
struct RootRelayTests {
  /// A relay between a scripted root chain, which is read by a follower, and a scripted sidechain.
  final class Setup {
    let root = ScriptedRoot()
    let side = ScriptedSidechain()
    let clock = TestClock()
    let endpoints: [ScriptedEndpoint]
    let store = BridgeStore(SimulatedStore())
    let alarms: BridgeAlarms
    let follower: RootFollower
    let relay: RootRelay
    let key: PrivateKey

    init(
      _ faults: [Set<ScriptedEndpoint.Fault>] = [[], [], []], checkpointInterval: UInt64 = 1
    ) throws {
      let root = root
      endpoints = faults.enumerated().map { ScriptedEndpoint("e\($0)", root, $1) }
      alarms = BridgeAlarms(
        clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      key = try PrivateKey(bytes: [UInt8](repeating: 7, count: 32))
      let chain = RootFollowerTests.Setup.chain(endpoints, clock)
      follower = RootFollower(
        chain: chain, chainID: 1, store: store, stateSender: ScriptedRoot.stateSender, start: 0,
        alarms: alarms, clock: clock)
      relay = RootRelay(
        root: .init(
          id: .eth, chainID: 1, stateSender: ScriptedRoot.stateSender,
          checkpoints: ScriptedRoot.checkpoints, manager: Address(3), btt: Address(0xb77)),
        sidechain: Sidechain(
          port: ChainPort(
            name: "sidechain", endpoints: EndpointGroup([side], quorum: 1, clock: clock),
            finality: nil)),
        chain: chain, store: store, validator: key, checkpointInterval: checkpointInterval,
        alarms: alarms, clock: clock)
    }

    func catchUp() async throws {
      for _ in 0..<200 where try await follower.step() == .upToDate { return }
    }

    func look() async throws -> RootRelay.Tasks {
      try await relay.deposits(try store.waiting(of: .eth, limit: 256))
    }

    /// As if a quorum had voted for the block that stands there now.
    func attest(_ number: UInt64) {
      let header = root.block(number).header
      side.state.withLock { $0.attested[number] = (header.hash, header.receiptsRoot) }
    }

    func checkpoints() async throws -> [OutgoingTask] {
      try await relay.checkpoints(
        final: root.state.withLock { $0.final }, patience: .seconds(3_600))
    }

    func held(_ kind: BridgeAlarm.Kind) -> Bool { alarms.all.contains { $0.kind == kind } }

    func withdraw(_ count: UInt64) {
      side.state.withLock { state in
        state.withdrawals = (0..<count).map {
          Withdrawal(
            index: $0, rootToken: Address(0xb77), receiver: Address(5), amount: .one, height: 1)
        }
      }
    }

    func candidate(_ number: UInt64, count: UInt64, isTrue: Bool) -> ScriptedSidechain.Candidate {
      ScriptedSidechain.Candidate(
        digest: Keccak256.hash([UInt8(number), isTrue ? 1 : 0]),
        statement: CheckpointStatement(
          sidechainID: 7, rootID: RootID.eth.rawValue, epoch: 0, endHeight: number,
          endBlockHash: isTrue ? ScriptedSidechain.blockHash(number) : Keccak256.hash([0]),
          outboxRoot: ScriptedSidechain.outboxRoot, outboxCount: count))
    }
  }

  private func names(_ tasks: [OutgoingTask]) -> [String] { tasks.map(\.name) }

  @Test("votes for a message's header, proves it once it is attested, and then is done")
  func deposit() async throws {
    let setup = try Setup()
    setup.root.mine([0, 2])
    setup.root.finalize()
    try await setup.catchUp()
    var tasks = try await setup.look()
    #expect(names(tasks.votes) == ["attest eth 1"])
    #expect(tasks.proofs.isEmpty)
    setup.side.state.withLock { _ = $0.voted.insert(1) }
    tasks = try await setup.look()
    #expect(tasks.votes.isEmpty && tasks.proofs.isEmpty)
    setup.attest(1)
    tasks = try await setup.look()
    #expect(names(tasks.proofs) == ["proof eth 1", "proof eth 2"])
    let proof = try DepositProof(decodingCall: tasks.proofs[1].data)
    #expect(
      try proof.verified(stateSender: ScriptedRoot.stateSender).message == ScriptedRoot.message(2))
    setup.side.state.withLock { $0.messages = [1: (.applied, 0, 0), 2: (.applied, 0, 0)] }
    tasks = try await setup.look()
    #expect(tasks.proofs.isEmpty)
    #expect(try setup.store.waiting(of: .eth, limit: 10).isEmpty)
    #expect(try setup.store.outcome(2, of: .eth)?.state == "applied")
  }

  @Test("votes for no header that was taken back since, and for none that nobody can show")
  func staleVote() async throws {
    let setup = try Setup()
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    for endpoint in setup.endpoints { endpoint.set([.unreachable]) }
    #expect(try await setup.look().votes.isEmpty)
    for endpoint in setup.endpoints { endpoint.set([]) }
    setup.clock.advance(by: .seconds(60))
    setup.root.takeBack(1)
    setup.root.mine([1])
    setup.root.finalize()
    #expect(try await setup.look().votes.isEmpty)
    try await setup.catchUp()
    #expect(names(try await setup.look().votes) == ["attest eth 1"])
  }

  @Test("puts a message apart that no transaction can carry, and goes on with those after it")
  func unprovable() async throws {
    let setup = try Setup()
    setup.root.mine([1], padding: 3 << 20)
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    setup.attest(1)
    setup.attest(2)
    #expect(names(try await setup.look().proofs) == ["proof eth 2"])
    #expect(try setup.store.waiting(of: .eth, limit: 10) == [2])
    #expect(try setup.store.outcome(1, of: .eth)?.state == MessageOutcome.unprovable)
    #expect(setup.held(.failing))
  }

  @Test("pauses once for a contradiction; after a resumption later deposits arrive")
  func contradiction() async throws {
    let setup = try Setup()
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    setup.attest(1)
    setup.root.takeBack(1)
    setup.root.mine([0])
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    #expect(names(try await setup.look().votes) == ["pause eth"])
    #expect(setup.held(.contradicted))
    setup.side.state.withLock { ($0.isPausing, $0.isPaused) = (true, true) }
    for _ in 0..<2 {
      let tasks = try await setup.look()
      #expect(tasks.votes.isEmpty && tasks.proofs.isEmpty)
    }
    // Its owner resumes: what stands at other heights goes on, and it is not paused again.
    setup.side.state.withLock { ($0.isPausing, $0.isPaused) = (false, false) }
    #expect(names(try await setup.look().votes) == ["attest eth 2"])
    #expect(setup.held(.contradicted))
    setup.attest(2)
    #expect(names(try await setup.look().proofs) == ["proof eth 1"])
    // The next contradiction pauses again.
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    setup.attest(3)
    setup.root.takeBack(1)
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    #expect(names(try await setup.look().votes) == ["pause eth"])
  }

  @Test("tells a message from one of a block taken back that used up its number")
  func superseded() async throws {
    let setup = try Setup()
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    setup.attest(1)
    setup.root.takeBack(1)
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    setup.side.state.withLock {
      $0.messages[1] = (.applied, 0, 0)
      $0.applied[1] = Keccak256.hash([0])
    }
    _ = try await setup.look()
    #expect(try setup.store.outcome(1, of: .eth)?.state == "superseded")
    // Where what was carried out is too old to be found, nothing is said against it.
    let message = try #require(try setup.store.message(1, of: .eth))
    let sidechain = Sidechain(
      port: ChainPort(
        name: "sidechain", endpoints: EndpointGroup([setup.side], quorum: 1, clock: setup.clock),
        finality: nil))
    let known = try await sidechain.message(.eth, 1)
    setup.side.state.withLock { $0.applied = [:] }
    #expect(try await !sidechain.isSuperseded(message, known, setup.store))
    setup.side.state.withLock { $0.applied[1] = Keccak256.hash(message.data) }
    #expect(try await !sidechain.isSuperseded(message, known, setup.store))
  }

  @Test("retries a failed deposit once its token is mapped, and refunds it after its time")
  func failures() async throws {
    let setup = try Setup()
    setup.root.mine([1])
    setup.root.finalize()
    try await setup.catchUp()
    let until = setup.clock.seconds + 1_000
    setup.side.state.withLock {
      $0.messages[1] = (.failed, MessageFailure.notMapped.rawValue, until)
    }
    _ = try await setup.look()
    #expect(try await setup.relay.failures().isEmpty)
    setup.side.state.withLock { $0.isMapped = true }
    #expect(names(try await setup.relay.failures()) == ["retry eth 1"])
    setup.clock.advance(by: .seconds(1_001))
    #expect(names(try await setup.relay.failures()) == ["refund eth 1"])
    setup.side.state.withLock { $0.messages[1] = (.refunded, 0, 0) }
    #expect(try await setup.relay.failures().isEmpty)
    #expect(try setup.store.failed(of: .eth, limit: 10).isEmpty)
    #expect(try setup.store.outcome(1, of: .eth)?.state == "refunded")
  }

  @Test("signs the first true checkpoint, whatever false ones stand before it, and once")
  func candidates() async throws {
    let setup = try Setup()
    setup.withdraw(2)
    let key = setup.key.address
    let own = try await setup.relay.signatures()
    #expect(names(own) == ["sign eth 2"])
    setup.side.state.withLock {
      $0.candidates = [
        setup.candidate(20, count: 2, isTrue: false), setup.candidate(30, count: 2, isTrue: true),
        setup.candidate(40, count: 2, isTrue: true),
      ]
    }
    let arguments = try StateReceiverModule.signCheckpoint.decodeCall(
      try #require(try await setup.relay.signatures().first).data)
    #expect(arguments[1] == .uint(30))
    setup.side.state.withLock { $0.candidates[1].signers = [key] }
    #expect(try await setup.relay.signatures().isEmpty)
    setup.side.state.withLock { $0.isPaused = true }
    setup.side.state.withLock { $0.candidates = [] }
    #expect(try await setup.relay.signatures().isEmpty)
  }

  @Test("begins a checkpoint only where the last one is old enough and something is new")
  func interval() async throws {
    let setup = try Setup(checkpointInterval: 50)
    setup.withdraw(2)
    setup.side.state.withLock { $0.last = setup.candidate(60, count: 2, isTrue: true) }
    #expect(try await setup.relay.signatures().isEmpty)
    setup.withdraw(3)
    #expect(try await setup.relay.signatures().isEmpty)
    setup.side.state.withLock { $0.head = 110 }
    #expect(names(try await setup.relay.signatures()) == ["sign eth 3"])
  }

  @Test("brings a checkpoint that one endpoint says is there already", arguments: 0..<3)
  func hiddenCheckpoint(liar: Int) async throws {
    var faults: [Set<ScriptedEndpoint.Fault>] = [[], [], []]
    faults[liar] = [.checkpointed(1 << 40)]
    let setup = try Setup(faults)
    setup.root.mine([0])
    setup.root.finalize()
    setup.withdraw(2)
    setup.side.state.withLock { $0.last = setup.candidate(60, count: 2, isTrue: true) }
    setup.clock.advance(by: .seconds(7_200))
    let tasks = try await setup.checkpoints()
    #expect(names(tasks) == ["checkpoint eth 60"])
    #expect(setup.held(.checkpoint))
  }

  @Test("sends no checkpoint that is in a block, and watches until that block is final")
  func unfinalCheckpoint() async throws {
    let setup = try Setup()
    for _ in 1...4 { setup.root.mine([0]) }
    setup.root.finalize(2)
    setup.withdraw(2)
    setup.side.state.withLock { $0.last = setup.candidate(60, count: 2, isTrue: true) }
    setup.root.state.withLock { $0.accepted = [(4, 2)] }
    #expect(try await setup.checkpoints().isEmpty)
    #expect(setup.held(.checkpoint))
    // Taken back, it is brought again.
    setup.root.state.withLock { $0.accepted = [] }
    #expect(try await setup.checkpoints().count == 1)
    setup.root.state.withLock { $0.accepted = [(4, 2)] }
    setup.root.finalize()
    #expect(try await setup.checkpoints().isEmpty)
    #expect(!setup.held(.checkpoint))
    // Where no endpoint keeps the state of a final block, the newest one has to do.
    for endpoint in setup.endpoints { endpoint.set([.forgetStates]) }
    setup.root.mine([0])
    #expect(try await setup.checkpoints().isEmpty)
  }

  @Test("takes the tasks of root chains in turns")
  func turns() {
    func tasks(_ names: String...) -> [OutgoingTask] {
      names.map { OutgoingTask(name: $0, to: .zero, data: []) }
    }
    let lanes = [tasks("a1", "a2", "a3"), tasks(), tasks("b1")]
    #expect(names(BridgeService.inTurns(lanes)) == ["a1", "b1", "a2", "a3"])
  }
}
