internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import LedgerRPC
internal import Node
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("Transaction methods")
struct TransactionMethodsTests {
  let key = RPCNode.keys[0]
  let to = Address(0xabc)

  private func transaction(_ kind: Transaction.Kind) throws -> SignedTransaction {
    var transaction = Transaction(
      chainID: 1_337, nonce: 0, maxPriorityFeePerGas: 1_000, maxFeePerGas: 3_000_000_000,
      gasLimit: 30_000, to: to, value: 7)
    transaction.kind = kind
    if kind != .dynamicFee { transaction.maxPriorityFeePerGas = transaction.maxFeePerGas }
    if kind != .legacy {
      transaction.accessList = [AccessListEntry(address: to, storageKeys: [.zero])]
    }
    return try SignedTransaction(signing: transaction, with: key)
  }

  @Test(
    "A transaction has its type's members in geth's order, waiting and mined",
    arguments: [Transaction.Kind.legacy, .accessList, .dynamicFee])
  func shape(kind: Transaction.Kind) async throws {
    let node = try RPCNode()
    let signed = try transaction(kind)
    #expect(try await node.send(signed) == signed.hash.json)
    let waiting = try await node.call("eth_getTransactionByHash", signed.hash.json)
    #expect(waiting["blockHash"] == .null && waiting["blockNumber"] == .null)
    #expect(waiting["transactionIndex"] == .null)
    #expect(waiting["gasPrice"] == "0xb2d05e00")
    #expect(try await node.call("eth_getTransactionReceipt", signed.hash.json) == .null)

    let block = try node.mine()
    let mined = try await node.call("eth_getTransactionByHash", signed.hash.json)
    let fees = kind == .dynamicFee ? ["maxFeePerGas", "maxPriorityFeePerGas"] : []
    let start = ["blockHash", "blockNumber", "from", "gas", "gasPrice"] + fees
    let middle = ["hash", "input", "nonce", "to", "transactionIndex", "value", "type"]
    let list = kind == .legacy ? [] : ["accessList"]
    let parity = kind == .legacy ? [] : ["yParity"]
    #expect(mined.keys == start + middle + list + ["chainId", "v", "r", "s"] + parity)
    #expect(waiting.keys == mined.keys)
    let price: JSONValue = kind == .dynamicFee ? "0x3b9acde8" : "0xb2d05e00"
    let parityValue = UInt64(signed.signature.recoveryID)
    let expected: [(String, JSONValue)] = [
      ("blockHash", block.hash.json), ("blockNumber", "0x1"), ("from", key.address.json),
      ("gas", "0x7530"), ("gasPrice", price), ("hash", signed.hash.json), ("input", "0x"),
      ("nonce", "0x0"), ("to", to.json), ("transactionIndex", "0x0"), ("value", "0x7"),
      ("type", .string(Hex.quantity(UInt64(kind.rawValue)))), ("chainId", "0x539"),
      (
        "v", .string(Hex.quantity(kind == .legacy ? 1_337 * 2 + 35 + parityValue : parityValue))
      ),
      ("r", .string(Hex.quantity(signed.signature.r))),
      ("s", .string(Hex.quantity(signed.signature.s))),
    ]
    for (name, value) in expected { #expect(mined[name] == value, "\(name)") }
    let raw = try await node.call("eth_getRawTransactionByHash", signed.hash.json)
    #expect(raw == .string(Hex.encode(signed.encoded)))

    let receipt = try await node.call("eth_getTransactionReceipt", signed.hash.json)
    #expect(receipt["effectiveGasPrice"] == price)
    #expect(receipt["type"] == mined["type"])
    // 2 400 and 1 900 for what the access list names (EIP-2930).
    #expect(receipt["gasUsed"] == (kind == .legacy ? "0x5208" : "0x62d4"))
  }

  @Test("A receipt has geth's members, and its logs where they stand")
  func receipt() async throws {
    let node = try RPCNode()
    let signed = try RPCNode.tokenTransfer(from: key, nonce: 0, to: to, value: 500)
    try await node.send(signed)
    let block = try node.mine()
    let receipt = try await node.call("eth_getTransactionReceipt", signed.hash.json)
    #expect(
      receipt.keys == [
        "blockHash", "blockNumber", "contractAddress", "cumulativeGasUsed", "effectiveGasPrice",
        "from", "gasUsed", "logs", "logsBloom", "status", "to", "transactionHash",
        "transactionIndex", "type",
      ])
    #expect(receipt["contractAddress"] == .null)
    #expect(receipt["status"] == "0x1")
    #expect(receipt["cumulativeGasUsed"] == receipt["gasUsed"])
    let data = "0x" + String(repeating: "0", count: 61) + "1f4"
    let word = "0x" + String(repeating: "0", count: 24)
    #expect(
      receipt["logs"] == [
        [
          "address": RPCNode.btt.json,
          "topics": [
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
            .string(word + key.address.hex.dropFirst(2)), .string(word + to.hex.dropFirst(2)),
          ],
          "data": .string(data), "blockNumber": "0x1", "transactionHash": signed.hash.json,
          "transactionIndex": "0x0", "blockHash": block.hash.json, "blockTimestamp": "0x7d0",
          "logIndex": "0x0", "removed": false,
        ]
      ])
    #expect(receipt["logsBloom"]?.stringValue?.contains { $0 != "0" && $0 != "x" } == true)
  }

  @Test("A transaction that fails in its block says so")
  func failure() async throws {
    let node = try RPCNode()
    let signed = try RPCNode.tokenTransfer(from: key, nonce: 0, to: RPCNode.btt)
    try await node.send(signed)
    try node.mine()
    let receipt = try await node.call("eth_getTransactionReceipt", signed.hash.json)
    #expect(receipt["status"] == "0x0")
    #expect(receipt["logs"] == [])
  }

  @Test("What cannot be sent is refused with geth's words")
  func refusals() async throws {
    let node = try RPCNode()
    func refusal(_ signed: SignedTransaction) async -> RPCError? {
      await node.error("eth_sendRawTransaction", .string(Hex.encode(signed.encoded)))
    }
    let first = try TestChain.transfer(from: key, nonce: 0, to: to)
    try await node.send(first)
    #expect(await refusal(first)?.message.hasPrefix("already known") == true)
    let cheap = try TestChain.transfer(from: key, nonce: 0, to: to, value: 2)
    #expect(
      await refusal(cheap)?.message.hasPrefix("replacement transaction underpriced") == true)
    try node.mine()
    let low = await refusal(try TestChain.transfer(from: key, nonce: 0, to: to, value: 3))
    #expect(low?.message.hasPrefix("nonce too low") == true)
    #expect(low?.code == -32000)
    let poor = try TestChain.transfer(from: TestChain.key(77), nonce: 0, to: to)
    #expect(
      await refusal(poor)?.message.hasPrefix("insufficient funds for gas * price + value") == true)
    let foreign = try TestChain.transfer(from: key, nonce: 1, to: to, chainID: 1)
    #expect(await refusal(foreign)?.message.hasPrefix("invalid chain id for signer") == true)
    let creation = try SignedTransaction(
      signing: Transaction(
        chainID: 1_337, nonce: 1, gasPrice: 3_000_000_000, gasLimit: 100_000, to: nil, value: 0),
      with: key)
    #expect(await refusal(creation)?.message.contains("no bytecode on this chain") == true)
  }

  static let malformed: [(JSONValue, Int, String)] = [
    ("0x", -32000, "typed transaction too short"),
    ("0x03c0", -32000, "transaction type not supported"),
    ("0xc0", -32000, "rlp:"),
    ("0x0", -32602, "invalid argument 0"),
    ("zz", -32602, "invalid argument 0"),
    (7, -32602, "invalid argument 0"),
    (nil, -32602, "missing value for required argument 0"),
  ]

  @Test("Malformed transactions are refused", arguments: malformed)
  func malformedBytes(value: JSONValue, code: Int, start: String) async throws {
    let error = await (try RPCNode()).error("eth_sendRawTransaction", value)
    #expect(error?.code == code)
    #expect(error?.message.hasPrefix(start) == true)
  }

  @Test("A follower sends transactions on")
  func forwarding() async throws {
    let signed = try TestChain.transfer(from: key, nonce: 0, to: to)
    let node = try RPCNode { backend in
      backend.submission = .forward { received in
        throw RPCError.server("forwarded \(received.hash.hex)")
      }
    }
    let error = await node.error("eth_sendRawTransaction", .string(Hex.encode(signed.encoded)))
    #expect(error == .server("forwarded \(signed.hash.hex)"))
  }

  @Test("What the node that makes blocks answers, a follower answers too")
  func forwardedErrors() async throws {
    let signed = try TestChain.transfer(from: key, nonce: 0, to: to)
    let low = RPCError.server("nonce too low: address 0x00, tx: 0 state: 1")
    let failures: [(JSONRPCClientError, RPCError)] = [
      (.rpc(low), low),
      (
        .timeout(endpoint: "http://inner.example", seconds: 30),
        .server("the node that makes blocks does not answer: try again later")
      ),
    ]
    for (failure, expected) in failures {
      let node = try RPCNode { $0.submission = .forward { _ in throw failure } }
      for method in ["eth_sendRawTransaction", "eth_sendRawTransactionSync"] {
        #expect(await node.error(method, .string(Hex.encode(signed.encoded))) == expected)
      }
    }
  }

  // MARK: eth_sendRawTransactionSync

  @Test("A synchronous send answers with the receipt once the block is there")
  func synchronousSend() async throws {
    let node = try RPCNode { $0.sleep = { _ in try await Task.sleep(for: .seconds(3_600)) } }
    let signed = try TestChain.transfer(from: key, nonce: 0, to: to)
    async let sent = node.call(
      "eth_sendRawTransactionSync", .string(Hex.encode(signed.encoded)), "0x1388")
    for await _ in node.pool.readiness() { break }
    try node.mine()
    let receipt = try await sent
    #expect(receipt["transactionHash"] == signed.hash.json)
    #expect(receipt == (try await node.call("eth_getTransactionReceipt", signed.hash.json)))
  }

  @Test("A synchronous send gives up in time, with code 4 and the hash")
  func synchronousTimeout() async throws {
    let node = try RPCNode { $0.sleep = { _ in } }
    let signed = try TestChain.transfer(from: key, nonce: 0, to: to)
    let error = await node.error(
      "eth_sendRawTransactionSync", .string(Hex.encode(signed.encoded)), 100)
    #expect(error?.code == 4)
    #expect(
      error?.message
        == "The transaction was added to the mempool but wasn't processed in 100ms")
    #expect(error?.data == signed.hash.json)
    #expect(node.pool.transaction(signed.hash) != nil)
  }

  @Test("A synchronous send whose transaction is replaced says so")
  func synchronousReplacement() async throws {
    let node = try RPCNode { $0.sleep = { _ in try await Task.sleep(for: .seconds(3_600)) } }
    let signed = try TestChain.transfer(from: key, nonce: 0, to: to)
    async let sent = node.error(
      "eth_sendRawTransactionSync", .string(Hex.encode(signed.encoded)))
    for await _ in node.pool.readiness() { break }
    try await node.send(
      try SignedTransaction(
        signing: Transaction(
          chainID: 1_337, nonce: 0, maxPriorityFeePerGas: 2_000, maxFeePerGas: 200_000_000_000,
          gasLimit: 21_000, to: to, value: 1), with: key))
    try node.mine()
    #expect(await sent?.message.hasPrefix("transaction dropped") == true)
  }

  @Test("A transaction that is included while it is looked for is found")
  func includedMeanwhile() async throws {
    let node = try RPCNode()
    let backend = NodeBackend(chain: node.test.chain, pool: node.pool, role: .devnet)
    let before = node.test.chain.view
    let signed = try transaction(.dynamicFee)
    try await node.send(signed)
    guard case .waiting(let waiting) = try backend.find(signed.hash, in: before) else {
      Issue.record("it waits in the pool")
      return
    }
    #expect(waiting.signed == signed)
    try node.mine()
    guard case .included(_, let location) = try backend.find(signed.hash, in: before) else {
      Issue.record("it is in the newest block")
      return
    }
    #expect(location.blockNumber == 1 && location.index == 0)
    #expect(try backend.find(.zero, in: before) == nil)
  }
}
