internal import ChainTypes
internal import Dispatch
internal import Foundation
internal import Keys
internal import Ledger
internal import Logging
internal import Node
internal import Primitives

/// A chain with many funded accounts, and blocks for it.
///
/// Of all accounts up to 100 000 have keys and send; all receive.
struct ChainFixture {
  let validator: PrivateKey
  let keys: [PrivateKey]
  let addresses: [Address]
  let genesis: Genesis
  private var nonces: [UInt64]
  private var random: Sequence64
  private static let timestamp: UInt64 = 1_700_000_000

  init(accounts: Int, keys keyLimit: Int = 100_000, channels: ChannelRules? = nil) throws {
    var random = Sequence64(seed: 3)
    validator = try PrivateKey(bytes: random.bytes(32))
    let secrets = (0..<min(accounts, keyLimit)).map { _ in random.bytes(32) }
    keys = try Self.concurrentMap(secrets) { try PrivateKey(bytes: $0) }
    var addresses = keys.map(\.address)
    while addresses.count < accounts {
      addresses.append(Address(truncating: Keccak256.hash(random.bytes(32))))
    }
    self.addresses = addresses
    let million = UInt256(1_000_000) &* (UInt256.powerOfTen(18) ?? .one)
    var modules: [Address: ModuleKind] = [
      Address(0x1000): .validatorSet, Address(0x1010): .btt,
    ]
    if channels != nil { modules[ChannelModule.address] = .channels }
    genesis = Genesis(
      name: "bench", chainID: 1_337, timestamp: Self.timestamp, gasLimit: 240_000_000,
      supply: million &* 990_000_000,
      allocations: Dictionary(
        uniqueKeysWithValues: addresses.map { ($0, Genesis.Allocation(balance: million)) }),
      validators: [.init(address: validator.address, weight: 1, makesBlocks: true)],
      modules: modules,
      fees: FeePolicy(
        initialBaseFee: 1_000_000_000, baseFeeFloor: 1_000_000_000, baseFeeDestination: .burn),
      channels: channels)
    nonces = [UInt64](repeating: 0, count: keys.count)
    self.random = random
  }

  // MARK: Directories

  /// Opens the chain in a directory, and makes it there first if there is none.
  func openChain(_ directory: String) throws -> Chain {
    let data = DataDirectory(path: directory)
    try data.create()
    let store = try data.openStore(createIfMissing: true)
    if try !Chain.exists(in: store) { try Chain.create(genesis, in: store) }
    return try Chain(
      store: store, logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  /// Opens the chain in a directory for `body`; afterwards another process may have it.
  mutating func withChain(
    _ directory: String, _ body: (inout ChainFixture, Chain) throws -> Void
  ) throws {
    let chain = try openChain(directory)
    defer { chain.close() }
    try body(&self, chain)
  }

  /// Writes the validator's key where `btt node run --key-file` finds it.
  func writeKey(_ path: String) throws {
    let text = Hex.encode(validator.withUnsafeBytes { Array($0) })
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  // MARK: Blocks

  /// Signs transfers of one wei among random accounts, each sender's nonces in order.
  mutating func transfers(_ count: Int) throws -> [RecoveredTransaction] {
    try sign(
      (0..<count).map { _ in
        let sender = Int.random(in: keys.indices, using: &random)
        let receiver = addresses[Int.random(in: addresses.indices, using: &random)]
        return (sender, transaction(of: sender, to: receiver, value: 1, gas: 21_000))
      })
  }

  /// Signs one call of the token's `transfer`, which leaves a log.
  mutating func tokenTransfer(to receiver: Address) throws -> [RecoveredTransaction] {
    let sender = Int.random(in: keys.indices, using: &random)
    var call = Array(Keccak256.hash(Array("transfer(address,uint256)".utf8)).bytes.prefix(4))
    call += [UInt8](repeating: 0, count: 12) + receiver.bytes + UInt256.one.word.bytes
    return try sign([
      (
        sender,
        transaction(of: sender, to: Genesis.reserveAddress, value: 0, gas: 100_000, data: call)
      )
    ])
  }

  /// Signs a call of the channel module by the first account.
  mutating func call(
    _ call: ChannelCall, value: UInt128 = 0, gas: UInt64
  ) throws -> RecoveredTransaction {
    let transaction = transaction(
      of: 0, to: ChannelModule.address, value: UInt256(value), gas: gas,
      data: try call.encoded())
    return try RecoveredTransaction(
      recovering: SignedTransaction(signing: transaction, with: keys[0]))
  }

  private mutating func transaction(
    of sender: Int, to: Address, value: UInt256, gas: UInt64, data: [UInt8] = []
  ) -> Transaction {
    defer { nonces[sender] += 1 }
    return Transaction(
      chainID: genesis.chainID, nonce: nonces[sender], maxPriorityFeePerGas: 1_000,
      maxFeePerGas: 100_000_000_000, gasLimit: gas, to: to, value: value, data: data)
  }

  private func sign(_ transactions: [(Int, Transaction)]) throws -> [RecoveredTransaction] {
    let keys = keys
    return try Self.concurrentMap(transactions) { sender, transaction in
      try RecoveredTransaction(
        recovering: SignedTransaction(signing: transaction, with: keys[sender]))
    }
  }

  /// Makes, seals and commits a block of these transactions, without waiting for the disk.
  func mine(_ transactions: [RecoveredTransaction], on chain: Chain) throws -> SealedBlock {
    let (prepared, seal) = try commit(transactions, on: chain, sync: false)
    return SealedBlock(block: prepared.block, seal: seal)
  }

  /// Makes, seals and commits a block of these transactions.
  func commit(
    _ transactions: [RecoveredTransaction], on chain: Chain, sync: Bool
  ) throws -> (prepared: PreparedBlock, seal: BlockSeal) {
    var source = Offered(rest: transactions[...])
    let view = chain.view
    let prepared = try chain.build(
      BlockAttributes(
        timestamp: Self.timestamp + view.head.number + 1, feeRecipient: validator.address),
      from: &source)
    try require(
      prepared.block.transactions.count == transactions.count,
      "a block has \(prepared.block.transactions.count) of \(transactions.count) transactions")
    let seal = try BlockSeal(
      chainID: genesis.chainID, height: prepared.block.header.number, blockHash: prepared.hash,
      key: validator)
    try chain.commit(prepared, seal: seal, sync: sync)
    return (prepared, seal)
  }

  private struct Offered: TransactionSource {
    var rest: ArraySlice<RecoveredTransaction>

    mutating func next() -> RecoveredTransaction? { rest.popFirst() }
    mutating func skip(_ transaction: RecoveredTransaction, _ rejection: TransactionRejection) {}
  }

  /// Maps on all cores.
  static func concurrentMap<Input: Sendable, Output: Sendable>(
    _ items: [Input], _ body: @escaping @Sendable (Input) throws -> Output
  ) throws -> [Output] {
    var results = [Result<Output, any Error>?](repeating: nil, count: items.count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes elements of its own.
      nonisolated(unsafe) let output = buffer
      let chunk = 64
      DispatchQueue.concurrentPerform(iterations: (items.count + chunk - 1) / chunk) { index in
        for position in (index * chunk)..<min((index + 1) * chunk, items.count) {
          output[position] = Result { try body(items[position]) }
        }
      }
    }
    return try results.compactMap { try $0?.get() }
  }
}
