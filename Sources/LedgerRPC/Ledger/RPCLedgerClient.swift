public import ChainTypes
internal import JSON
public import Primitives
internal import Synchronization

/// A ledger behind any node's JSON-RPC, which need not be trusted.
///
///     let ledger = RPCLedgerClient(client: client, trust: .genesis(genesis), configuration: …)
///     let channels = try await ledger.channels([id])       // proved, or it throws `untrusted`
///
/// A lying node can keep silent or pretend that time stands still, the latter for no longer than
/// `maximumHeadAge`; it cannot make up a deposit, a settlement, a refund or a block.
public final class RPCLedgerClient: LedgerClient {
  struct Place: Sendable {
    var height: UInt64
    var hash: Hash256
  }

  private struct Seen: Sendable {
    /// The newest block that was verified.
    var newest: Place?
    /// The last block that `blocks` handed out.
    var followed: Place?
  }

  let client: JSONRPCClient
  let trust: LedgerTrust
  let module: Address
  let configuration: RPCLedgerConfiguration
  private let seen = Mutex(Seen())

  /// A ledger behind a client, which the caller shuts down.
  public init(
    client: JSONRPCClient, trust: LedgerTrust, module: Address = ChannelModule.address,
    configuration: RPCLedgerConfiguration
  ) {
    self.client = client
    self.trust = trust
    self.module = module
    self.configuration = configuration
  }

  var genesis: Genesis? {
    if case .genesis(let genesis) = trust { genesis } else { nil }
  }

  // MARK: - Blocks

  /// The node's chain id; another than genesis' is an error.
  public func chainID() async throws(LedgerClientError) -> UInt64 {
    let id = try await ask("eth_chainId", [], .quantity64)
    if let genesis, genesis.chainID != id {
      throw .untrusted(
        "the node is on chain \(id), and the genesis file is of chain \(genesis.chainID); give the "
          + "right --rpc or genesis")
    }
    return id
  }

  /// The newest block, verified.
  public func head() async throws(LedgerClientError) -> LedgerHead {
    LedgerHead(try await newestHeader())
  }

  /// The blocks after a height, each verified and linked to the one before.
  public func blocks(
    after height: UInt64, limit: Int
  ) async throws(LedgerClientError) -> [LedgerBlock] {
    let count = UInt64(min(max(limit, 1), 64))
    while true {
      let sealed = try await ask(
        "btt_getSealedBlocks",
        [.string(Hex.quantity(height &+ 1)), .string(Hex.quantity(count))], .sealedBlocks)
      guard sealed.isEmpty else {
        guard sealed.count <= Int(count) else {
          throw .untrusted("the node gives more blocks than were asked for")
        }
        return try await verified(sealed, after: height)
      }
      do { try await Task.sleep(for: configuration.pollInterval) } catch {
        throw LedgerClientError(.unreachable, "waiting for the next block was cancelled")
      }
    }
  }

  private func verified(
    _ sealed: [SealedBlock], after height: UInt64
  ) async throws(LedgerClientError) -> [LedgerBlock] {
    var blocks: [LedgerBlock] = []
    var last = seen.withLock { $0.followed }
    if last?.height != height { last = nil }
    for (index, element) in sealed.enumerated() {
      let header = element.block.header
      let place = try verify(element)
      guard header.number == height &+ 1 &+ UInt64(index),
        last.map({ $0.hash == header.parentHash }) ?? true
      else {
        throw .untrusted("block \(header.number) of the node does not follow the one before")
      }
      blocks.append(
        LedgerBlock(head: LedgerHead(header), events: try await events(of: header)))
      last = place
    }
    seen.withLock { [last] in $0.followed = last }
    return blocks
  }

  private func events(
    of header: BlockHeader
  ) async throws(LedgerClientError) -> [ChannelEvent] {
    // The bloom is under the seal: what it rules out need not be asked for.
    guard header.logsBloom.mayContain(module) else { return [] }
    let domain = try await domain()
    return try await receipts(of: header).flatMap(\.logs).compactMap {
      ChannelEvent($0, in: domain)
    }
  }

