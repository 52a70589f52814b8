internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// Accounts, slots and their proofs.
struct StateMethods {
  let backend: NodeBackend

  func register(in table: inout RPCMethodTable) {
    let backend = backend
    table.read("eth_getBalance", parameters: 2, of: backend) { view, params in
      let address = try params.required(0, .address)
      let account = try view.state(of: try params.block(1)).account(address)
      return .string(Hex.quantity(account?.balance ?? .zero))
    }
    table.read("eth_getTransactionCount", parameters: 2, of: backend) { view, params in
      let address = try params.required(0, .address)
      let block = try params.block(1)
      if block == .pending {
        return .string(Hex.quantity(try backend.pool.pendingNonce(of: address)))
      }
      return .string(Hex.quantity(try view.state(of: block).account(address)?.nonce ?? 0))
    }
    table.read("eth_getCode", parameters: 2, of: backend) { view, params in
      let address = try params.required(0, .address)
      let state = try view.state(of: try params.block(1))
      guard let account = try state.account(address), account.hasCode else { return .string("0x") }
      return .string(Hex.encode(try state.code(account.codeHash)))
    }
    table.read("eth_getStorageAt", parameters: 3, of: backend) { view, params in
      let address = try params.required(0, .address)
      let slot = try params.required(1, .slot)
      return .string(try view.state(of: try params.block(2)).storage(address, slot).hex)
    }
    table.readAside("eth_getProof", parameters: 3, of: backend) { view, params in
      let address = try params.required(0, .address)
      let keys = try params.optional(1, .array(.proofKey)) ?? []
      let limit = backend.limits.maximumProofSlots
      guard keys.count <= limit else {
        throw RPCError.invalidParams("too many slots (max \(limit))")
      }
      let height = try view.stateHeight(of: try params.block(2))
      return Self.reply(try view.proof(of: address, slots: keys.map(\.slot), at: height), keys)
    }
  }

  private static func reply(_ proof: AccountProof, _ keys: [ProofKey]) -> RPCResult {
    let account = proof.account ?? Account()
    var reply = ReplyWriter(capacity: 8_192 + keys.count * 4_096)
    reply.object { reply in
      reply.member("address", proof.address)
      reply.key("accountProof")
      reply.array(proof.nodes)
      reply.member("balance", account.balance)
      reply.member("codeHash", account.codeHash)
      reply.member("nonce", account.nonce)
      reply.member("storageHash", account.storageRoot)
      reply.key("storageProof")
      reply.array(zip(keys, proof.slots)) { reply, element in
        reply.object { reply in
          reply.member("key", element.0.echo)
          reply.member("value", UInt256(element.1.value))
          reply.key("proof")
          reply.array(element.1.nodes)
        }
      }
    }
    return reply.result
  }
}

/// A slot as a caller of `eth_getProof` names it: the reply names it in the same way, as a
/// quantity unless it came as a whole word.
struct ProofKey {
  var slot: Hash256
  var isWord: Bool

  var echo: String { isWord ? slot.hex : Hex.quantity(UInt256(slot)) }
}

extension RPCValueDecoder<ProofKey> {
  static var proofKey: Self {
    Self { value throws(RPCValueError) in
      let slot = try RPCValueDecoder<Hash256>.slot.decode(value)
      let text = value.stringValue ?? ""
      let digits = text.utf8.count - (text.hasPrefix("0x") || text.hasPrefix("0X") ? 2 : 0)
      return ProofKey(slot: slot, isWord: digits >= 63)
    }
  }
}
