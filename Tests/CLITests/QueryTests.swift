internal import JSON
internal import TestSupport
internal import Testing

@Suite("btt balance, tx, block and rpc", .timeLimit(.minutes(2))) struct QueryTests {
  private let btt: BTTProcess

  init() throws { btt = try BTTProcess() }

  /// Runs a command against a node, and gives what the node was asked as well.
  private func ask(
    _ changes: [String: JSONValue] = [:], _ arguments: String...
  ) async throws -> (BTTProcess.Result, calls: [JSONValue]) {
    let node = try await FakeNode(changes)
    let result = try await btt.run(arguments, environment: ["BTT_RPC_URL": node.url])
    await node.stop()
    return (result, node.calls)
  }

  @Test("balance tells what an account has, now or at a block")
  func balance() async throws {
    let (text, calls) = try await ask([:], "balance", DevnetKey.address)
    #expect(text.output == "1 BTT\n")
    #expect(calls == [["eth_getBalance", [.string(DevnetKey.address.lowercased()), "latest"]]])
    let (json, later) = try await ask(
      [:], "balance", DevnetKey.address, "--block", "16", "--json")
    #expect(
      try json.json == [
        "address": .string(DevnetKey.address), "block": "0x10", "wei": "1000000000000000000",
        "btt": "1",
      ])
    #expect(later.first?[1]?[1] == "0x10")
  }

  @Test("tx tells what a transaction was to do and what became of it")
  func transaction() async throws {
    let (text, _) = try await ask([:], "tx", FakeNode.hash)
    for word in ["success", Substring(DevnetKey.fourthAddress), "0.000021"] {
      #expect(text.words.contains(word))
    }
    let (json, _) = try await ask([:], "tx", FakeNode.hash, "--json")
    #expect(try json.json["status"] == "success")
    #expect(try json.json["transaction"] == FakeNode.transaction)
    #expect(try json.json["receipt"]?["blockNumber"] == "0x9")
    let (pending, _) = try await ask(
      ["eth_getTransactionReceipt": .null], "tx", FakeNode.hash, "--json")
    #expect(try pending.json["status"] == "pending")
    #expect(try pending.json["receipt"] == .null)
  }

  @Test("block shows the newest block, or one by number or hash")
  func block() async throws {
    let (text, latest) = try await ask([:], "block")
    #expect(latest == [["eth_getBlockByNumber", ["latest", false]]])
    #expect(text.output.contains("2023-11-14T22:13:20Z"))
    #expect(text.words.contains("9"))
    let (json, number) = try await ask([:], "block", "9", "--full", "--json")
    #expect(number == [["eth_getBlockByNumber", ["0x9", true]]])
    #expect(try json.json == FakeNode.block)
    let (full, hash) = try await ask([:], "block", FakeNode.hash, "--full")
    #expect(hash == [["eth_getBlockByHash", [.string(FakeNode.hash), true]]])
    #expect(full.output.contains("sends 1 BTT to \(DevnetKey.fourthAddress)"))
  }

  @Test("what the node does not have is told as such")
  func notFound() async throws {
    for (method, arguments) in [
      ("eth_getTransactionByHash", ["tx", FakeNode.hash]),
      ("eth_getBlockByNumber", ["block", "99"]), ("eth_getBlockByHash", ["block", FakeNode.hash]),
    ] {
      let node = try await FakeNode([method: .null])
      let result = try await btt.run(arguments + ["--json", "--rpc", node.url])
      await node.stop()
      #expect(result.status == 1)
      #expect(try result.error["code"] == "not-found")
    }
  }

  @Test("rpc takes parameters as JSON or as bare words")
  func rpc() async throws {
    let (text, calls) = try await ask(
      ["x": ["a": [1]]], "rpc", "x", "latest", "5", "true", "0x10", #"{"b": null}"#, "[1]",
      #""5""#)
    #expect(calls == [["x", ["latest", 5, true, "0x10", ["b": nil], [1], "5"]]])
    #expect(try text.json == ["a": [1]])
    let (string, _) = try await ask([:], "rpc", "eth_chainId")
    #expect(string.output == "0x539\n")
    let (json, _) = try await ask([:], "rpc", "eth_chainId", "--json")
    #expect(try json.json == ["result": "0x539"])
    let (broken, none) = try await ask([:], "rpc", "x", "{broken")
    #expect(broken.status == 2)
    #expect(none.isEmpty)
  }

  @Test("rpc shows the administrator's token to the node, and to nobody else")
  func token() async throws {
    let node = try await FakeNode()
    let file = try btt.file("token", "abcdef\n")
    let result = try await btt.run(
      "rpc", "btt_unknown", "--token-file", file, "--json", "--rpc", node.url)
    await node.stop()
    #expect(node.token == "Bearer abcdef")
    #expect(result.status == 1)
    #expect(try result.error["nodeCode"] == -32601)
    #expect(!result.errors.contains("abcdef"))
  }

  @Test("a node that is not there is named, with the next step")
  func unreachable() async throws {
    let node = try await FakeNode()
    let url = node.url
    await node.stop()
    let result = try await btt.run("block", "--rpc", url, "--json")
    #expect(result.status == 1)
    #expect(try result.error["code"] == "unreachable")
    #expect(try result.error["message"]?.stringValue?.contains(url) == true)
    let malformed = try await btt.run("block", "--rpc", "nowhere", "--json")
    #expect(malformed.status == 2)
  }

  @Test("a reply of another kind is the node's fault")
  func badReply() async throws {
    let (result, _) = try await ask(
      ["eth_getBalance": "much"], "balance", DevnetKey.address, "--json")
    #expect(result.status == 1)
    #expect(try result.error["code"] == "bad-reply")
  }
}
