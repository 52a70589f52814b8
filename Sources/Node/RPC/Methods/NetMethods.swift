internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// What node and chain this is: `eth_chainId`, `net_*`, `web3_*`.
struct NetMethods {
  let backend: NodeBackend

  func register(in table: inout RPCMethodTable) {
    let chainID = backend.chain.genesis.chainID
    let backend = backend
    func constant(_ name: String, _ value: JSONValue) {
      table.add(name, parameters: 0) { _, _ in .value(value) }
    }
    constant("eth_chainId", .string(Hex.quantity(chainID)))
    constant("net_version", .string(String(chainID)))
    constant("net_listening", true)
    constant("web3_clientVersion", .string(backend.clientVersion))
    constant("eth_accounts", [])
    // The last version of geth's own protocol that had a number here.
    constant("eth_protocolVersion", "0x44")
    table.add("net_peerCount", parameters: 0) { _, _ in
      .string(Hex.quantity(backend.peerCount()))
    }
    table.add("web3_sha3", parameters: 1) { _, params in
      .string(Keccak256.hash(try params.required(0, .data)).hex)
    }
    table.add("eth_coinbase", parameters: 0) { _, _ in
      guard let address = backend.feeRecipient else {
        throw RPCError.server("etherbase must be explicitly specified: this node makes no blocks")
      }
      return .string(address.hex)
    }
    table.add("eth_syncing", parameters: 0) { _, _ in
      let head = backend.chain.view.head.number
      guard let target = backend.syncTarget(), target > head else { return .value(false) }
      return .value([
        "startingBlock": "0x0", "currentBlock": .string(Hex.quantity(head)),
        "highestBlock": .string(Hex.quantity(target)),
      ])
    }
  }
}
