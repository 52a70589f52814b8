internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Node
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("Block methods")
struct BlockMethodsTests {
  // As geth's RPCMarshalBlock writes a block of Cancun.
  static let blockKeys = [
    "number", "hash", "parentHash", "nonce", "mixHash", "sha3Uncles", "logsBloom", "stateRoot",
    "miner", "difficulty", "extraData", "gasLimit", "gasUsed", "timestamp", "transactionsRoot",
    "receiptsRoot", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas",
    "parentBeaconBlockRoot", "size", "transactions", "uncles", "withdrawals",
  ]

  @Test("A block has the members of Cancun, in geth's forms")
  func shape() async throws {
    let node = try RPCNode()
    let transfer = try TestChain.transfer(from: RPCNode.keys[0], nonce: 0, to: Address(0xabc))
    try await node.send(transfer)
    let mined = try node.mine()
    let block = try await node.call("eth_getBlockByNumber", "latest", false)
    #expect(block.keys == Self.blockKeys)
    let header = mined.block.header
    let expected: [(String, JSONValue)] = [
      ("number", "0x1"), ("hash", mined.hash.json), ("parentHash", header.parentHash.json),
      ("nonce", "0x0000000000000000"), ("mixHash", Hash256.zero.json),
      (
        "sha3Uncles", "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
      ),
      ("logsBloom", .string("0x" + String(repeating: "0", count: 512))),
      ("stateRoot", header.stateRoot.json), ("miner", Address(0xfee).json), ("difficulty", "0x0"),
      ("extraData", "0x"), ("gasLimit", "0xe4e1c00"), ("gasUsed", "0x5208"),
      ("timestamp", "0x7d0"), ("baseFeePerGas", "0x3b9aca00"),
      (
        "withdrawalsRoot", "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
      ),
      ("blobGasUsed", "0x0"), ("excessBlobGas", "0x0"),
      ("parentBeaconBlockRoot", Hash256.zero.json),
      ("size", .string(Hex.quantity(UInt64(mined.block.encoded.count)))),
      ("transactions", [transfer.hash.json]), ("uncles", []), ("withdrawals", []),
    ]
    for (key, value) in expected { #expect(block[key] == value, "\(key)") }
    #expect(try await node.call("eth_getBlockByHash", mined.hash.json, false) == block)
  }

  @Test("Whole transactions stand in a block as eth_getTransactionByHash gives them")
  func fullTransactions() async throws {
    let node = try RPCNode()
    for nonce in 0..<3 as Range<UInt64> {
      try await node.send(
        try TestChain.transfer(from: RPCNode.keys[0], nonce: nonce, to: Address(0xabc)))
    }
    let mined = try node.mine()
    let block = try await node.call("eth_getBlockByNumber", "0x1", true)
    for (index, signed) in mined.block.transactions.enumerated() {
      let alone = try await node.call("eth_getTransactionByHash", signed.hash.json)
      #expect(block["transactions"]?[index] == alone)
      #expect(alone["transactionIndex"] == .string(Hex.quantity(UInt64(index))))
      let place = JSONValue.string(Hex.quantity(UInt64(index)))
      #expect(
        try await node.call("eth_getTransactionByBlockNumberAndIndex", "0x1", place) == alone)
      #expect(
        try await node.call("eth_getTransactionByBlockHashAndIndex", mined.hash.json, place)
          == alone)
    }
    #expect(try await node.call("eth_getBlockTransactionCountByNumber", "0x1") == "0x3")
    #expect(try await node.call("eth_getBlockTransactionCountByHash", mined.hash.json) == "0x3")
  }

  @Test("Tags name the newest block, and earliest the first")
  func tags() async throws {
    let node = try RPCNode()
    try node.mine()
    try node.mine()
    #expect(try await node.call("eth_blockNumber") == "0x2")
    for tag in ["latest", "safe", "finalized", "pending"] as [JSONValue] {
      #expect(try await node.call("eth_getBlockByNumber", tag, false)["number"] == "0x2")
    }
    let genesis = try await node.call("eth_getBlockByNumber", "earliest", false)
    #expect(genesis["number"] == "0x0")
    #expect(genesis["hash"] == node.test.chain.genesisHash.json)
  }

  static let missing: [(String, [JSONValue])] = [
    ("eth_getBlockByNumber", ["0x9", false]),
    ("eth_getBlockByHash", [Hash256.zero.json, true]),
    ("eth_getBlockReceipts", ["0x9"]),
    ("eth_getBlockReceipts", [Hash256.zero.json]),
    ("eth_getBlockTransactionCountByNumber", ["0x9"]),
    ("eth_getBlockTransactionCountByHash", [Hash256.zero.json]),
    ("eth_getTransactionByBlockNumberAndIndex", ["0x9", "0x0"]),
    ("eth_getTransactionByBlockNumberAndIndex", ["0x0", "0xffffffffffffffff"]),
    ("eth_getTransactionByBlockHashAndIndex", [Hash256.zero.json, "0x0"]),
    ("eth_getRawTransactionByBlockNumberAndIndex", ["0x0", "0x0"]),
    ("eth_getTransactionByHash", [Hash256.zero.json]),
    ("eth_getRawTransactionByHash", [Hash256.zero.json]),
    ("eth_getTransactionReceipt", [Hash256.zero.json]),
    ("eth_getUncleCountByBlockNumber", ["0x9"]),
    ("eth_getUncleByBlockNumberAndIndex", ["latest", "0x0"]),
    ("eth_getUncleByBlockHashAndIndex", [Hash256.zero.json, "0x0"]),
    ("btt_getSealedBlock", ["0x9"]),
    ("btt_getSealedBlock", ["0x0"]),
  ]

  @Test("What does not exist is null", arguments: missing)
  func nothing(method: String, params: [JSONValue]) async throws {
    let node = try RPCNode()
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(params),
    ]
    let reply = await node.processor.process(request.serialized, context: .init())
    #expect(
      reply.map { String(decoding: $0, as: UTF8.self) }
        == #"{"jsonrpc":"2.0","id":1,"result":null}"#
    )
  }

  @Test("Blocks have no uncles")
  func uncles() async throws {
    let node = try RPCNode()
    #expect(try await node.call("eth_getUncleCountByBlockNumber", "latest") == "0x0")
    #expect(
      try await node.call("eth_getUncleCountByBlockHash", node.test.chain.genesisHash.json)
        == "0x0")
  }

  @Test("The receipts of a block are those of its transactions")
  func receipts() async throws {
    let node = try RPCNode()
    try await node.send(
      try RPCNode.tokenTransfer(from: RPCNode.keys[0], nonce: 0, to: Address(0xabc)))
    try await node.send(
      try RPCNode.tokenTransfer(from: RPCNode.keys[0], nonce: 1, to: Address(0xabc)))
    let mined = try node.mine()
    let receipts = try await node.call("eth_getBlockReceipts", "latest")
    #expect(receipts.arrayValue?.count == 2)
    for (index, signed) in mined.block.transactions.enumerated() {
      let alone = try await node.call("eth_getTransactionReceipt", signed.hash.json)
      #expect(receipts[index] == alone)
      #expect(alone["logs"]?[0]?["logIndex"] == .string(Hex.quantity(UInt64(index))))
    }
    #expect(
      try await node.call("eth_getBlockReceipts", ["blockHash": mined.hash.json]) == receipts)
  }
}
