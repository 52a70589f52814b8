public import ChainTypes
internal import JSON
public import Primitives
internal import Trie

extension RPCLedgerClient {
  /// The most slots asked for in one call.
  private static let slotsPerCall = 512

  // MARK: - Channels and vaults

  /// The states of channels in the newest block, each with its proof.
  public func channels(_ ids: [ChannelID]) async throws(LedgerClientError) -> LedgerChannels {
    let header = try await newestHeader()
    let head = LedgerHead(header)
    guard header.number > 0 else {
      return LedgerChannels(head: head, roomBlocks: 0, states: ids.map { _ in nil })
    }
    let words = try await words(
      [ChannelModule.blocksWithRoomSlot] + ids.map(ChannelModule.stateSlot), in: header)
    let closing = zip(ids, words.dropFirst()).filter { _, word in
      ChannelState(word: word, closeRequestWord: .zero)?.closeRequest != nil
    }.map(\.0)
    let seconds = try await self.words(closing.map(ChannelModule.closeRequestSlot), in: header)
    let requests = Dictionary(zip(closing, seconds), uniquingKeysWith: { first, _ in first })
    return LedgerChannels(
      head: head, roomBlocks: UInt64(truncatingIfNeeded: UInt256(words.first ?? .zero).low),
      states: zip(ids, words.dropFirst()).map { id, word in
        ChannelState(word: word, closeRequestWord: requests[id] ?? .zero)
      })
  }

  /// A payer's vault in the newest block, with its proof.
  public func vault(of payer: Address) async throws(LedgerClientError) -> ChannelVault {
    let header = try await newestHeader()
    guard header.number > 0 else { return ChannelVault(balance: 0, openCount: 0) }
    let words = try await words([ChannelModule.vaultSlot(of: payer)], in: header)
    return ChannelVault(word: words.first ?? .zero)
  }

  /// The chain's bounds of grace times: from genesis, or from a trusted node.
  public func graceBounds() async throws(LedgerClientError) -> ChannelGraceBounds {
    if let genesis {
      guard let rules = genesis.channels else {
        throw LedgerClientError(.refused, "the chain of this genesis has no payment channels")
      }
      return ChannelGraceBounds(seconds: rules.graceSeconds.range, blocks: rules.graceBlocks.range)
    }
    guard let data = try? ChannelModule.graceBounds.encodeCall([]) else {
      throw .untrusted("the call for the grace bounds can't be encoded")
    }
    let output = try await ask(
      "eth_call",
      [["to": .string(module.hex), "input": .string(Hex.encode(data))], "latest"], .data)
    var reader = ABIReader(output)
    do throws(ABIError) {
      let (leastSeconds, mostSeconds) = (try reader.readUInt32(), try reader.readUInt32())
      let (leastBlocks, mostBlocks) = (try reader.readUInt32(), try reader.readUInt32())
      guard leastSeconds <= mostSeconds, leastBlocks <= mostBlocks else {
        throw .typeMismatch(expected: "bounds")
      }
      return ChannelGraceBounds(
        seconds: leastSeconds...mostSeconds, blocks: leastBlocks...mostBlocks)
    } catch {
      throw .untrusted("the node's grace bounds are malformed: it has no payment channels")
    }
  }

  // MARK: - Accounts

  /// An account in the newest block, with its proof.
  public func account(_ address: Address) async throws(LedgerClientError) -> LedgerAccount {
    let header = try await newestHeader()
    let proof = try await proof(of: address, slots: [], in: header)
    return LedgerAccount(balance: proof.balance, nonce: proof.nonce)
  }

  /// The words in slots of the module after a block.
  private func words(
    _ slots: [Hash256], in header: BlockHeader
  ) async throws(LedgerClientError) -> [Hash256] {
    var words: [Hash256] = []
    var rest = slots[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(Self.slotsPerCall))
      rest = rest.dropFirst(part.count)
      words += try await proof(of: module, slots: part, in: header).words
    }
    return words
  }

  private struct Proved {
    var balance = UInt256.zero
    var nonce: UInt64 = 0
    var words: [Hash256] = []
  }

  /// Asks for a proof and believes of the reply only what the nodes prove under the state root.
  private func proof(
    of address: Address, slots: [Hash256], in header: BlockHeader
  ) async throws(LedgerClientError) -> Proved {
    let reply = try await ask(
      "eth_getProof",
      [
        .string(address.hex), .array(slots.map { .string($0.hex) }),
        .string(Hex.quantity(header.number)),
      ], .proof)
    guard reply.slots.count == slots.count else {
      throw .untrusted("the node proves \(reply.slots.count) of \(slots.count) words")
    }
    do {
      var proved = Proved()
      var storageRoot = BlockHeader.emptyTrieRoot
      if let leaf = try TrieProof.verify(
        root: header.stateRoot, hashing: address.bytes, nodes: reply.account)
      {
        var list = try RLPDecoder.list(leaf)
        proved.nonce = try list.readUInt64()
        proved.balance = try list.readUInt256()
        storageRoot = try list.readHash()
        _ = try list.readHash()
        try list.finish()
      }
      for (slot, nodes) in zip(slots, reply.slots) {
        guard
          let leaf = try TrieProof.verify(root: storageRoot, hashing: slot.bytes, nodes: nodes)
        else {
          proved.words.append(.zero)
          continue
        }
        var item = RLPDecoder(leaf)
        proved.words.append(try item.readUInt256().word)
        try item.finish()
      }
      return proved
    } catch {
      throw .untrusted(
        "the node's proof of \(address) does not fit block \(header.number): \(error)")
    }
  }
}