  /// The receipts of a verified block, which give its receipts root.
  func receipts(of header: BlockHeader) async throws(LedgerClientError) -> [Receipt] {
    let rows = try await ask(
      "debug_getRawReceipts", [.string(Hex.quantity(header.number))], .array(.data))
    var receipts: [Receipt] = []
    do throws(RLPError) {
      for row in rows { receipts.append(try Receipt(decoding: row)) }
    } catch {
      throw .untrusted("a receipt of block \(header.number) is malformed: \(error)")
    }
    guard Receipt.root(receipts) == header.receiptsRoot else {
      throw .untrusted("the node's receipts of block \(header.number) are not those of the block")
    }
    return receipts
  }

  func domain() async throws(LedgerClientError) -> ChannelDomain {
    ChannelDomain(chainID: try await knownChainID(), module: module)
  }

  private func knownChainID() async throws(LedgerClientError) -> UInt64 {
    if let genesis { return genesis.chainID }
    return try await chainID()
  }

  /// The newest block's header; never an older one than was seen before.
  func newestHeader() async throws(LedgerClientError) -> BlockHeader {
    let sealed = try await ask("btt_getSealedBlock", ["latest"], .sealedBlock)
    let header: BlockHeader
    let place: Place
    if let sealed {
      header = sealed.block.header
      place = try verify(sealed)
    } else {
      header = try await genesisHeader()
      place = Place(height: 0, hash: header.hash)
    }
    if let newest = seen.withLock({ $0.newest }) {
      if place.height == newest.height, place.hash != newest.hash {
        throw .untrusted("there are two sealed blocks of height \(place.height)")
      }
      guard place.height >= newest.height else {
        throw .untrusted(
          "the node's newest block is \(place.height), and it had block \(newest.height) before")
      }
    }
    if let limit = configuration.maximumHeadAge, header.number > 0,
      configuration.now() - .seconds(Int64(clamping: header.timestamp)) > limit
    {
      throw .untrusted(
        "the node's newest block, \(header.number), is older than \(limit): the chain stands "
          + "still, or the node hides blocks; ask another one")
    }
    seen.withLock { seen in
      if (seen.newest?.height ?? 0) <= place.height { seen.newest = place }
    }
    return header
  }

  /// Genesis has no seal; nothing is proved by it, as no channel is in it.
  private func genesisHeader() async throws(LedgerClientError) -> BlockHeader {
    let bytes = try await ask("debug_getRawHeader", ["0x0"], .data)
    guard let header = try? BlockHeader(decoding: bytes), header.number == 0,
      genesis.map({ header.extraData == $0.parametersHash.bytes }) ?? true
    else { throw .untrusted("the node's first block is not that of the genesis file") }
    return header
  }

  /// Checks what a block is and who sealed it.
  func verify(_ sealed: SealedBlock) throws(LedgerClientError) -> Place {
    let header = sealed.block.header
    let hash = header.hash
    if let genesis {
      let signer = try? sealed.seal.recoverSigner(
        chainID: genesis.chainID, height: header.number, blockHash: hash)
      guard let signer, genesis.makesBlocks(signer) else {
        throw .untrusted("the seal of block \(header.number) is not that of a validator of genesis")
      }
    }
    return Place(height: header.number, hash: hash)
  }

  /// A block with its transactions, verified; nil when the node has none of that height.
  func sealedBlock(_ height: UInt64) async throws(LedgerClientError) -> SealedBlock? {
    guard
      let sealed = try await ask(
        "btt_getSealedBlock", [.string(Hex.quantity(height))], .sealedBlock)
    else { return nil }
    _ = try verify(sealed)
    let block = sealed.block
    guard block.header.number == height,
      Block.transactionsRoot(block.transactions) == block.header.transactionsRoot
    else { throw .untrusted("the node gives another block for height \(height)") }
    return sealed
  }
}

extension LedgerHead {
  init(_ header: BlockHeader) {
    self.init(height: header.number, hash: header.hash, time: header.timestamp)
  }
}
