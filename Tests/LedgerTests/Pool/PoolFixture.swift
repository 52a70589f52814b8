import ChainTypes
import Keys
import Ledger
import Logging
import Primitives
import Synchronization
import Testing

/// A pool over accounts, a base fee and a time that a test sets as it likes.
struct PoolFixture: Sendable {
  struct Money: Hashable, Sendable {
    var nonce: UInt64 = 0
    var balance: UInt256 = 1_000_000_000
  }

  private final class World: Sendable {
    let accounts = Mutex<[Address: Money]>([:])
    let time = Mutex<UInt64>(1_000_000)
    let baseFee = Mutex<UInt256>(3)
    let number = Mutex<UInt64>(0)
  }

  static let chainID: UInt64 = 1_337
  static let gasLimit: UInt64 = 100_000
  static let feeFloor: UInt256 = 2
  let pool: TransactionPool
  private let world: World

  init(
    _ storage: (any JournalStorage)? = nil, accounts: [Address: Money] = [:], logger: Logger? = nil,
    _ adjust: (inout TransactionPool.Configuration) -> Void = { _ in }
  ) {
    let world = World()
    world.accounts.withLock { $0 = accounts }
    self.world = world
    var configuration = TransactionPool.Configuration()
    adjust(&configuration)
    pool = TransactionPool(
      configuration: configuration, head: Self.head(world), storage: storage,
      clock: { world.time.withLock { $0 } },
      logger: logger ?? Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  var baseFee: UInt256 { world.baseFee.withLock { $0 } }

  /// Accounts that were never set are as `Money()` has them.
  func money(_ address: Address) -> Money { world.accounts.withLock { $0[address] ?? Money() } }

  func advance(seconds: UInt64) { world.time.withLock { $0 += seconds } }

  /// The next head, with accounts changed; the pool is told of just these.
  func move(_ changes: [Address: Money] = [:], baseFee: UInt256? = nil, all: Bool = false) {
    world.accounts.withLock { $0.merge(changes) { $1 } }
    if let baseFee { world.baseFee.withLock { $0 = baseFee } }
    world.number.withLock { $0 += 1 }
    pool.headChanged(to: Self.head(world), touched: all ? nil : Set(changes.keys))
  }

  private static func head(_ world: World) -> PoolHead {
    let accounts = world.accounts.withLock { $0 }
    return PoolHead(
      number: world.number.withLock { $0 }, chainID: chainID, gasLimit: gasLimit,
      baseFee: world.baseFee.withLock { $0 }, baseFeeFloor: feeFloor
    ) { address in
      let money = accounts[address] ?? Money()
      return Account(nonce: money.nonce, balance: money.balance)
    }
  }

  /// A transaction that counts as signed by `sender`; it costs 21 000 × cap + value at most.
  static func transaction(
    _ sender: Address, _ nonce: UInt64, tip: UInt256 = 1, cap: UInt256 = 100, value: UInt256 = 0,
    gas: UInt64 = 21_000, data: [UInt8] = [], chainID: UInt64? = chainID,
    to: Address? = Address(0xbeef)
  ) throws -> RecoveredTransaction {
    var transaction = Transaction(
      chainID: chainID ?? 0, nonce: nonce, maxPriorityFeePerGas: tip, maxFeePerGas: cap,
      gasLimit: gas, to: to, value: value, data: data)
    if chainID == nil {
      transaction.kind = .legacy
      transaction.chainID = nil
    }
    // Nobody looks at the signature again; it differs by sender, as real ones do.
    let r = try #require(UInt256(bigEndian: sender.bytes))
    let signature = try Signature(r: r, s: 1, recoveryID: 0)
    return RecoveredTransaction(
      SignedTransaction(transaction, signature: signature), sender: sender)
  }

  @discardableResult
  func add(
    _ sender: Address, _ nonce: UInt64, tip: UInt256 = 1, cap: UInt256 = 100, value: UInt256 = 0,
    gas: UInt64 = 21_000, data: [UInt8] = [], local: Bool = false
  ) throws -> TransactionPool.Outcome {
    try pool.add(
      try Self.transaction(
        sender, nonce, tip: tip, cap: cap, value: value, gas: gas, data: data), isLocal: local)
  }

  /// The nonces of a sender's pending and queued ones.
  func nonces(_ sender: Address) -> [[UInt64]] {
    let content = pool.content(of: sender)
    return [content.pending.map(\.transaction.nonce), content.queued.map(\.transaction.nonce)]
  }

  /// Senders and nonces as a block builder gets them.
  func order(baseFee: UInt256? = nil) -> [[UInt64]] {
    var source = pool.source(baseFee: baseFee ?? self.baseFee)
    var order: [[UInt64]] = []
    while let next = source.next() {
      order.append([
        next.sender.bytes.suffix(2).reduce(0) { $0 << 8 | UInt64($1) },
        next.signed.transaction.nonce,
      ])
    }
    return order
  }
}
