internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Node
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("Filter methods")
struct FilterMethodsTests {
  private let notFound = RPCError.server("filter not found")

  @Test("A block filter gives each new block once")
  func blocks() async throws {
    let node = try RPCNode()
    try node.mine()
    let id = try await node.call("eth_newBlockFilter")
    #expect(try await node.call("eth_getFilterChanges", id) == [])
    let hashes = try (0..<3).map { _ in try node.mine().hash.json }
    #expect(try await node.call("eth_getFilterChanges", id) == .array(hashes))
    #expect(try await node.call("eth_getFilterChanges", id) == [])
    #expect(await node.error("eth_getFilterLogs", id) == notFound)
  }

  @Test("A filter of waiting transactions gives each once, mined or not")
  func pendingTransactions() async throws {
    let node = try RPCNode()
    let transactions = try (0..<3).map {
      try TestChain.transfer(from: RPCNode.keys[0], nonce: UInt64($0), to: Address(0xabc))
    }
    try await node.send(transactions[0])
    let id = try await node.call("eth_newPendingTransactionFilter")
    try await node.send(transactions[1])
    try node.mine()
    try await node.send(transactions[2])
    #expect(
      try await node.call("eth_getFilterChanges", id)
        == [transactions[1].hash.json, transactions[2].hash.json])
    #expect(try await node.call("eth_getFilterChanges", id) == [])
  }

  @Test("A log filter gives new logs once, and all of its range when asked")
  func logs() async throws {
    let node = try RPCNode()
    func mine(_ nonce: UInt64) async throws -> JSONValue {
      try await node.send(
        try RPCNode.tokenTransfer(from: RPCNode.keys[0], nonce: nonce, to: Address(0xabc)))
      return .string(Hex.quantity(try node.mine().block.header.number))
    }
    func numbers(_ logs: JSONValue) -> [JSONValue] {
      (logs.arrayValue ?? []).compactMap { $0["blockNumber"] }
    }
    _ = try await mine(0)
    let query: JSONValue = ["fromBlock": "0x0", "toBlock": "latest", "address": RPCNode.btt.json]
    let id = try await node.call("eth_newFilter", query)
    let other = try await node.call("eth_newFilter", ["address": Address(0x1000).json])
    let bounded = try await node.call("eth_newFilter", ["fromBlock": "0x1", "toBlock": "0x2"])
    #expect(try await node.call("eth_getFilterChanges", id) == [])
    _ = try await mine(1)
    _ = try await mine(2)
    #expect(numbers(try await node.call("eth_getFilterChanges", id)) == ["0x2", "0x3"])
    #expect(numbers(try await node.call("eth_getFilterChanges", id)) == [])
    #expect(numbers(try await node.call("eth_getFilterLogs", id)) == ["0x1", "0x2", "0x3"])
    #expect(numbers(try await node.call("eth_getFilterChanges", other)) == [])
    #expect(numbers(try await node.call("eth_getFilterChanges", bounded)) == ["0x2"])
    #expect(numbers(try await node.call("eth_getFilterChanges", bounded)) == [])
  }

  @Test("What one reply cannot hold or search comes with the next, none lost", arguments: [0, 1])
  func manyLogs(bound: Int) async throws {
    let node = try RPCNode { backend in
      if bound == 0 { backend.limits.maximumLogs = 2 } else { backend.limits.maximumLogRange = 2 }
    }
    let id = try await node.call("eth_newFilter", [:])
    for nonce in 0..<5 as Range<UInt64> {
      try await node.send(
        try RPCNode.tokenTransfer(from: RPCNode.keys[0], nonce: nonce, to: Address(0xabc)))
      try node.mine()
    }
    var seen: [JSONValue] = []
    for _ in 0..<4 {
      let logs = try await node.call("eth_getFilterChanges", id).arrayValue ?? []
      #expect(logs.count <= 2)
      seen += logs.compactMap { $0["blockNumber"] }
    }
    #expect(seen == ["0x1", "0x2", "0x3", "0x4", "0x5"])
  }

  @Test("A filter is gone when it is removed, and when nobody asked for it in time")
  func life() async throws {
    let node = try RPCNode()
    let removed = try await node.call("eth_newBlockFilter")
    #expect(try await node.call("eth_uninstallFilter", removed) == true)
    #expect(try await node.call("eth_uninstallFilter", removed) == false)
    #expect(await node.error("eth_getFilterChanges", removed) == notFound)

    let used = try await node.call("eth_newBlockFilter")
    let idle = try await node.call("eth_newBlockFilter")
    node.time.advance(by: .seconds(299))
    #expect(try await node.call("eth_getFilterChanges", used) == [])
    node.time.advance(by: .seconds(1))
    #expect(await node.error("eth_getFilterChanges", idle) == notFound)
    #expect(try await node.call("eth_getFilterChanges", used) == [])
    for name in ["", "0x", "0x0", "7", "0x" + String(repeating: "f", count: 64)] {
      #expect(await node.error("eth_getFilterChanges", .string(name)) == notFound)
      #expect(try await node.call("eth_uninstallFilter", .string(name)) == false)
    }
  }

  @Test("Whoever has the most filters loses one when there are too many, and nobody else")
  func fairness() async throws {
    let node = try RPCNode { backend in
      backend.limits.maximumFilters = 8
      backend.limits.maximumFiltersPerPeer = 6
    }
    let mine = try await node.call("eth_newBlockFilter", peer: "quiet")
    var greedy: [JSONValue] = []
    for _ in 0..<20 {
      node.time.advance(by: .milliseconds(1))
      greedy.append(try await node.call("eth_newBlockFilter", peer: "greedy"))
    }
    for index in 0..<4 {
      node.time.advance(by: .milliseconds(1))
      _ = try await node.call("eth_newBlockFilter", peer: "\(index)")
    }
    #expect(try await node.call("eth_getFilterChanges", mine) == [])
    #expect(await node.error("eth_getFilterChanges", greedy[16]) == notFound)
    #expect(try await node.call("eth_getFilterChanges", greedy[17]) == [])
    #expect(try await node.call("eth_getFilterChanges", greedy[19]) == [])
  }

  @Test("A filter by a block's hash, or over a reversed range, is refused")
  func refusals() async throws {
    let node = try RPCNode()
    #expect(
      await node.error("eth_newFilter", ["blockHash": Hash256.zero.json])?.code == -32602)
    #expect(
      await node.error("eth_newFilter", ["fromBlock": "0x2", "toBlock": "0x1"])
        == .invalidParams("invalid block range params"))
  }
}
