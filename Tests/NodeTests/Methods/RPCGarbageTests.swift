internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Node
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("Methods and bad parameters")
struct RPCGarbageTests {
  /// A value that some parameter might take for good, or one that none does.
  private static func value(_ random: inout SeededGenerator, depth: Int = 0) -> JSONValue {
    let zeros = String(repeating: "0", count: 64)
    let atoms: [JSONValue] = [
      .null, true, false, 0, 1, -1, .number("1.5"), .number("1e400"),
      .number("340282366920938463463374607431768211456"), "", "0x", "0x0", "0x1", "0x00",
      "0xffffffffffffffff", "0x10000000000000000", "latest", "pending", "earliest", "hello",
      .string("0x" + zeros), .string(zeros + "00"), .string(Hex.encode(random.bytes(32))),
      .string(Hex.encode(random.bytes(20))), .string(Hex.encode(random.bytes(200))),
      RPCNode.btt.json, RPCNode.keys[0].address.json, "0x18160ddd", "\u{0}\u{fffd}é",
      .string(String(repeating: "f", count: 5_000)),
    ]
    switch Int.random(in: 0..<(depth > 3 ? 6 : 8), using: &random) {
    case 6:
      let count = Int.random(in: 0...6, using: &random)
      return .array((0..<count).map { _ in value(&random, depth: depth + 1) })
    case 7:
      let names = [
        "from", "to", "data", "input", "gas", "gasPrice", "maxFeePerGas", "value", "accessList",
        "address", "topics", "fromBlock", "toBlock", "blockHash", "blockNumber",
        "requireCanonical", "balance", "nonce", "stateDiff", "storageKeys", "blocks", "timestamp",
        RPCNode.btt.hex,
      ]
      return .object(
        JSONObject(
          (0..<Int.random(in: 0...5, using: &random)).map { _ in
            (names.randomElement(using: &random) ?? "", value(&random, depth: depth + 1))
          }))
    default: return atoms.randomElement(using: &random) ?? .null
    }
  }

  @Test("No parameters bring a method down, and all get a result or a fair error")
  func garbage() async throws {
    let control = DevMethodsTests.Control()
    let node = try RPCNode(control: control) { $0.sleep = { _ in } }
    try await node.send(
      try RPCNode.tokenTransfer(from: RPCNode.keys[0], nonce: 0, to: Address(0xabc)))
    try node.mine()
    var random = SeededGenerator()
    let codes: Set<Int> = [-32602, -32000, -32005, 3, 4, 4444]
    for name in node.table.names {
      for _ in 0..<150 {
        let count = Int.random(in: 0...4, using: &random)
        let params = (0..<count).map { _ in Self.value(&random) }
        let request: JSONValue = [
          "jsonrpc": "2.0", "id": 1, "method": .string(name), "params": .array(params),
        ]
        let bytes = await node.processor.process(request.serialized, context: .init())
        let reply = try JSONValue.parse(bytes ?? [])
        if reply["result"] == nil {
          let code = try #require(reply["error"]?["code"]?.intValue)
          #expect(codes.contains(code), "\(request) gets \(reply), seed \(random.seed)")
        }
      }
    }
  }

  @Test("Every method of the tiers that wallets and libraries call is there")
  func names() throws {
    let wanted = """
      eth_chainId eth_blockNumber eth_getBalance eth_getCode eth_call eth_estimateGas eth_gasPrice
      eth_getTransactionCount eth_getBlockByNumber eth_sendRawTransaction eth_getTransactionByHash
      eth_getTransactionReceipt net_version eth_getLogs eth_getBlockByHash eth_getStorageAt
      eth_maxPriorityFeePerGas eth_feeHistory eth_newFilter eth_newBlockFilter
      eth_newPendingTransactionFilter eth_getFilterChanges eth_getFilterLogs eth_uninstallFilter
      eth_accounts web3_clientVersion eth_getBlockReceipts eth_createAccessList eth_getProof
      eth_syncing net_listening net_peerCount web3_sha3 eth_protocolVersion eth_coinbase
      eth_getBlockTransactionCountByNumber eth_getBlockTransactionCountByHash
      eth_getTransactionByBlockNumberAndIndex eth_getTransactionByBlockHashAndIndex
      eth_getUncleCountByBlockNumber eth_getUncleCountByBlockHash eth_getUncleByBlockNumberAndIndex
      eth_getUncleByBlockHashAndIndex eth_sendRawTransactionSync eth_getRawTransactionByHash
      eth_blobBaseFee txpool_status txpool_content txpool_contentFrom txpool_inspect
      debug_getRawBlock debug_getRawHeader debug_getRawReceipts debug_getRawTransaction
      btt_getSealedBlock btt_getSealedBlocks btt_nodeInfo
      """.split { $0 == " " || $0 == "\n" }.map(String.init)
    let names = Set(try RPCNode().table.names)
    #expect(Set(wanted).subtracting(names) == [])
  }
}
