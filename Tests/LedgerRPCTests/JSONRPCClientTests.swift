internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import NIOHTTP1
internal import TestSupport
internal import Testing

@Suite("JSON-RPC client", .timeLimit(.minutes(1))) struct JSONRPCClientTests {
  /// Calls `body` with a client of a server that answers as `script` says.
  @discardableResult private func withClient<Value>(
    configure: (inout JSONRPCClientConfiguration) -> Void = { _ in },
    script: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply?,
    _ body: (JSONRPCClient, String) async throws -> Value
  ) async throws -> Value {
    let server = try await ScriptedServer(script)
    let endpoint = "http://127.0.0.1:\(server.port)"
    var configuration = JSONRPCClientConfiguration(endpoint: "\(endpoint)/v3/key?user=me")
    configure(&configuration)
    let result: Result<Value, any Error>
    do {
      result = .success(
        try await JSONRPCClient.withClient(configuration) { try await body($0, endpoint) })
    } catch {
      result = .failure(error)
    }
    await server.stop()
    return try result.get()
  }

  private static func reply(_ json: JSONValue) -> ScriptedServer.Reply { .init(body: "\(json)") }

  private static func result(_ request: JSONValue, _ result: JSONValue) -> JSONValue {
    ["jsonrpc": "2.0", "id": request["id"] ?? nil, "result": result]
  }

  @Test("sends a call as JSON-RPC 2.0 by POST, with the token, and gives the result")
  func callsMethod() async throws {
    let result = try await withClient {
      $0.bearerToken = "secret"
    } script: { request in
      Self.reply(
        Self.result(
          request.body,
          [
            "request": request.body, "method": .string(request.head.method.rawValue),
            "uri": .string(request.head.uri),
            "headers": .array(
              ["content-type", "authorization"].map {
                .string(request.head.headers.first(name: $0) ?? "")
              }),
          ]))
    } _: { client, _ in
      try await client.call("eth_getBalance", ["0x12", "latest"])
    }
    #expect(result["method"] == "POST")
    #expect(result["uri"] == "/v3/key?user=me")
    #expect(result["headers"] == ["application/json", "Bearer secret"])
    #expect(
      result["request"]
        == ["jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": ["0x12", "latest"]])
  }

  @Test("reads results as the type that is wanted, and says when they are another")
  func readsResults() async throws {
    try await withClient {
      Self.reply(Self.result($0.body, "0x10"))
    } _: { client, endpoint in
      let height = try await client.call("eth_blockNumber", returning: .quantity64)
      #expect(height == 16)
      await #expect(
        throws: JSONRPCClientError.malformedReply(
          endpoint: endpoint, reason: "result of eth_x: want a boolean")
      ) {
        try await client.call("eth_x", returning: .bool)
      }
    }
  }

  @Test("puts a batch's replies into the order of its calls")
  func ordersBatch() async throws {
    try await withClient { request in
      let items = request.body.arrayValue ?? []
      let replies = items.map { item -> JSONValue in
        item["method"] == "bad"
          ? [
            "jsonrpc": "2.0", "id": item["id"] ?? nil,
            "error": ["code": 3, "message": "no", "data": "0x"],
          ]
          : Self.result(item, item["params"] ?? nil)
      }
      return Self.reply(.array(replies.reversed()))
    } _: { client, _ in
      let results = try await client.batch([.init("a", [1]), .init("bad"), .init("c", [3])])
      #expect(
        results == [
          .success([1]), .failure(RPCError(code: 3, message: "no", data: "0x")), .success([3]),
        ])
      let none = try await client.batch([])
      #expect(none.isEmpty)
    }
  }

  /// Replies that are faulty, and the faults.
  static let faults: [(String, String)] = [
    ("<html>", "unexpected byte 0x3c in JSON (at byte 0)"),
    ("", "JSON ends inside a value (at byte 0)"),
    ("[]", "the id is another call's"),
    (#"{"jsonrpc":"2.0","id":99,"result":1}"#, "the id is another call's"),
    (#"{"jsonrpc":"2.0","id":1}"#, "neither result nor error"),
  ]

  @Test("refuses replies that are none to the call", arguments: faults)
  func refusesMalformed(body: String, reason: String) async throws {
    try await withClient {
      _ in
      .init(body: body)
    } _: { client, endpoint in
      await #expect(
        throws: JSONRPCClientError.malformedReply(endpoint: endpoint, reason: reason)
      ) {
        try await client.call("x")
      }
    }
  }

  @Test("refuses batches that lack a reply or have a stranger's")
  func refusesMalformedBatch() async throws {
    for (reply, reason) in [
      ([], "a call of the batch has no reply"),
      ([["id": 7, "result": 1]], "the id is another call's"),
      ([["id": 1, "result": 1], ["id": 2]], "a call of the batch has no reply"),
    ] as [(JSONValue, String)] {
      try await withClient {
        _ in
        Self.reply(reply)
      } _: { client, endpoint in
        await #expect(
          throws: JSONRPCClientError.malformedReply(endpoint: endpoint, reason: reason)
        ) {
          try await client.batch([.init("x"), .init("y")])
        }
      }
    }
  }

  @Test("gives the node's error with code, message and data, also under another HTTP status")
  func givesErrors() async throws {
    for status in [HTTPResponseStatus.ok, .badRequest] {
      try await withClient { request in
        .init(
          status: status,
          body:
            #"{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":"0x08"}}"#
        )
      } _: { client, _ in
        await #expect(
          throws: JSONRPCClientError.rpc(
            RPCError(code: 3, message: "execution reverted", data: "0x08"))
        ) {
          try await client.call("eth_call")
        }
      }
    }
  }

  @Test("tells HTTP errors with status and text, and follows no redirection")
  func tellsHTTPErrors() async throws {
    for (status, location) in [(403, "/"), (302, "http://127.0.0.1:1/")] {
      try await withClient { _ in
        .init(
          status: .init(statusCode: status), body: "invalid host\n",
          headers: [("location", location)])
      } _: { client, endpoint in
        await #expect(
          throws: JSONRPCClientError.http(endpoint: endpoint, status: status, body: "invalid host")
        ) {
          try await client.call("x")
        }
      }
    }
  }

  @Test("takes no reply beyond the limit")
  func limitsReply() async throws {
    try await withClient {
      $0.maximumReplyBytes = 100
    } script: {
      Self.reply(Self.result($0.body, .string(String(repeating: "x", count: 200))))
    } _: { client, endpoint in
      await #expect(
        throws: JSONRPCClientError.replyTooLarge(endpoint: endpoint, limit: 100)
      ) {
        try await client.call("x")
      }
    }
  }

  @Test("waits no longer than the time-out")
  func timesOut() async throws {
    try await withClient {
      $0.timeout = .milliseconds(50)
    } script: { _ in
      nil
    } _: { client, endpoint in
      await #expect(throws: JSONRPCClientError.timeout(endpoint: endpoint, seconds: 0)) {
        try await client.call("x")
      }
    }
  }

  @Test("names the node that is not reached, but none of the endpoint's secrets")
  func tellsTransportErrors() async throws {
    let server = try await ScriptedServer { _ in nil }
    await server.stop()
    let url = "http://user:secret@127.0.0.1:\(server.port)/key"
    await #expect {
      try await JSONRPCClient.withClient(.init(endpoint: url)) { try await $0.call("x") }
    } throws: { error in
      let text = "\(error)"
      return text.hasPrefix("cannot reach the node at http://127.0.0.1:\(server.port): ")
        && !text.contains("secret") && !text.contains("key")
    }
  }

  @Test(
    "refuses what is no endpoint", arguments: ["", "localhost:8545", "ftp://x", "http://", "/"])
  func refusesEndpoint(url: String) {
    #expect(throws: JSONRPCClientError.invalidEndpoint) {
      _ = try JSONRPCClient(.init(endpoint: url))
    }
  }
}
