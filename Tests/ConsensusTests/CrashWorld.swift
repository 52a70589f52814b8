import ChainTypes
import Consensus
import KeyValueStore
import Keys
import Ledger
import Logging
import Primitives
import TestSupport

/// One seed's run: lives of a validator, each ended by a crash.
struct CrashWorld {
  /// A store with nothing but genesis, made once.
  struct Template {
    let genesis = TestChain.genesis()
    private let store = SimulatedStore()

    init() throws { try Chain.create(genesis, in: store) }

    /// A store of its own with the same contents.
    func copy() -> SimulatedStore { store.kill() }
  }

  struct Violation: Error, CustomStringConvertible {
    let description: String
  }

  struct Acknowledged {
    let location: TransactionLocation
    let blockHash: Hash256
    let receipt: StoredReceipt
  }

  static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
  private static let receivers = (0..<6).map { Address(UInt32(0x5000 + $0)) }
  private static let tokenTransfer = ABIFunction("transfer(address,uint256)", returns: "bool")

  private var generator: SeededGenerator
  private var store: SimulatedStore
  private let guardStorage = CrashingGuardStorage()
  private var model: MoneyModel
  private var intents: [Hash256: (Address, MoneyModel.Intent)] = [:]
  private var acknowledged: [Hash256: Acknowledged] = [:]
  private var published: DoubleSignGuard.Mark
  /// Every seal that was seen, by height: two for one height would be double signing.
  private var seen: [UInt64: Hash256] = [:]

  init(_ template: Template, seed: UInt64) {
    generator = SeededGenerator(seed: seed)
    store = template.copy()
    model = MoneyModel(genesis: template.genesis, feeRecipient: TestChain.validator.address)
    published = DoubleSignGuard.Mark(height: 0, hash: .zero)
  }

  mutating func run() async throws {
    for _ in 0..<Int.random(in: 2...5, using: &generator) { try await live() }
    let chain = try Chain(store: store, logger: Self.silent)
    try checkComeback(chain.view)
  }

  /// Opens what the last crash left, makes blocks until a fault or for a while, and dies.
  private mutating func live() async throws {
    let chain = try Chain(store: store, logger: Self.silent)
    try checkComeback(chain.view)
    let signGuard = try DoubleSignGuard(storage: guardStorage)
    if let last = signGuard.last, last.height > chain.view.head.number {
      throw Violation(description: "the guard knows \(last), the database \(published)")
    }
    let pool = try TransactionPool(view: chain.view, clock: { 3_000 }, logger: Self.silent)
    if Int.random(in: 0..<12, using: &generator) == 0 {
      failNextGuardWrite()
      if (try? Self.validator(chain, pool, signGuard)) != nil {
        // Nothing was new to the guard.
        guardStorage.repair()
        guard signGuard.last == mark(chain.view) else {
          throw Violation(description: "the guard missed a write that failed")
        }
      }
      return die()
    }
    let solo = try Self.validator(chain, pool, signGuard)
    guard signGuard.last == mark(chain.view) else {
      throw Violation(description: "the guard does not know the head after the start")
    }
    for _ in 0..<Int.random(in: 1...5, using: &generator) {
      for _ in 0..<Int.random(in: 0...4, using: &generator) { try submit(to: pool) }
      let fails = armFault()
      do {
        let view = try await solo.makeBlock(timestamp: nil)
        if fails { throw Violation(description: "a block was published in spite of a fault") }
        try publish(view)
        guard signGuard.last == published else {
          throw Violation(description: "a block was published before the guard knew it")
        }
      } catch let violation as Violation {
        throw violation
      } catch {
        guard fails else { throw error }
        try await expectStandstill(solo, chain)
        break
      }
    }
    if Bool.random(using: &generator) { try prepareOnly(chain, pool) }
    die()
  }

