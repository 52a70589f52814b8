internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Node
internal import Primitives
internal import Synchronization
internal import TestSupport
internal import Testing

@Suite("Net, pool, debug and btt methods")
struct NodeInfoMethodsTests {
  @Test("The node says what it is")
  func identity() async throws {
    let node = try RPCNode { $0.feeRecipient = Address(0xfee) }
    #expect(try await node.call("eth_chainId") == "0x539")
    #expect(try await node.call("net_version") == "1337")
    #expect(try await node.call("net_listening") == true)
    #expect(try await node.call("net_peerCount") == "0x0")
    #expect(try await node.call("web3_clientVersion") == "btt/test")
    #expect(try await node.call("eth_accounts") == [])
    #expect(try await node.call("eth_syncing") == false)
    #expect(try await node.call("eth_coinbase") == Address(0xfee).json)
    #expect(await (try RPCNode()).error("eth_coinbase")?.code == -32000)
    // The example of the JSON-RPC documentation.
    #expect(
      try await node.call("web3_sha3", "0x68656c6c6f20776f726c64")
        == "0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad")
  }

  @Test("A node that is behind says how far")
  func syncing() async throws {
    let node = try RPCNode { $0.syncTarget = { 16 } }
    #expect(
      try await node.call("eth_syncing")
        == ["startingBlock": "0x0", "currentBlock": "0x0", "highestBlock": "0x10"])
  }

  @Test("The pool is told by sender and nonce, those that wait for an earlier one apart")
  func pool() async throws {
    let node = try RPCNode()
    let key = RPCNode.keys[0]
    let transactions = try [0, 1, 3].map {
      try TestChain.transfer(from: key, nonce: $0, to: Address(0xabc))
    }
    for transaction in transactions { try await node.send(transaction) }
    #expect(try await node.call("txpool_status") == ["pending": "0x2", "queued": "0x1"])
    let content = try await node.call("txpool_content")
    let sender = key.address.checksummed
    #expect(content["pending"]?.keys == [sender])
    #expect(content["pending"]?[sender]?.keys == ["0", "1"])
    #expect(content["queued"]?[sender]?.keys == ["3"])
    #expect(
      content["pending"]?[sender]?["1"]
        == (try await node.call("eth_getTransactionByHash", transactions[1].hash.json)))
    let from = try await node.call("txpool_contentFrom", key.address.json)
    #expect(from["pending"] == content["pending"]?[sender])
    #expect(from["queued"] == content["queued"]?[sender])
    let inspect = try await node.call("txpool_inspect")
    #expect(
      inspect["queued"]?[sender]?["3"]
        == .string("\(Address(0xabc)): 1 wei + 21000 gas × 100000000000 wei"))
    #expect(
      try await node.call("txpool_contentFrom", Address(1).json) == ["pending": [:], "queued": [:]])
  }

  @Test("Raw blocks, headers, receipts and transactions decode to what they are of")
  func raw() async throws {
    let node = try RPCNode()
    let signed = try RPCNode.tokenTransfer(from: RPCNode.keys[0], nonce: 0, to: Address(0xabc))
    try await node.send(signed)
    let block = try node.mine()
    func bytes(_ value: JSONValue?) throws -> [UInt8] { try Hex.decode(value?.stringValue ?? "") }
    let header = try BlockHeader(
      decoding: try bytes(try await node.call("debug_getRawHeader", "latest")))
    #expect(header.hash == block.hash)
    #expect(
      try Block(decoding: try bytes(try await node.call("debug_getRawBlock", block.hash.json)))
        == block.block)
    #expect(
      try bytes(try await node.call("debug_getRawTransaction", signed.hash.json))
        == signed.encoded)
    let receipts = try await node.call("debug_getRawReceipts", "0x1")
    #expect(receipts == [.string(Hex.encode(block.receipts[0].receipt.encoded))])
    for method in ["debug_getRawHeader", "debug_getRawBlock", "debug_getRawReceipts"] {
      #expect(await node.error(method, "0x9")?.code == -32000)
      #expect(await node.error(method)?.code == -32602)
    }
  }

  @Test("Sealed blocks come one by one or in a row")
  func sealedBlocks() async throws {
    let node = try RPCNode()
    for _ in 0..<3 { try node.mine() }
    let blocks = try await node.call("btt_getSealedBlocks", "0x1", "0x2")
    #expect(blocks.arrayValue?.count == 2)
    for (index, value) in (blocks.arrayValue ?? []).enumerated() {
      let number = UInt64(index + 1)
      #expect(
        try await node.call("btt_getSealedBlock", .string(Hex.quantity(number))) == value)
      let sealed = try SealedBlock(decoding: try Hex.decode(value.stringValue ?? ""))
      #expect(sealed.block.header.number == number)
      let signer = try sealed.seal.recoverSigner(
        chainID: 1_337, height: number, blockHash: sealed.block.header.hash)
      #expect(signer == TestChain.validator.address)
    }
    #expect(try await node.call("btt_getSealedBlocks", "0x2").arrayValue?.count == 2)
    #expect(try await node.call("btt_getSealedBlocks", "0x4", "0x40") == [])
    #expect(try await node.call("btt_getSealedBlocks", "0xffffffffffffffff", "0x40") == [])
    #expect(
      try await node.call("btt_getSealedBlocks", "0x0", "0xffffffffffffffff").arrayValue?.count
        == 3)
    let short = try RPCNode { $0.limits.maximumSealedBytes = 1 }
    for _ in 0..<3 { try short.mine() }
    #expect(try await short.call("btt_getSealedBlocks", "0x1").arrayValue?.count == 1)
  }

  @Test("btt_nodeInfo tells chain, head and role")
  func nodeInfo() async throws {
    let node = try RPCNode(history: 2)
    for _ in 0..<5 { try node.mine() }
    let view = node.test.chain.view
    #expect(
      try await node.call("btt_nodeInfo") == [
        "clientVersion": "btt/test", "role": "devnet", "name": "test", "chainId": "0x539",
        "genesisHash": view.genesisHash.json,
        "head": [
          "number": "0x5", "hash": view.headHash.json, "stateRoot": view.head.stateRoot.json,
          "timestamp": "0x7d0",
        ],
        "oldestState": "0x3", "history": "0x2", "syncTarget": nil,
      ])
  }
}

