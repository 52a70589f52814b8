import Bridge
import ChainTypes
import JSON
import KeyValueStore
import Keys
import Logging
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite("TransactionSender", .timeLimit(.minutes(1)))
struct TransactionSenderTests {
  /// A chain that takes one account's transactions, and makes blocks when told to.
  final class Pool: BridgeEndpoint {
    struct State {
      var nonce: UInt64 = 0
      var finalNonce: UInt64 = 0
      var balance = UInt256.powerOfTen(18) ?? .one
      var baseFee = UInt256(1_000_000_000)
      var waiting: [UInt64: SignedTransaction] = [:]
      var mined: [Hash256: Bool] = [:]
      var done: [[UInt8]] = []
      var refusesGas = false
      var gas: UInt64 = 0x10000
      /// What a transaction takes, whatever is told.
      var gasTaken: UInt64 = 0
      var reverts = false
      var sends = 0
      var loses = false
      var block: UInt64 = 1_000
      var tip = UInt256.one
      /// The most that each of those done could have cost for each gas.
      var paid: [UInt256] = []
      /// Whether nonces of older blocks than the newest can be asked for.
      var isArchive = true
    }

    let name = "pool"
    let state = Mutex(State())

    /// Mines what can be mined, and finalises it unless told otherwise.
    func mine(final: Bool = true) {
      state.withLock { state in
        while let next = state.waiting.removeValue(forKey: state.nonce),
          next.transaction.maxFeePerGas >= state.baseFee
        {
          let succeeds = !state.reverts && next.transaction.gasLimit >= state.gasTaken
          state.mined[next.hash] = succeeds
          if succeeds { state.done.append(next.transaction.data) }
          state.paid.append(next.transaction.maxFeePerGas)
          state.nonce += 1
        }
        if final { state.finalNonce = state.nonce }
      }
    }

    func call(_ method: String, _ params: [JSONValue]) async throws(EndpointError) -> JSONValue {
      try state.withLock { (state) throws(EndpointError) in
        switch method {
        case "eth_chainId": return "0x7"
        case "eth_getBalance": return .string(Hex.quantity(state.balance))
        case "eth_getTransactionCount":
          if params[1] == "latest" { return .string(Hex.quantity(state.nonce)) }
          guard state.isArchive else { throw .refused(.server("missing trie node")) }
          return .string(Hex.quantity(state.finalNonce))
        case "eth_blockNumber": return .string(Hex.quantity(state.block))
        case "eth_maxPriorityFeePerGas": return .string(Hex.quantity(state.tip))
        case "eth_feeHistory":
          return ["baseFeePerGas": [.string(Hex.quantity(state.baseFee))]]
        case "eth_estimateGas":
          if state.refusesGas { throw .refused(.reverted(data: [])) }
          return .string(Hex.quantity(state.gas))
        case "eth_sendRawTransaction":
          let raw = (try? Hex.decode(params[0].stringValue ?? "")) ?? []
          guard let signed = try? SignedTransaction(decoding: raw) else {
            throw .refused(.server("malformed"))
          }
          state.sends += 1
          if state.loses { return .string(signed.hash.hex) }
          let nonce = signed.transaction.nonce
          if nonce < state.nonce { throw .refused(.server("nonce too low")) }
          if let old = state.waiting[nonce], old.hash != signed.hash,
            signed.transaction.maxFeePerGas
              < old.transaction.maxFeePerGas &+ (old.transaction.maxFeePerGas >> 3)
          {
            throw .refused(.server("replacement transaction underpriced"))
          }
          state.waiting[nonce] = signed
          return .string(signed.hash.hex)
        case "eth_getTransactionReceipt":
          guard let hash = try? Hash256(hex: params[0].stringValue ?? ""),
            let succeeded = state.mined[hash]
          else { return .null }
          return ["blockNumber": "0x1", "status": succeeded ? "0x1" : "0x0", "logs": []]
        default: throw .refused(.methodNotFound(method))
        }
      }
    }
  }

  /// An endpoint of the same chain that answers one method with what it likes.
  final class Liar: BridgeEndpoint {
    let name = "liar"
    let pool = Mutex(Pool())
    private let method: String
    private let lie: @Sendable ([JSONValue]) -> Result<JSONValue, EndpointError>

    init(
      _ method: String, _ lie: @escaping @Sendable ([JSONValue]) -> Result<JSONValue, EndpointError>
    ) {
      self.method = method
      self.lie = lie
    }

