package import ChainTypes
internal import Keys
internal import Ledger
internal import LedgerRPC
package import Primitives

/// The ledger of this very node: what channels ask is read from its newest view.
package struct ChainLedgerClient: LedgerClient {
  private let backend: NodeBackend
  private let oracle: FeeOracle

  /// The ledger of a node.
  package init(backend: NodeBackend) {
    self.backend = backend
    oracle = FeeOracle(minimumTip: backend.pool.configuration.minimumTip)
  }

  private var view: ChainView { backend.chain.view }

  private var domain: ChannelDomain { ChannelDomain(chainID: backend.chain.genesis.chainID) }

  /// The chain's id.
  package func chainID() async throws(LedgerClientError) -> UInt64 {
    backend.chain.genesis.chainID
  }

  /// The newest block.
  package func head() async throws(LedgerClientError) -> LedgerHead { LedgerHead(view) }

  /// The states of channels in the newest block.
  package func channels(_ ids: [ChannelID]) async throws(LedgerClientError) -> LedgerChannels {
    let view = view
    return try reading {
      let state = view.state
      func word(_ slot: Hash256) throws -> Hash256 {
        try state.storage(ChannelModule.address, slot)
      }
      let room = UInt256(try word(ChannelModule.blocksWithRoomSlot)).low
      return LedgerChannels(
        head: LedgerHead(view), roomBlocks: UInt64(truncatingIfNeeded: room),
        states: try ids.map { id in
          ChannelState(
            word: try word(ChannelModule.stateSlot(of: id)),
            closeRequestWord: try word(ChannelModule.closeRequestSlot(of: id)))
        })
    }
  }

  /// A payer's vault in the newest block.
  package func vault(of payer: Address) async throws(LedgerClientError) -> ChannelVault {
    let state = view.state
    return try reading {
      ChannelVault(
        word: try state.storage(ChannelModule.address, ChannelModule.vaultSlot(of: payer)))
    }
  }

  /// Genesis' bounds of grace times.
  package func graceBounds() async throws(LedgerClientError) -> ChannelGraceBounds {
    guard let rules = backend.chain.genesis.channels else {
      throw LedgerClientError(.refused, "this chain has no payment channels")
    }
    return ChannelGraceBounds(seconds: rules.graceSeconds.range, blocks: rules.graceBlocks.range)
  }

  /// An account in the newest block.
  package func account(_ address: Address) async throws(LedgerClientError) -> LedgerAccount {
    let state = view.state
    return try reading {
      let account = try state.account(address)
      return LedgerAccount(balance: account?.balance ?? .zero, nonce: account?.nonce ?? 0)
    }
  }

  /// What the next block takes.
  package func fees() async throws(LedgerClientError) -> LedgerFees {
    let view = view
    return try reading {
      LedgerFees(baseFee: view.nextBaseFee, priorityFee: try oracle.tip(view))
    }
  }

  /// The gas that a call would use.
  package func estimateGas(
    from sender: Address, to module: Address, data: [UInt8], value: UInt128
  ) async throws(LedgerClientError) -> UInt64 {
    var request = CallRequest()
    request.from = sender
    request.to = module
    request.data = data
    request.value = UInt256(value)
    let view = view
    let estimate = try reading { try view.estimateGas(request, at: view.head.number) }
    switch estimate {
    case .success(let gas): return gas
    case .failure(let failure):
      throw LedgerClientError(refusal: RPCError(failed: failure.outcome) ?? .internal)
    }
  }

  /// Hands a transaction to the pool, or to the node that makes blocks.
  package func send(_ rawTransaction: [UInt8]) async throws(LedgerClientError) -> Hash256 {
    let signed: SignedTransaction
    do throws(TransactionError) {
      signed = try SignedTransaction(decoding: rawTransaction)
    } catch {
      throw LedgerClientError(.refused, error.description)
    }
    do {
      switch backend.submission {
      case .pool: try TransactionMethods.submit(signed, to: backend)
      case .forward(let forward): try await forward(signed)
      }
    } catch PoolError.alreadyKnown {
      return signed.hash
    } catch {
      let refusal = RPCError(describing: error) ?? .internal
      guard !refusal.message.contains("already known") else { return signed.hash }
      throw LedgerClientError(refusal: refusal)
    }
    return signed.hash
  }

  /// What a transaction did, or nil while it is in no block.
  package func receipt(of transaction: Hash256) async throws(LedgerClientError) -> LedgerReceipt? {
    let view = view
    return try reading {
      guard let location = try view.location(of: transaction),
        let signed = try view.transaction(at: location),
        let receipts = try view.receipts(location.blockNumber),
        receipts.indices.contains(location.index),
        let header = try view.header(location.blockNumber)
      else { return nil }
      let stored = receipts[location.index]
      let price = signed.transaction.effectiveGasPrice(baseFee: header.baseFeePerGas)
      return LedgerReceipt(
        transaction: transaction, height: location.blockNumber,
        succeeded: stored.receipt.succeeded,
        fee: price.multiplying(by: UInt256(stored.gasUsed)) ?? .max,
        events: stored.receipt.logs.compactMap { ChannelEvent($0, in: domain) })
    }
  }

  /// The blocks after a height; waits for one where there is none.
  package func blocks(
    after height: UInt64, limit: Int
  ) async throws(LedgerClientError) -> [LedgerBlock] {
    for await view in backend.chain.updates() where view.head.number > height {
      let first = height + 1
      let last = min(view.head.number, height + UInt64(max(limit, 1)))
      return try reading {
        // Blocks without events of the module need not be read beyond their headers.
        let logs = try view.logs(
          LogFilter(addresses: [domain.module]), in: first...last, limit: .max)
        let events = Dictionary(grouping: logs, by: \.blockNumber)
        return try (first...last).compactMap { number in
          guard let header = try view.header(number), let hash = try view.hash(number) else {
            return nil
          }
          return LedgerBlock(
            head: LedgerHead(height: number, hash: hash, time: header.timestamp),
            events: (events[number] ?? []).compactMap { ChannelEvent($0.log, in: domain) })
        }
      }
    }
    throw LedgerClientError(.unreachable, "the chain was closed")
  }

  /// Reads the chain, with its errors as a ledger's.
  private func reading<Value>(_ body: () throws -> Value) throws(LedgerClientError) -> Value {
    do {
      return try body()
    } catch {
      throw LedgerClientError(
        .unreachable, (RPCError(describing: error) ?? .internal).message)
    }
  }
}

extension LedgerHead {
  fileprivate init(_ view: ChainView) {
    self.init(height: view.head.number, hash: view.headHash, time: view.head.timestamp)
  }
}
