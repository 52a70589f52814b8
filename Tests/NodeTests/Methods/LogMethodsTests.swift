internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Node
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("Log methods")
struct LogMethodsTests {
  static let transferTopic: JSONValue =
    "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
  let receivers = [Address(0xa), Address(0xb), Address(0xc)]

  private func topic(_ address: Address) -> JSONValue {
    .string("0x" + String(repeating: "0", count: 24) + address.hex.dropFirst(2))
  }

  /// A block for each receiver with a transfer to it, and an empty one after each.
  private func makeNode(_ adjust: (inout NodeBackend) -> Void = { _ in }) async throws -> RPCNode {
    let node = try RPCNode(adjust)
    for (nonce, receiver) in receivers.enumerated() {
      try await node.send(
        try RPCNode.tokenTransfer(from: RPCNode.keys[0], nonce: UInt64(nonce), to: receiver))
      try node.mine()
      try node.mine()
    }
    return node
  }

  private func blocks(_ logs: JSONValue) -> [JSONValue] {
    (logs.arrayValue ?? []).compactMap { $0["blockNumber"] }
  }

  @Test("Addresses and topics select, with null for any and lists for any of")
  func selection() async throws {
    let node = try await makeNode()
    let all: [JSONValue] = ["0x1", "0x3", "0x5"]
    let from = topic(RPCNode.keys[0].address)
    let cases: [(JSONObject, [JSONValue])] = [
      ([:], all),
      (["address": RPCNode.btt.json], all),
      (["address": [Address(1).json, RPCNode.btt.json]], all),
      (["address": Address(0x1000).json], []),
      (["address": []], all),
      (["topics": [Self.transferTopic]], all),
      (["topics": [nil, from]], all),
      (["topics": [nil, nil, topic(receivers[1])]], ["0x3"]),
      (["topics": [nil, nil, [topic(receivers[0]), topic(receivers[2])]]], ["0x1", "0x5"]),
      (["topics": [nil, nil, [topic(receivers[0]), nil]]], all),
      (["topics": [nil, nil, []]], all),
      (["topics": [from]], []),
      (["topics": [nil, nil, nil, nil]], []),
    ]
    for (query, expected) in cases {
      var query = query
      query["fromBlock"] = "earliest"
      let logs = try await node.call("eth_getLogs", .object(query))
      #expect(blocks(logs) == expected, "\(JSONValue.object(query))")
    }
  }

  @Test("A range, or a block's hash, bounds the search; without either it is the newest block")
  func ranges() async throws {
    let node = try await makeNode()
    let hash = try #require(try await node.call("eth_getBlockByNumber", "0x3", false)["hash"])
    let cases: [(JSONValue, [JSONValue])] = [
      (["fromBlock": "0x1", "toBlock": "0x3"], ["0x1", "0x3"]),
      (["fromBlock": "0x2", "toBlock": "0x2"], []),
      (["fromBlock": "0x2", "toBlock": "latest"], ["0x3", "0x5"]),
      (["fromBlock": "0x5"], ["0x5"]),
      (["blockHash": hash], ["0x3"]),
      ([:], []),
    ]
    for (query, expected) in cases {
      #expect(blocks(try await node.call("eth_getLogs", query)) == expected, "\(query)")
    }
  }

  @Test("Ranges that make no sense are refused")
  func refusals() async throws {
    let node = try await makeNode { $0.limits.maximumLogRange = 5 }
    let future = "block range extends beyond current head block"
    let cases: [(JSONValue, RPCError)] = [
      (["fromBlock": "0x3", "toBlock": "0x1"], .invalidParams("invalid block range params")),
      (["fromBlock": "latest", "toBlock": "0x1"], .invalidParams("invalid block range params")),
      (["fromBlock": "0x1", "toBlock": "0x7"], .invalidParams(future)),
      (["fromBlock": "0x7"], .invalidParams(future)),
      (
        ["blockHash": Hash256.zero.json, "fromBlock": "0x1"],
        .invalidParams("can't specify fromBlock/toBlock with blockHash")
      ),
      (["blockHash": Hash256.zero.json], .server("unknown block")),
      (
        ["topics": [nil, nil, nil, nil, nil]], .invalidParams("exceed max topics")
      ),
      (
        ["address": .array(Array(repeating: RPCNode.btt.json, count: 1_001))],
        .invalidParams("exceed max addresses or topics per search position")
      ),
      (
        ["fromBlock": "0x0"],
        .limitExceeded("block range of 7 is too long: ask for at most 5 blocks at once")
      ),
    ]
    for (query, error) in cases {
      #expect(await node.error("eth_getLogs", query) == error, "\(query)")
    }
  }

  @Test("A reply has at most so many logs")
  func resultLimit() async throws {
    let three = try await makeNode { $0.limits.maximumLogs = 3 }
    #expect(
      try await three.call("eth_getLogs", ["fromBlock": "0x0"]).arrayValue?.count == 3)
    let two = try await makeNode { $0.limits.maximumLogs = 2 }
    let error = await two.error("eth_getLogs", ["fromBlock": "0x0"])
    #expect(error?.code == -32005)
    #expect(error?.message.hasPrefix("query returned more than 2 results") == true)
  }
}