    func call(_ method: String, _ params: [JSONValue]) async throws(EndpointError) -> JSONValue {
      if method == self.method { return try lie(params).get() }
      let pool = pool.withLock { $0 }
      return try await pool.call(method, params)
    }
  }

  final class Setup {
    let pool = Pool()
    let clock = TestClock()
    let alarms: BridgeAlarms
    let finality: RootFinality
    var endpoints: [any BridgeEndpoint]
    var disk = SimulatedStore()
    var sender: TransactionSender

    init(finality: RootFinality = .tag, liar: Liar? = nil, at place: Int = 0) throws {
      let pool = pool
      self.finality = finality
      endpoints = [pool, pool, pool]
      if let liar {
        liar.pool.withLock { $0 = pool }
        endpoints[place] = liar
      }
      alarms = BridgeAlarms(
        clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      sender = try Self.sender(endpoints, finality, disk, alarms, clock)
    }

    static func sender(
      _ endpoints: [any BridgeEndpoint], _ finality: RootFinality, _ disk: SimulatedStore,
      _ alarms: BridgeAlarms, _ clock: TestClock
    ) throws -> TransactionSender {
      var fees = BridgeFees()
      fees.maximum = UInt256(100_000_000_000)
      return try TransactionSender(
        key: try PrivateKey(bytes: [UInt8](repeating: 7, count: 32)), chainID: 9,
        port: ChainPort(
          name: "eth", endpoints: EndpointGroup(endpoints, quorum: 2, clock: clock),
          finality: finality),
        store: BridgeStore(disk), fees: fees, lowBalance: UInt256(1_000), alarms: alarms,
        clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func restart(_ disk: SimulatedStore) throws {
      self.disk = disk
      sender = try Self.sender(endpoints, finality, disk, alarms, clock)
    }

    var done: [[UInt8]] { pool.state.withLock { $0.done } }
  }

  private func task(_ number: UInt8) -> OutgoingTask {
    OutgoingTask(name: "task \(number)", to: Address(0x77), data: [number])
  }

  @Test("sends each task once, however often it is wanted, until it is final")
  func once() async throws {
    let setup = try Setup()
    for _ in 0..<3 { try await setup.sender.step([task(1), task(2)]) }
    #expect(await setup.sender.names == ["task 1", "task 2"])
    setup.pool.mine(final: false)
    for _ in 0..<3 { try await setup.sender.step([task(1), task(2)]) }
    #expect(setup.done == [[1], [2]])
    setup.pool.mine()
    try await setup.sender.step([])
    #expect(await setup.sender.names.isEmpty)
  }

  @Test("sends the same bytes again after a restart, at whichever write it ended")
  func restart() async throws {
    var random = SeededGenerator()
    for write in 0..<6 {
      for fault in SimulatedStore.Fault.allCases {
        let setup = try Setup()
        setup.disk.fail(write: write, with: fault)
        let wanted = (1...4).map { task($0) }
        for round in 0..<12 {
          let missing = wanted.filter { !setup.done.contains($0.data) }
          do { try await setup.sender.step(missing) } catch {
            try setup.restart(
              Bool.random(using: &random)
                ? setup.disk.kill() : setup.disk.powerCut(using: &random))
          }
          setup.clock.advance(by: .seconds(20))
          if round % 2 == 1 { setup.pool.mine() }
        }
        #expect(setup.done.sorted { $0[0] < $1[0] } == wanted.map(\.data), "\(write) \(fault)")
      }
    }
  }

  @Test("raises the fee of what is stuck, up to the most, and then raises an alarm")
  func fees() async throws {
    let setup = try Setup()
    try await setup.sender.step([task(1)])
    setup.pool.state.withLock { $0.baseFee = UInt256(20_000_000_000) }
    for _ in 0..<20 {
      setup.clock.advance(by: .seconds(61))
      try await setup.sender.step([task(1)])
    }
    setup.pool.mine()
    #expect(setup.done == [[1]])
    try await setup.sender.step([task(2)])
    setup.pool.state.withLock { $0.baseFee = UInt256(900_000_000_000) }
    for _ in 0..<30 {
      setup.clock.advance(by: .seconds(61))
      try await setup.sender.step([task(2)])
    }
    #expect(setup.alarms.all.contains { $0.kind == .failing })
    let highest = setup.pool.state.withLock {
      $0.waiting.values.map(\.transaction.maxFeePerGas).max()
    }
    #expect(try #require(highest) <= UInt256(100_000_000_000))
  }

  @Test("raises an alarm where the account runs out, and ends it when it is filled")
  func balance() async throws {
    let setup = try Setup()
    setup.pool.state.withLock { $0.balance = UInt256(10) }
    try await setup.sender.step([])
    #expect(setup.alarms.all.map(\.kind) == [.balance])
    setup.pool.state.withLock { $0.balance = UInt256(1_000_000) }
    try await setup.sender.step([])
    #expect(setup.alarms.all.isEmpty)
  }

  @Test("leaves what would fail unsent, asks again later, and raises an alarm in the end")
  func wouldFail() async throws {
    let setup = try Setup()
    setup.pool.state.withLock { $0.refusesGas = true }
    for _ in 0..<5 {
      try await setup.sender.step([task(1)])
      setup.clock.advance(by: .seconds(400))
    }
    #expect(setup.pool.state.withLock { $0.sends } == 0)
    #expect(setup.alarms.all.map(\.kind) == [.failing])
    setup.pool.state.withLock { $0.refusesGas = false }
    try await setup.sender.step([task(1)])
    setup.pool.mine()
    try await setup.sender.step([])
    #expect(setup.done == [[1]])
    #expect(setup.alarms.all.isEmpty)
  }

  @Test("gives a task more gas each time that it fails, where endpoints name too little")
  func tooLittleGas() async throws {
    let setup = try Setup()
    setup.pool.state.withLock { $0.gasTaken = 500_000 }
    var tries = 0
    while setup.done.isEmpty, tries < 10 {
      tries += 1
      try await setup.sender.step([task(1)])
      setup.pool.mine()
      try await setup.sender.step([task(1)])
      setup.clock.advance(by: .seconds(400))
    }
    // 82 thousand, 164, 328, 655.
    #expect(tries == 4)
    // A task that can only fail never asks for more than one transaction may have.
    setup.pool.state.withLock { $0.gasTaken = .max }
    for _ in 0..<12 {
      try await setup.sender.step([task(2)])
      let gas = setup.pool.state.withLock { $0.waiting.values.map(\.transaction.gasLimit) }
      #expect(gas.allSatisfy { $0 <= 1 << 24 })
      setup.pool.mine()
      try await setup.sender.step([task(2)])
      setup.clock.advance(by: .seconds(400))
    }
  }

  @Test("leaves unsent what no chain can take, and sends what comes after it")
  func unsendable() async throws {
    let setup = try Setup()
    let large = OutgoingTask(
      name: "large", to: Address(0x77),
      data: [UInt8](repeating: 1, count: SignedTransaction.maximumByteCount), gas: 30_000_000)
    try await setup.sender.step([large, task(1)])
    #expect(await setup.sender.names == ["task 1"])
    #expect(setup.alarms.all.map(\.kind) == [.failing])
    setup.pool.mine()
    #expect(setup.done == [[1]])
    try setup.restart(setup.disk)
    for gas in [UInt64.max, 0, 20_999] {
      setup.pool.state.withLock { $0.gas = gas }
      try await setup.sender.step([task(2)])
      setup.clock.advance(by: .seconds(400))
    }
    setup.pool.state.withLock {
      $0.gas = 0x10000
      $0.nonce = .max
    }
    try await setup.sender.step([task(3)])
    #expect(await setup.sender.names.isEmpty)
  }

  @Test("signs for the chain that it was told of, whatever endpoints say")
  func chainID() async throws {
    let setup = try Setup()
    try await setup.sender.step([task(1)])
    #expect(setup.pool.state.withLock { $0.waiting[0]?.transaction.chainID } == 9)
  }

  @Test(
    "does all that is wanted, and pays no more, with one endpoint of three that lies",
    arguments: [
      "eth_chainId", "eth_getTransactionCount", "eth_getBalance", "eth_maxPriorityFeePerGas",
      "eth_estimateGas", "eth_getTransactionReceipt", "eth_sendRawTransaction", "eth_feeHistory",
    ])
  func oneLiar(_ method: String) async throws {
    let most: JSONValue = "0xffffffffffffffff"
    let lies: [JSONValue] =
      switch method {
      case "eth_feeHistory": [["baseFeePerGas": ["0x0"]], ["baseFeePerGas": [most]], .null]
      case "eth_getTransactionReceipt":
        [.null, ["blockNumber": most, "status": "0x0", "logs": []]]
      case "eth_sendRawTransaction": [.string(Hash256.zero.hex)]
      default: ["0x0", most, "0x38", .null]
      }
    let results =
      lies.map { Result<JSONValue, EndpointError>.success($0) } + [
        .failure(.refused(.server("insufficient funds"))), .failure(.rateLimited),
      ]
    for result in results {
      for place in 0..<3 {
        let setup = try Setup(liar: Liar(method) { _ in result }, at: place)
        let wanted = (1...3).map { task($0) }
        for _ in 0..<12 {
          // With one that fails, another may be too slow for this round: there is a next one.
          do {
            try await setup.sender.step(wanted.filter { !setup.done.contains($0.data) })
          } catch is RootChainError {}
          setup.clock.advance(by: .seconds(30))
          setup.pool.mine()
        }
        #expect(setup.done == wanted.map(\.data), "\(result) at \(place)")
        #expect(await setup.sender.names.isEmpty, "\(result) at \(place)")
        #expect(setup.pool.state.withLock { $0.paid.allSatisfy { $0 <= UInt256(10_000_000_000) } })
      }
    }
  }

  @Test("knows what is final by the depth, where endpoints keep no old states")
  func noOldStates() async throws {
    let setup = try Setup(finality: .depth(200))
    setup.pool.state.withLock { $0.isArchive = false }
    try await setup.sender.step([task(1)])
    setup.pool.mine()
    for _ in 0..<2 {
      try await setup.sender.step([task(1)])
      #expect(await setup.sender.names == ["task 1"])
      setup.pool.state.withLock { $0.block += 199 }
    }
    try await setup.sender.step([])
    #expect(await setup.sender.names.isEmpty)
    #expect(setup.done == [[1]])
  }

  @Test("leaves unsent what the account cannot pay for, and sends what comes after it")
  func cannotPay() async throws {
    let setup = try Setup()
    setup.pool.state.withLock { $0.balance = UInt256(1_000_000_000_000_000) }
    var dear = task(1)
    dear.gas = 10_000_000
    try await setup.sender.step([dear, task(2)])
    #expect(await setup.sender.names == ["task 2"])
    #expect(setup.alarms.all.map(\.kind) == [.failing])
    setup.pool.mine()
    setup.pool.state.withLock { $0.balance = UInt256.powerOfTen(18) ?? .one }
    setup.clock.advance(by: .seconds(10))
    try await setup.sender.step([dear])
    setup.pool.mine()
    #expect(setup.done == [[2], [1]])
  }

  @Test("keeps room for what is urgent, and offers no tip above its most")
  func urgent() async throws {
    let setup = try Setup()
    setup.pool.state.withLock { $0.tip = UInt256(500_000_000_000) }
    let many = (1...40).map { task($0) }
    try await setup.sender.step(many)
    let room = TransactionSender.maximumInFlight - TransactionSender.urgentRoom
    #expect(await setup.sender.names.count == room)
    var vote = task(50)
    vote.isUrgent = true
    try await setup.sender.step(many + [vote])
    #expect(await setup.sender.names.contains("task 50"))
    #expect(
      setup.pool.state.withLock {
        $0.waiting.values.allSatisfy {
          $0.transaction.maxPriorityFeePerGas == BridgeFees().maximumTip
        }
      })
  }

  @Test("begins over a row that cannot be read, with an alarm, and does its task anew")
  func damaged() async throws {
    let setup = try Setup()
    try await setup.sender.step([task(1)])
    var keys: [[UInt8]] = []
    try setup.disk.snapshot().forEach(in: BridgeStore.outgoing.range([])) { key, _ in
      keys.append(Array(key))
      return true
    }
    var batch = WriteBatch()
    for key in keys { batch.put(key, [1, 2, 3]) }
    try setup.disk.write(batch, sync: true)
    try setup.restart(setup.disk)
    #expect(keys.count == 1)
    #expect(setup.alarms.all.map(\.kind) == [.storage])
    setup.pool.state.withLock { $0.waiting = [:] }
    try await setup.sender.step([task(1)])
    setup.pool.mine()
    #expect(setup.done == [[1]])
  }

  @Test("signs anew where its nonces can no longer be reached")
  func stranded() async throws {
    let setup = try Setup()
    try await setup.sender.step([task(1)])
    setup.pool.mine()
    // The first is final, the second is on its way; then the chain forgets the first.
    try await setup.sender.step([task(2)])
    setup.pool.state.withLock { state in
      state.nonce = 0
      state.finalNonce = 0
      state.waiting = [:]
    }
    for _ in 0..<8 {
      try await setup.sender.step([task(2)])
      setup.clock.advance(by: .seconds(61))
      setup.pool.mine()
    }
    #expect(setup.done.contains([2]))
  }
}