  private static func validator(
    _ chain: Chain, _ pool: TransactionPool, _ signGuard: DoubleSignGuard
  ) throws -> SoloConsensus {
    try SoloConsensus(
      chain: chain, pool: pool, key: TestChain.validator, signGuard: signGuard,
      configuration: .init(), clock: { 3_000 }, logger: silent)
  }

  private func mark(_ view: ChainView) -> DoubleSignGuard.Mark {
    .init(height: view.head.number, hash: view.headHash)
  }

  // MARK: Faults

  /// Makes the next block fail, one time in four.
  private mutating func armFault() -> Bool {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0:
      store.failNextWrite(
        with: SimulatedStore.Fault.allCases.randomElement(using: &generator) ?? .io)
    case 1: failNextGuardWrite()
    default: return false
    }
    return true
  }

  private mutating func failNextGuardWrite() {
    guardStorage.failNextWrite(
      with: CrashingGuardStorage.Fault.allCases.randomElement(using: &generator) ?? .before,
      kept: Int.random(in: 0...56, using: &generator))
  }

  /// After a failed write nothing more may be written or seen.
  private func expectStandstill(_ solo: SoloConsensus, _ chain: Chain) async throws {
    let writes = store.writeCount
    let view = try? await solo.makeBlock(timestamp: nil)
    guard view == nil, store.writeCount == writes, mark(chain.view).height == published.height
    else {
      throw Violation(description: "it went on after a failed write")
    }
  }

  /// Work that a crash interrupts before anything of it is written.
  private func prepareOnly(_ chain: Chain, _ pool: TransactionPool) throws {
    var source = pool.source(baseFee: chain.view.nextBaseFee)
    _ = try? chain.build(
      BlockAttributes(timestamp: 3_000, feeRecipient: Address(0xdead)), from: &source)
  }

  private mutating func die() {
    store = Bool.random(using: &generator) ? store.kill() : store.powerCut(using: &generator)
  }

  // MARK: What must hold

  /// The head is the last published block, or one later that was written and never seen.
  private mutating func checkComeback(_ view: ChainView) throws {
    let head = mark(view)
    if published.height == 0, published.hash == .zero {
      published.hash = view.genesisHash
    }
    switch head.height {
    case published.height:
      guard head == published else { throw Violation(description: "another block at the head") }
    case published.height + 1: try publish(view)
    default:
      throw Violation(description: "came back at \(head), had published \(published)")
    }
    for (hash, known) in acknowledged {
      let number = known.location.blockNumber
      let receipts = try view.receipts(number) ?? []
      guard try view.location(of: hash) == known.location,
        try view.hash(number) == known.blockHash,
        receipts.dropFirst(known.location.index).first == known.receipt
      else { throw Violation(description: "the receipt of \(hash) is gone") }
    }
    try model.check(view.state)
    var verifier = ChainVerifier(view: view)
    guard try verifier.verify().burned == model.burned else {
      throw Violation(description: "another sum was burned")
    }
  }

  private mutating func publish(_ view: ChainView) throws {
    let head = mark(view)
    guard head.height == published.height + 1, view.head.parentHash == published.hash,
      seen.updateValue(head.hash, forKey: head.height) == nil,
      let block = try view.block(head.height), let receipts = try view.receipts(head.height)
    else { throw Violation(description: "\(head) does not follow \(published)") }
    try model.apply(block, receipts, intents: intents)
    for (index, (transaction, receipt)) in zip(block.transactions, receipts).enumerated() {
      acknowledged[transaction.hash] = Acknowledged(
        location: TransactionLocation(blockNumber: head.height, index: index),
        blockHash: head.hash, receipt: receipt)
    }
    try model.check(view.state)
    published = head
  }

  // MARK: Work

  /// Offers a random transaction; one the pool refuses is forgotten.
  private mutating func submit(to pool: TransactionPool) throws {
    let key = TestChain.keys[Int.random(in: 0..<4, using: &generator)]
    let next = try pool.pendingNonce(of: key.address)
    var nonce = next
    var tip = UInt64.random(in: 1...1_000, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: nonce += UInt64.random(in: 1...2, using: &generator)
    case 1 where next > 0:
      // A replacement, or one that comes too late.
      nonce -= 1
      tip *= 1_000
    default: break
    }
    let to = Self.receivers.randomElement(using: &generator) ?? .zero
    let value = UInt256(UInt64.random(in: 0...1_000_000, using: &generator))
    let (intent, transaction) = try makeTransaction(key, nonce, tip: UInt256(tip), to, value)
    intents[transaction.hash] = (key.address, intent)
    let recovered = try RecoveredTransaction(recovering: transaction)
    _ = try? pool.add(recovered, isLocal: true)
  }

  private mutating func makeTransaction(
    _ key: PrivateKey, _ nonce: UInt64, tip: UInt256, _ to: Address, _ value: UInt256
  ) throws -> (MoneyModel.Intent, SignedTransaction) {
    let token = Address(0x1010)
    switch Int.random(in: 0..<6, using: &generator) {
    case 0:
      let sent = Bool.random(using: &generator) ? value : 0
      let data = try Self.tokenTransfer.encodeCall([.address(to), .uint(value)])
      return (
        .sendToken(to: to, value: value),
        try TestChain.transfer(
          from: key, nonce: nonce, to: token, value: sent, tip: tip, gasLimit: 120_000, data: data)
      )
    case 1:
      let tooMuch = UInt256.max
      let data = try Self.tokenTransfer.encodeCall([.address(to), .uint(tooMuch)])
      return (
        .fail,
        try TestChain.transfer(
          from: key, nonce: nonce, to: token, value: 0, tip: tip, gasLimit: 120_000, data: data)
      )
    case 2:
      return (
        .fail,
        try TestChain.transfer(
          from: key, nonce: nonce, to: token, value: value, tip: tip, gasLimit: 60_000)
      )
    default:
      return (
        .send(to: to, value: value),
        try TestChain.transfer(from: key, nonce: nonce, to: to, value: value, tip: tip)
      )
    }
  }
}

