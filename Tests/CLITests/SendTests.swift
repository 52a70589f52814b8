internal import ChainTypes
internal import JSON
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("btt send", .timeLimit(.minutes(2))) struct SendTests {
  private let btt: BTTProcess

  init() throws { btt = try BTTProcess() }

  /// Sends with the devnet's first key, unasked.
  private func send(
    _ arguments: [String], to node: FakeNode, amount: String = "0.5"
  ) async throws -> BTTProcess.Result {
    try await btt.run(
      ["send", DevnetKey.fourthAddress, amount, "--devnet", "--yes", "--json", "--rpc", node.url]
        + arguments)
  }

  private static func sender(_ transaction: SignedTransaction) throws -> String {
    try transaction.recoverSender().checksummed
  }

  @Test("signs what was asked for, with the node's nonce, gas and fees, and tells the outcome")
  func sends() async throws {
    let node = try await FakeNode()
    let result = try await send([], to: node)
    await node.stop()
    #expect(result.status == 0, "\(result.errors)")
    let sent = try #require(node.sent.first)
    #expect(node.sent.count == 1)
    #expect(try Self.sender(sent) == DevnetKey.address)
    let expected = Transaction(
      chainID: 1337, nonce: 7, maxPriorityFeePerGas: 1_000_000_000, maxFeePerGas: 21_000_000_000,
      gasLimit: 21_000, to: try Address(hex: DevnetKey.fourthAddress),
      value: 500_000_000_000_000_000)
    #expect(sent.transaction == expected)
    #expect(
      try result.json == [
        "hash": .string(sent.hash.hex), "from": .string(DevnetKey.address),
        "to": .string(DevnetKey.fourthAddress), "value": "500000000000000000", "nonce": 7,
        "status": "success", "blockNumber": 9, "blockHash": .string(Hash256.zero.hex),
        "gasUsed": 21_000, "effectiveGasPrice": "1000000000", "fee": "21000000000000",
      ])
  }

  @Test("sends the types 0, 1 and 2, and data", arguments: [0, 1, 2] as [UInt8])
  func types(type: UInt8) async throws {
    let node = try await FakeNode()
    let fee = type == 2 ? ["--max-fee", "30", "--tip", "2"] : ["--gas-price", "30 gwei"]
    let result = try await send(
      ["--type", "\(type)", "--data", "0x0102", "--gas-limit", "50000", "--nonce", "9"] + fee,
      to: node)
    await node.stop()
    #expect(result.status == 0, "\(result.errors)")
    let sent = try #require(node.sent.first)
    #expect(try Self.sender(sent) == DevnetKey.address)
    #expect(sent.transaction.kind.rawValue == type)
    #expect(sent.transaction.data == [1, 2])
    #expect(sent.transaction.gasLimit == 50_000)
    #expect(sent.transaction.nonce == 9)
    #expect(sent.transaction.maxFeePerGas == 30_000_000_000)
    #expect(sent.transaction.maxPriorityFeePerGas == (type == 2 ? 2_000_000_000 : 30_000_000_000))
  }

  @Test("takes the key from the key store, a file, the environment or the devnet's mnemonic")
  func keys() async throws {
    let node = try await FakeNode()
    let imported = try await btt.run(
      "wallet", "import", "--light-kdf",
      environment: ["BTT_PRIVATE_KEY": DevnetKey.privateKey, "BTT_PASSWORD": "x"])
    #expect(imported.status == 0)
    let file = try btt.file("key", DevnetKey.privateKey)
    let to = ["send", DevnetKey.fourthAddress, "1 wei", "--yes", "--no-wait", "--rpc", node.url]
    let ways: [([String], [String: String])] = [
      ([], ["BTT_PASSWORD": "x"]), (["--from", DevnetKey.address], ["BTT_PASSWORD": "x"]),
      (["--key-file", file], [:]), ([], ["BTT_PRIVATE_KEY": DevnetKey.privateKey]),
      ([], ["BTT_MNEMONIC": DevnetKey.mnemonic]), (["--devnet"], [:]),
    ]
    for (arguments, environment) in ways {
      let result = try await btt.run(to + arguments, environment: environment)
      #expect(result.status == 0, "\(arguments): \(result.errors)")
      #expect(result.output == (node.sent.last?.hash.hex ?? "") + "\n")
      #expect(try node.sent.last.map(Self.sender) == DevnetKey.address)
    }
    let fourth = try await btt.run(to + ["--devnet", "--mnemonic-index", "3"])
    #expect(fourth.status == 0)
    #expect(try node.sent.last.map(Self.sender) == DevnetKey.fourthAddress)
    await node.stop()
  }

  @Test("without a terminal sends nothing that was not agreed to beforehand")
  func asks() async throws {
    let node = try await FakeNode()
    let result = try await btt.run(
      "send", DevnetKey.fourthAddress, "1", "--devnet", "--rpc", node.url)
    await node.stop()
    #expect(result.status == 2)
    #expect(result.errors.contains("--yes"))
    #expect(node.calls.isEmpty)
  }

  @Test("what cannot be paid, is for another chain or would fail is not signed")
  func refuses() async throws {
    let failing: JSONValue = ["error": ["code": 3, "message": "execution reverted: no"]]
    let cases: [([String: JSONValue], [String], String, String)] = [
      ([:], [], "1", "insufficient-funds"), ([:], [], "2", "insufficient-funds"),
      ([:], ["--chain-id", "199"], "0.5", "wrong-chain"),
      (["eth_estimateGas": failing], [], "0.5", "would-fail"),
      ([:], ["--max-fee", "1"], "0.5", "invalid-input"),
      ([:], ["--gas-limit", "20000"], "0.5", "invalid-input"),
    ]
    for (changes, arguments, amount, code) in cases {
      let node = try await FakeNode(changes)
      let result = try await send(arguments, to: node, amount: amount)
      await node.stop()
      #expect(result.status == 1, "\(code)")
      #expect(result.output.isEmpty)
      #expect(try result.error["code"]?.stringValue == code)
      #expect(node.sent.isEmpty)
    }
  }

  @Test("a transaction that failed in its block is told and is a failure")
  func failedInBlock() async throws {
    let node = try await FakeNode([
      "eth_getTransactionReceipt": [
        "blockNumber": "0x9", "blockHash": .string(Hash256.zero.hex), "status": "0x0",
        "gasUsed": "0x5208", "effectiveGasPrice": "0x1",
      ]
    ])
    let result = try await send([], to: node)
    await node.stop()
    #expect(result.status == 1)
    #expect(try result.json["status"] == "failed")
    #expect(try result.error["code"] == "transaction-failed")
  }

  @Test("a wait that is over tells the hash")
  func waitsOnlySoLong() async throws {
    let node = try await FakeNode(["eth_getTransactionReceipt": .null])
    let result = try await send(["--wait-timeout", "1"], to: node)
    await node.stop()
    #expect(result.status == 1)
    #expect(try result.error["code"] == "timeout")
    let hash = try #require(node.sent.first?.hash.hex)
    #expect(try result.error["message"]?.stringValue?.contains(hash) == true)
  }

  @Test("a node's refusal is given in its words, with its code")
  func nodeRefuses() async throws {
    let node = try await FakeNode([
      "eth_sendRawTransaction": ["error": ["code": -32000, "message": "nonce too low"]]
    ])
    let result = try await send([], to: node)
    await node.stop()
    #expect(result.status == 1)
    #expect(try result.error["code"] == "node")
    #expect(try result.error["nodeCode"] == -32000)
    #expect(try result.error["next"]?.stringValue?.contains("--nonce") == true)
    #expect(try result.error["message"]?.stringValue?.contains("nonce too low") == true)
  }

  @Test("a transaction that the node had before counts as sent")
  func alreadyKnown() async throws {
    let node = try await FakeNode([
      "eth_sendRawTransaction": ["error": ["code": -32000, "message": "already known"]]
    ])
    let result = try await send([], to: node)
    await node.stop()
    #expect(try result.json["status"] == "success")
  }

  @Test(
    "what makes no sense is wrong usage",
    arguments: [
      ["0.5", "--type", "3"], ["0.5", "--gas-price", "1"], ["0.5", "--type", "0", "--tip", "1"],
      ["much"], ["0.5", "--data", "0x1"], ["0.5", "--key-file", "x"], ["0.5", "--from", "me"], [],
    ])
  func usage(arguments: [String]) async throws {
    let result = try await btt.run(
      ["send", DevnetKey.fourthAddress, "--devnet", "--yes"] + arguments)
    #expect(result.status == 2, "\(result.errors)")
    #expect(result.output.isEmpty)
  }
}