@Suite("Developers' methods")
struct DevMethodsTests {
  final class Control: DevControl {
    let calls = Mutex<[String]>([])
    private func note(_ call: String) { calls.withLock { $0.append(call) } }
    func mine(_ count: UInt64, timestamp: UInt64?) async throws {
      note("mine \(count) \(timestamp.map(String.init) ?? "now")")
    }
    func increaseTime(by seconds: UInt64) throws -> UInt64 {
      note("increase \(seconds)")
      return seconds
    }
    func setNextBlockTimestamp(_ timestamp: UInt64) throws { note("next \(timestamp)") }
  }

  @Test("They reach the chain's control, with numbers in either form")
  func calls() async throws {
    let control = Control()
    let node = try RPCNode(control: control)
    #expect(try await node.call("btt_mine") == "0x0")
    #expect(try await node.call("btt_mine", "0x3") == "0x0")
    #expect(try await node.call("evm_mine") == "0x0")
    #expect(try await node.call("evm_mine", 7_000) == "0x0")
    #expect(try await node.call("evm_mine", ["blocks": 2, "timestamp": "0x10"]) == "0x0")
    #expect(try await node.call("anvil_mine", "0x2") == nil)
    #expect(try await node.call("hardhat_mine", 4, 1) == nil)
    #expect(try await node.call("evm_increaseTime", 60) == "0x3c")
    #expect(try await node.call("evm_setNextBlockTimestamp", "0x20") == nil)
    #expect(
      control.calls.withLock { $0 } == [
        "mine 1 now", "mine 3 now", "mine 1 now", "next 7000", "mine 1 now", "next 16",
        "mine 2 now", "mine 2 now", "mine 4 now", "increase 60", "next 32",
      ])
    #expect(await node.error("btt_mine", "0x2711")?.code == -32005)
    #expect(await node.error("hardhat_mine", 4, 60)?.code == -32602)
  }

  @Test("Elsewhere than on a chain of one's own they are the administrator's")
  func access() async throws {
    let node = try RPCNode()
    var table = RPCMethodTable()
    let backend = NodeBackend(chain: node.test.chain, pool: node.pool, role: .validator)
    DevMethods(backend: backend, control: Control(), isOpen: false).register(in: &table)
    #expect(!table.names.isEmpty)
    for name in table.names { #expect(table[name]?.access == .admin, "\(name)") }
  }
}
