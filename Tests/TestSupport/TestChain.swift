public import ChainTypes
public import KeyValueStore
public import Keys
public import Ledger
internal import Logging
public import Primitives

/// A chain in memory with funded accounts, and the key that seals its blocks.
public struct TestChain: Sendable {
  /// The accounts that genesis funds with a million BTT each.
  public static let keys: [PrivateKey] = (1...8).map { key(UInt64($0)) }
  /// The block maker's key.
  public static let validator = key(999)
  /// The chain.
  public let chain: Chain
  /// Its store.
  public let store: any KeyValueStore

  /// The key whose secret is a small number.
  public static func key(_ number: UInt64) -> PrivateKey {
    guard let key = try? PrivateKey(bytes: UInt256(number).word.bytes) else {
      return PrivateKey.generate()
    }
    return key
  }

  /// A genesis that funds `keys`, with changes by `adjust`.
  public static func genesis(_ adjust: (inout Genesis) -> Void = { _ in }) -> Genesis {
    let million = UInt256(1_000_000) &* (UInt256.powerOfTen(18) ?? .one)
    var genesis = Genesis(
      name: "test", chainID: 1_337, timestamp: 1_000, gasLimit: 240_000_000,
      supply: million &* 990_000_000,
      allocations: Dictionary(
        uniqueKeysWithValues: keys.map { ($0.address, Genesis.Allocation(balance: million)) }),
      validators: [.init(address: validator.address, weight: 1, makesBlocks: true)],
      modules: [Address(0x1000): .validatorSet, Address(0x1010): .btt],
      fees: FeePolicy(
        initialBaseFee: 1_000_000_000, baseFeeFloor: 1_000_000_000, baseFeeDestination: .burn))
    adjust(&genesis)
    return genesis
  }

  /// A chain over a store, started from a genesis when the store is empty.
  public init(
    store: any KeyValueStore = SimulatedStore(), genesis: Genesis = TestChain.genesis(),
    configuration: Chain.Configuration = .init()
  ) throws {
    self.store = store
    if try !Chain.exists(in: store) { try Chain.create(genesis, in: store) }
    chain = try Chain(
      store: store, configuration: configuration,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  /// A signed transfer of type 2.
  public static func transfer(
    from key: PrivateKey, nonce: UInt64, to: Address, value: UInt256 = 1, tip: UInt256 = 1_000,
    gasLimit: UInt64 = 21_000, data: [UInt8] = [], chainID: UInt64 = 1_337
  ) throws -> SignedTransaction {
    try SignedTransaction(
      signing: Transaction(
        chainID: chainID, nonce: nonce, maxPriorityFeePerGas: tip,
        maxFeePerGas: 100_000_000_000, gasLimit: gasLimit, to: to, value: value, data: data),
      with: key)
  }

  /// Builds, seals and commits a block of these transactions.
  ///
  /// - Returns: the block, its receipts, and what was left out and why.
  @discardableResult
  public func mine(
    _ transactions: [SignedTransaction] = [], timestamp: UInt64 = 2_000
  ) throws -> (block: PreparedBlock, refused: [TransactionRejection]) {
    var source = ListSource(try transactions.map { try RecoveredTransaction(recovering: $0) })
    let prepared = try chain.build(
      BlockAttributes(timestamp: timestamp, feeRecipient: Address(0xfee)), from: &source)
    try chain.commit(prepared, seal: try seal(prepared))
    return (prepared, source.refused)
  }

  /// The validator's seal for a block.
  public func seal(_ prepared: PreparedBlock) throws -> BlockSeal {
    try BlockSeal(
      chainID: chain.genesis.chainID, height: prepared.block.header.number,
      blockHash: prepared.hash, key: Self.validator)
  }
}

/// Transactions in a given order.
public struct ListSource: TransactionSource {
  private var rest: ArraySlice<RecoveredTransaction>
  /// Why transactions were left out.
  public private(set) var refused: [TransactionRejection] = []

  /// A source of these transactions.
  public init(_ transactions: [RecoveredTransaction]) { rest = transactions[...] }

  /// The next one.
  public mutating func next() -> RecoveredTransaction? { rest.popFirst() }

  /// Notes what was refused.
  public mutating func skip(
    _ transaction: RecoveredTransaction, _ rejection: TransactionRejection
  ) {
    refused.append(rejection)
  }
}
