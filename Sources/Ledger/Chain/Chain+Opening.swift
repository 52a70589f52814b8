public import ChainTypes
internal import JSON
public import KeyValueStore
internal import Primitives

extension Chain {
  struct Stored {
    let genesisHash: Hash256
    let rules: Genesis
  }

  /// Whether a store holds a chain.
  public static func exists(in store: any KeyValueStore) throws -> Bool {
    try store.get(Schema.headKey) != nil
  }

  /// Writes block 0 and its state to an empty store, in one batch.
  ///
  /// - Throws: `LedgerError` when the store is not empty; `StoreError`.
  public static func create(_ genesis: Genesis, in store: any KeyValueStore) throws {
    let snapshot = try store.snapshot()
    guard try !snapshot.iterator(in: .all).seekToFirst() else {
      throw LedgerError(
        .wrongDatabase,
        "the database has rows but no chain: it belongs to another program, or is damaged; use "
          + "another data directory")
    }
    let overlay = StateOverlay(over: EmptyState())
    try GenesisState.write(genesis, to: overlay)
    var batch = WriteBatch(reservingCapacity: 1 << 20)
    var tries = StateTries()
    let root = try tries.apply(overlay, number: 0, snapshot: snapshot, to: &batch)
    let header = BlockHeader(
      parentHash: .zero, feeRecipient: .zero, stateRoot: root,
      transactionsRoot: BlockHeader.emptyTrieRoot, receiptsRoot: BlockHeader.emptyTrieRoot,
      logsBloom: .empty, number: 0, gasLimit: genesis.gasLimit, gasUsed: 0,
      timestamp: genesis.timestamp, extraData: genesis.parametersHash.bytes,
      baseFeePerGas: genesis.fees.initialBaseFee)
    let hash = header.hash
    batch.put(Schema.headers.key(0), header.encoded)
    batch.put(Schema.seals.key(0), hash.bytes)
    batch.put(Schema.numbers.key(hash.bytes), Schema.bigEndian(0))
    batch.put(Schema.bodies.key(0), Block.encode([]))
    batch.put(Schema.receipts.key(0), StoredReceipt.encode([]))
    batch.put(Schema.versionKey, Schema.bigEndian(Schema.version))
    batch.put(Schema.genesisKey, hash.bytes)
    batch.put(Schema.rulesKey, genesis.json(withAllocations: false).serialized)
    batch.put(Schema.headKey, Schema.bigEndian(0))
    try store.write(batch, sync: true)
  }

  /// Checks that a store holds a chain of this version.
  static func read(_ store: any KeyValueStore) throws -> Stored {
    let version = try store.get(Schema.versionKey).flatMap(Schema.number)
    guard version == Schema.version else {
      throw LedgerError(
        .wrongDatabase,
        "the database has layout version \(version.map(String.init) ?? "none"), this program "
          + "reads \(Schema.version): use the version of btt that wrote it, or follow another node "
          + "into a new data directory")
    }
    guard let hash = try store.get(Schema.genesisKey).flatMap({ Hash256($0) }),
      let bytes = try store.get(Schema.headers.key(0)),
      let header = try? BlockHeader(decoding: bytes), header.hash == hash,
      let json = try store.get(Schema.rulesKey), let rules = try? Genesis(json: json),
      rules.parametersHash.bytes == header.extraData
    else { throw Schema.corrupt("genesis", "block 0") }
    return Stored(genesisHash: hash, rules: rules)
  }
}

/// The state before genesis.
struct EmptyState: StateReader {
  func account(_ address: Address) throws -> Account? { nil }
  func storage(_ address: Address, _ slot: Hash256) throws -> Hash256 { .zero }
  func code(_ hash: Hash256) throws -> [UInt8] { [] }
}
