internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Node
internal import Primitives
internal import TestSupport
internal import Testing
internal import Trie

@Suite("State methods")
struct StateMethodsTests {
  let address = RPCNode.keys[0].address
  let million = "0xd3c21bcecceda1000000"

  @Test("Balances and nonces are those after the block that is named")
  func history() async throws {
    let node = try RPCNode()
    let to = Address(0xabc)
    for nonce in 0..<3 as Range<UInt64> {
      try await node.send(try TestChain.transfer(from: RPCNode.keys[0], nonce: nonce, to: to))
      try node.mine()
    }
    for number in 0...3 as ClosedRange<UInt64> {
      let block = JSONValue.string(Hex.quantity(number))
      #expect(try await node.call("eth_getBalance", to.json, block) == block)
      #expect(try await node.call("eth_getTransactionCount", address.json, block) == block)
    }
    #expect(try await node.call("eth_getBalance", to.json) == "0x3")
    #expect(try await node.call("eth_getBalance", address.json, "earliest") == .string(million))
    let hash = try #require(try await node.call("eth_getBlockByNumber", "0x2", false)["hash"])
    for block in [hash, ["blockHash": hash], ["blockHash": hash, "requireCanonical": true]]
      as [JSONValue]
    {
      #expect(try await node.call("eth_getBalance", to.json, block) == "0x2")
    }
    #expect(try await node.call("eth_getBalance", to.json, ["blockNumber": "0x1"]) == "0x1")
    #expect(
      try await node.call("eth_getBalance", .string(address.checksummed), "0x0")
        == .string(million))
  }

  @Test("The pending nonce counts what waits in the pool")
  func pendingNonce() async throws {
    let node = try RPCNode()
    for nonce in [0, 1, 3] as [UInt64] {
      try await node.send(
        try TestChain.transfer(from: RPCNode.keys[0], nonce: nonce, to: Address(0xabc)))
    }
    #expect(try await node.call("eth_getTransactionCount", address.json, "pending") == "0x2")
    #expect(try await node.call("eth_getTransactionCount", address.json, "latest") == "0x0")
    #expect(try await node.call("eth_getTransactionCount", address.json) == "0x0")
  }

  @Test("A block that is not there is an error where state is asked for")
  func missingBlocks() async throws {
    let node = try RPCNode()
    for method in ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"] {
      #expect(await node.error(method, address.json, "0x1") == .server("header not found"))
      #expect(
        await node.error(method, address.json, ["blockHash": Hash256.zero.json])
          == .server("header for hash not found"))
    }
    #expect(
      await node.error("eth_getStorageAt", address.json, "0x0", "0x1")
        == .server("header not found"))
    #expect(
      await node.error("eth_getProof", address.json, [], "0x1") == .server("header not found"))
  }

  @Test("State that is pruned is error 4444, with the range that is there")
  func pruned() async throws {
    let node = try RPCNode(history: 2)
    for _ in 0..<5 { try node.mine() }
    let error = await node.error("eth_getBalance", address.json, "0x0")
    #expect(error?.code == 4444)
    #expect(error?.message == "the state of block 0 is pruned; this node keeps 3 to 5")
    #expect(try await node.call("eth_getBalance", address.json, "0x3") == .string(million))
  }

  @Test("Modules have code and storage")
  func codeAndStorage() async throws {
    let node = try RPCNode()
    #expect(try await node.call("eth_getCode", RPCNode.btt.json, "latest") == "0xef62747402")
    #expect(try await node.call("eth_getCode", address.json, "latest") == "0x")
    let supply = node.test.chain.genesis.supply.word.json
    for slot in ["0x0", "0x00", "0", .string(String(repeating: "0", count: 64))] as [JSONValue] {
      #expect(try await node.call("eth_getStorageAt", RPCNode.btt.json, slot, "latest") == supply)
    }
    #expect(
      try await node.call("eth_getStorageAt", RPCNode.btt.json, "0x7", "latest")
        == Hash256.zero.json)
  }

  @Test("A proof verifies against the block's state root")
  func proof() async throws {
    let node = try RPCNode()
    try await node.send(
      try TestChain.transfer(from: RPCNode.keys[0], nonce: 0, to: Address(0xabc)))
    let block = try node.mine()
    let word = "0x" + String(repeating: "0", count: 64)
    let proof = try await node.call(
      "eth_getProof", RPCNode.btt.json, [.string(word), "0x0", "0x01", "0x7"], "latest")
    #expect(
      proof.keys == [
        "address", "accountProof", "balance", "codeHash", "nonce", "storageHash", "storageProof",
      ])
    func nodes(_ value: JSONValue?) throws -> [[UInt8]] {
      try (value?.arrayValue ?? []).map { try Hex.decode($0.stringValue ?? "") }
    }
    let leaf = try TrieProof.verify(
      root: block.block.header.stateRoot, key: Keccak256.hash(RPCNode.btt).bytes,
      nodes: try nodes(proof["accountProof"]))
    let account = try node.test.chain.view.state.account(RPCNode.btt)
    #expect(leaf == account?.trieValue)
    #expect(proof["nonce"] == "0x1")

    let root = try Hash256(hex: proof["storageHash"]?.stringValue ?? "")
    let supply = node.test.chain.genesis.supply
    // Named as they came: whole words as words, shorter ones as quantities.
    let expected: [(String, Hash256, UInt256?)] = [
      (word, .zero, supply), ("0x0", .zero, supply), ("0x1", UInt256.one.word, nil),
      ("0x7", UInt256(7).word, nil),
    ]
    for (index, (key, slot, _)) in expected.enumerated() {
      let item = try #require(proof["storageProof"]?[index])
      #expect(item.keys == ["key", "value", "proof"])
      #expect(item["key"] == .string(key))
      let value = try TrieProof.verify(
        root: root, key: Keccak256.hash(slot).bytes, nodes: try nodes(item["proof"]))
      let quantity = try Hex.decodeQuantity(item["value"]?.stringValue ?? "")
      var encoder = RLPEncoder()
      encoder.append(quantity)
      #expect(value == (quantity.isZero ? nil : encoder.bytes))
    }
    #expect(proof["storageProof"]?[0]?["value"] == .string(Hex.quantity(supply)))
  }

  @Test("The proof of an account that is not there is one of absence")
  func absence() async throws {
    let node = try RPCNode()
    let nobody = Address(0xdead)
    let proof = try await node.call("eth_getProof", nobody.json, [], "latest")
    #expect(proof["balance"] == "0x0")
    #expect(proof["codeHash"] == Keccak256.emptyHash.json)
    #expect(proof["storageHash"] == BlockHeader.emptyTrieRoot.json)
    let nodes = try (proof["accountProof"]?.arrayValue ?? []).map {
      try Hex.decode($0.stringValue ?? "")
    }
    #expect(
      try TrieProof.verify(
        root: node.test.chain.view.head.stateRoot, key: Keccak256.hash(nobody).bytes, nodes: nodes)
        == nil)
  }

  @Test("Only so many slots are proved at once")
  func proofLimit() async throws {
    let node = try RPCNode()
    let slots = JSONValue.array((0...1_024).map { .string(Hex.quantity(UInt64($0))) })
    let error = await node.error("eth_getProof", address.json, slots, "latest")
    #expect(error == .invalidParams("too many slots (max 1024)"))
  }
}