extension CrashWorld {
  /// Blocks that a validator made without trouble.
  static func leaderBlocks(_ template: Template, count: UInt64) async throws -> [SealedBlock] {
    let chain = try Chain(store: template.copy(), logger: silent)
    for height in 0..<count {
      var source = ListSource([
        try RecoveredTransaction(
          recovering: TestChain.transfer(
            from: TestChain.keys[0], nonce: height, to: Address(0xabc), value: 5))
      ])
      let prepared = try chain.build(
        BlockAttributes(timestamp: 2_000, feeRecipient: Address(0xfee)), from: &source)
      try chain.commit(
        prepared,
        seal: BlockSeal(
          chainID: chain.genesis.chainID, height: height + 1, blockHash: prepared.hash,
          key: TestChain.validator))
    }
    return try (1...count).compactMap { try chain.view.sealedBlock($0) }
  }

  /// Follows `blocks` with power cuts in between, syncing only now and then.
  static func follow(_ blocks: [SealedBlock], _ template: Template, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var store = template.copy()
    var durable: UInt64 = 0
    while durable < blocks.count {
      let chain = try Chain(store: store, logger: silent)
      var height = chain.view.head.number
      guard height >= durable else { throw Violation(description: "lost a synced block") }
      durable = height
      if height > 0, chain.view.headHash != blocks[Int(height) - 1].block.header.hash {
        throw Violation(description: "came back with another block")
      }
      var verifier = ChainVerifier(view: chain.view)
      _ = try verifier.verify()
      for sealed in blocks[Int(height)...].prefix(Int.random(in: 1...4, using: &generator)) {
        let sync = Int.random(in: 0..<4, using: &generator) == 0
        let prepared = try chain.prepare(sealed, now: 2_000)
        height = try chain.commit(prepared, seal: sealed.seal, sync: sync).head.number
        if sync { durable = height }
      }
      if height == blocks.count { return }
      store = store.powerCut(using: &generator)
    }
  }
}
