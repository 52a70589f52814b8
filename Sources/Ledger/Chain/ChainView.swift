public import ChainTypes
package import KeyValueStore
internal import Keys
public import Primitives
internal import Trie

/// The chain as it is at one head: every read of it sees the same height.
public final class ChainView: Sendable {
  /// The newest block's header.
  public let head: BlockHeader
  /// Its hash.
  public let headHash: Hash256
  /// The hash of block 0.
  public let genesisHash: Hash256
  package let snapshot: any StoreSnapshot
  package let executor: Executor

  /// Reads the head out of the snapshot.
  convenience init(
    snapshot: any StoreSnapshot, executor: Executor, genesisHash: Hash256
  ) throws {
    guard let number = try snapshot.get(Schema.headKey).flatMap(Schema.number),
      let bytes = try snapshot.get(Schema.headers.key(number)),
      let header = try? BlockHeader(decoding: bytes)
    else { throw Schema.corrupt("head", "the newest block") }
    self.init(
      snapshot: snapshot, executor: executor, genesisHash: genesisHash, head: header,
      headHash: Keccak256.hash(bytes))
  }

  init(
    snapshot: any StoreSnapshot, executor: Executor, genesisHash: Hash256, head: BlockHeader,
    headHash: Hash256
  ) {
    self.snapshot = snapshot
    self.executor = executor
    self.genesisHash = genesisHash
    self.head = head
    self.headHash = headHash
  }

  /// The chain's rules.
  public var genesis: Genesis { executor.genesis }

  /// The base fee of the block after the head.
  public var nextBaseFee: UInt256 {
    // Genesis sets the fee of the first block itself.
    head.number == 0
      ? genesis.fees.initialBaseFee
      : genesis.fees.nextBaseFee(
        after: head.baseFeePerGas, gasUsed: head.gasUsed, gasLimit: head.gasLimit)
  }

  // MARK: Blocks

  /// The header at a height, or nil above the head.
  public func header(_ number: UInt64) throws -> BlockHeader? {
    if number == head.number { return head }
    guard number < head.number else { return nil }
    guard let bytes = try snapshot.get(Schema.headers.key(number)),
      let header = try? BlockHeader(decoding: bytes)
    else { throw Schema.corrupt("header", number) }
    return header
  }

  /// The hash of the block at a height, or nil above the head.
  public func hash(_ number: UInt64) throws -> Hash256? {
    if number == head.number { return headHash }
    guard number < head.number else { return nil }
    guard let row = try snapshot.get(Schema.seals.key(number)), let hash = Hash256(row.prefix(32))
    else { throw Schema.corrupt("seal", number) }
    return hash
  }

  /// The height of the block with a hash, or nil when there is none.
  public func number(of hash: Hash256) throws -> UInt64? {
    if hash == headHash { return head.number }
    return try snapshot.get(Schema.numbers.key(hash.bytes)).flatMap(Schema.number)
  }

  /// The transactions of the block at a height, or nil above the head.
  public func transactions(_ number: UInt64) throws -> [SignedTransaction]? {
    guard let body = try body(number) else { return nil }
    guard let transactions = try? Block.decodeTransactions(body) else {
      throw Schema.corrupt("body", number)
    }
    return transactions
  }

  private func body(_ number: UInt64) throws -> [UInt8]? {
    guard number <= head.number else { return nil }
    guard let body = try snapshot.get(Schema.bodies.key(number)) else {
      throw Schema.corrupt("body", number)
    }
    return body
  }

  /// The block at a height, or nil above the head.
  public func block(_ number: UInt64) throws -> Block? {
    guard let header = try header(number), let transactions = try transactions(number) else {
      return nil
    }
    return Block(header: header, transactions: transactions)
  }

  /// The block at a height with its seal; nil for genesis, which has none, and above the head.
  public func sealedBlock(_ number: UInt64) throws -> SealedBlock? {
    guard number > 0, let block = try block(number) else { return nil }
    guard let row = try snapshot.get(Schema.seals.key(number)),
      let signature = try? Signature(bytes: row.dropFirst(32))
    else { throw Schema.corrupt("seal", number) }
    return SealedBlock(block: block, seal: BlockSeal(signature: signature))
  }

  /// What the transactions of the block at a height did, or nil above the head.
  public func receipts(_ number: UInt64) throws -> [StoredReceipt]? {
    guard number <= head.number else { return nil }
    guard let row = try snapshot.get(Schema.receipts.key(number)),
      let receipts = StoredReceipt.decode(row)
    else { throw Schema.corrupt("receipts", number) }
    return receipts
  }

