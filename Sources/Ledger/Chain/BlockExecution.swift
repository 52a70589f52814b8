internal import ChainTypes
internal import Dispatch
internal import KeyValueStore
internal import Primitives
internal import Synchronization

/// One block in the making.
///
/// Transactions run on an overlay, then all is rooted and written to a batch. Building and validating differ only in where the transactions come from.
struct BlockExecution {
  let executor: Executor
  let context: BlockContext
  let overlay: StateOverlay
  private(set) var transactions: [SignedTransaction] = []
  private(set) var receipts: [StoredReceipt] = []
  private(set) var gasUsed: UInt64 = 0
  private(set) var byteCount = 0
  /// The part of both that is not payees' business.
  private var general = (gas: 0 as UInt64, bytes: 0)
  private var logCount = 0

  init(executor: Executor, context: BlockContext, state: any StateReader) {
    self.executor = executor
    self.context = context
    overlay = StateOverlay(over: state)
  }

  /// Runs one transaction and takes it into the block.
  ///
  /// - Throws: `TransactionRejection` with nothing changed, or the store's error.
  mutating func run(_ signed: SignedTransaction, from sender: Address) throws {
    let isForPayee = executor.lane?.admits(signed.transaction) ?? false
    try checkRoom(for: signed, isForPayee: isForPayee)
    let outcome = try executor.run(signed, from: sender, in: context, on: overlay)
    gasUsed += outcome.gasUsed
    byteCount += signed.encoded.count
    if !isForPayee {
      general.gas += outcome.gasUsed
      general.bytes += signed.encoded.count
    }
    transactions.append(signed)
    receipts.append(
      StoredReceipt(
        receipt: Receipt(
          kind: signed.transaction.kind, succeeded: outcome.succeeded, cumulativeGasUsed: gasUsed,
          logs: outcome.logs),
        gasUsed: outcome.gasUsed, sender: sender, firstLogIndex: logCount))
    logCount += outcome.logs.count
  }

  /// Whether a transaction fits by its size and gas alone.
  private func checkRoom(
    for signed: SignedTransaction, isForPayee: Bool
  ) throws(TransactionRejection) {
    var gas = context.gasLimit - gasUsed
    var bytes = BlockLimits.maximumTransactionBytes - byteCount
    if let lane = executor.lane, !isForPayee {
      gas = min(gas, lane.generalGas - general.gas)
      bytes = min(bytes, lane.generalBytes - general.bytes)
    }
    guard signed.encoded.count <= bytes else {
      throw .blockBytesReached(have: bytes, want: signed.encoded.count)
    }
    guard signed.transaction.gasLimit <= gas else {
      throw .gasLimitReached(have: gas, want: signed.transaction.gasLimit)
    }
  }

  /// Ends the block: burns, checks conservation, roots, and gathers the rows.
  func finish(
    parent: BlockHeader, parentHash: Hash256, extraData: [UInt8], tries: inout StateTries,
    snapshot: any StoreSnapshot
  ) throws -> PreparedBlock {
    try burn()
    try countRoom()
    try checkConservation()

    // The two halves touch nothing in common: the state on one core, lists on the other.
    struct Lists {
      var transactionsRoot = Hash256.zero
      var receiptsRoot = Hash256.zero
      var bloom = Bloom.empty
      var body: [UInt8] = []
      var storedReceipts: [UInt8] = []
    }
    let (transactions, receipts) = (transactions, receipts)
    let lists = Mutex(Lists())
    let group = DispatchGroup()
    DispatchQueue.global(qos: .userInitiated).async(group: group) {
      let made = Lists(
        transactionsRoot: Block.transactionsRoot(transactions),
        receiptsRoot: Self.receiptsRoot(receipts), bloom: Self.bloom(of: receipts),
        body: Block.encode(transactions), storedReceipts: StoredReceipt.encode(receipts))
      lists.withLock { $0 = made }
    }
    var batch = WriteBatch(reservingCapacity: 1 << 20)
    let rooted = Result {
      try tries.apply(overlay, number: context.number, snapshot: snapshot, to: &batch)
    }
    group.wait()
    let stateRoot = try rooted.get()
    let made = lists.withLock { $0 }

    let header = BlockHeader(
      parentHash: parentHash, feeRecipient: context.feeRecipient, stateRoot: stateRoot,
      transactionsRoot: made.transactionsRoot, receiptsRoot: made.receiptsRoot,
      logsBloom: made.bloom, number: context.number, gasLimit: context.gasLimit, gasUsed: gasUsed,
      timestamp: context.timestamp, extraData: extraData, baseFeePerGas: context.baseFee)
    let encodedHeader = header.encoded
    let hash = Keccak256.hash(encodedHeader)
    let number = context.number
    batch.put(Schema.headers.key(number), encodedHeader)
    batch.put(Schema.numbers.key(hash.bytes), Schema.bigEndian(number))
    batch.put(Schema.bodies.key(number), made.body)
    batch.put(Schema.receipts.key(number), made.storedReceipts)
    if !made.bloom.isEmpty { batch.put(Schema.blooms.key(number), made.bloom.bytes) }
    for (index, transaction) in transactions.enumerated().sorted(by: { $0.1.hash < $1.1.hash }) {
      batch.put(
        Schema.transactions.key(transaction.hash.bytes),
        Schema.bigEndian(number) + Schema.bigEndian(UInt64(index)).suffix(4))
    }
    batch.put(Schema.headKey, Schema.bigEndian(number))
    return PreparedBlock(
      block: Block(header: header, transactions: transactions), hash: hash, receipts: receipts,
      batch: batch)
  }

  private func burn() throws {
    guard !overlay.burned.isZero else { return }
    let address = Genesis.reserveAddress
    let burned = UInt256(try overlay.storage(address, BTTModule.burnedSlot)) &+ overlay.burned
    try overlay.setStorage(address, BTTModule.burnedSlot, burned.word)
  }

  /// Counts the block if payees' answers would still have fitted in.
  private func countRoom() throws {
    guard let lane = executor.lane, lane.hasRoom(gasUsed: gasUsed, byteCount: byteCount) else {
      return
    }
    let slot = ChannelStorage.blocksWithRoom
    let count = ChannelStorage.count(try overlay.storage(ChannelModule.address, slot))
    try overlay.setStorage(ChannelModule.address, slot, UInt256(count &+ 1).word)
  }

  /// Money neither appears nor vanishes: Σ of balance changes = − burned.
  private func checkConservation() throws {
    var change = overlay.burned
    for entry in overlay.entries {
      change = change &+ (entry.current?.balance ?? .zero) &- (entry.original?.balance ?? .zero)
    }
    guard change.isZero else {
      throw LedgerError(
        .invalidBlock,
        "block \(context.number) would create or destroy money (\(change) wei modulo 2^256): this "
          + "is a fault of the program; report it with the block")
    }
  }

  private static func receiptsRoot(_ receipts: [StoredReceipt]) -> Hash256 {
    Receipt.root(receipts.map(\.receipt))
  }

  private static func bloom(of receipts: [StoredReceipt]) -> Bloom {
    var bloom = Bloom.empty
    for stored in receipts where !stored.receipt.logs.isEmpty {
      bloom.formUnion(stored.receipt.bloom)
    }
    return bloom
  }
}