  /// Where a transaction stands, or nil when it is in no block.
  public func location(of hash: Hash256) throws -> TransactionLocation? {
    guard let row = try snapshot.get(Schema.transactions.key(hash.bytes)) else { return nil }
    guard row.count == 12, let number = Schema.number(row.prefix(8)) else {
      throw Schema.corrupt("transaction", hash)
    }
    return TransactionLocation(
      blockNumber: number, index: Int(row.suffix(4).reduce(0) { $0 << 8 | UInt64($1) }))
  }

  /// One transaction of the block at a height, or nil when there is none at the index.
  public func transaction(at location: TransactionLocation) throws -> SignedTransaction? {
    guard location.index >= 0, let body = try body(location.blockNumber) else { return nil }
    do {
      guard let bytes = try Block.transactionBytes(at: location.index, in: body) else {
        return nil
      }
      return try SignedTransaction(decoding: bytes)
    } catch {
      throw Schema.corrupt("body", location.blockNumber)
    }
  }

  // MARK: State

  /// The state at the head.
  public var state: any StateReader { StoredState(store: snapshot, height: nil) }

  /// The oldest height whose state can be read.
  public func oldestState() throws -> UInt64 {
    try snapshot.get(Schema.oldestStateKey).flatMap(Schema.number) ?? 0
  }

  /// The state after the block at a height.
  ///
  /// - Throws: `LedgerError` with code `notFound` above the head, `pruned` below what is kept.
  public func state(at number: UInt64) throws -> any StateReader {
    if number == head.number { return state }
    guard number < head.number else {
      throw LedgerError(.notFound, "block \(number) does not exist; the head is \(head.number)")
    }
    let oldest = try oldestState()
    guard number >= oldest else {
      throw LedgerError(
        .pruned,
        "the state of block \(number) is pruned; this node keeps \(oldest) to \(head.number)")
    }
    return StoredState(store: snapshot, height: number)
  }

  /// Merkle proofs of an account and some of its slots after the block at a height (EIP-1186).
  ///
  /// - Throws: `LedgerError` with code `notFound` above the head, `pruned` more than 1 024 blocks
  ///   below it or below the state kept.
  public func proof(
    of address: Address, slots: [Hash256], at number: UInt64
  ) throws -> AccountProof {
    let state = try state(at: number)
    let oldest = head.number > NodeHistory.depth ? head.number - NodeHistory.depth : 0
    guard number >= oldest else {
      throw LedgerError(
        .pruned,
        "proofs for block \(number) are pruned; this node keeps \(oldest) to \(head.number)")
    }
    let key = Keccak256.hash(address)
    let account = try state.account(address)
    let storageSource = source(.storage(of: key), at: number)
    let storageProofs = try slots.map { slot in
      try Task.checkCancellation()
      return SlotProof(
        slot: slot, value: try state.storage(address, slot),
        nodes: account == nil
          ? [] : try StateTrie.prove(Keccak256.hash(slot), source: storageSource))
    }
    return AccountProof(
      address: address, account: account,
      nodes: try StateTrie.prove(key, source: source(.accounts, at: number)),
      slots: storageProofs)
  }

  private func source(_ owner: TrieOwner, at number: UInt64) -> any TrieSource {
    number == head.number
      ? HeadTrieSource(owner: owner, snapshot: snapshot)
      : PastTrieSource(owner: owner, snapshot: snapshot, height: number)
  }
}

/// Where a transaction stands.
public struct TransactionLocation: Hashable, Sendable {
  /// The block's height.
  public var blockNumber: UInt64
  /// The place in the block, from 0.
  public var index: Int

  /// A location.
  public init(blockNumber: UInt64, index: Int) {
    self.blockNumber = blockNumber
    self.index = index
  }
}

/// What `eth_getProof` answers (EIP-1186).
public struct AccountProof: Hashable, Sendable {
  /// The account's address.
  public var address: Address
  /// The account, or nil when the proof is one of absence.
  public var account: Account?
  /// The nodes from the state root down.
  public var nodes: [[UInt8]]
  /// Proofs of slots under the account's storage root.
  public var slots: [SlotProof]
}

/// The proof of one storage word.
public struct SlotProof: Hashable, Sendable {
  /// The slot.
  public var slot: Hash256
  /// The word in it.
  public var value: Hash256
  /// The nodes from the storage root down.
  public var nodes: [[UInt8]]
}
