internal import ChainTypes
internal import JSON
internal import Node
internal import Testing

@Suite("JSON-RPC processor") struct JSONRPCProcessorTests {
  private func reply(
    to request: String, limits: JSONRPCProcessor.Limits = .init(),
    context: RPCRequestContext = .init()
  ) async -> String? {
    await TestMethods().processor(limits: limits).process(Array(request.utf8), context: context)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private static func error(_ id: String, _ code: Int, _ message: String) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"message":"\#(message)"}}"#
  }

  private static func call(_ method: String, _ params: String = "[]", id: String = "1") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
  }

  private static func result(_ result: String, id: String = "1") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#
  }

  private static let echoed = #"{"String":"x","Int":3,"Args":null}"#
  private static let invalid = error("null", -32600, "invalid request")

  /// Request and reply byte by byte, as the scripts of geth's rpc/testdata have them.
  static let exchanges: [(String, String?)] = [
    // Calls and their parameters.
    (call("test_echo", #"["x", 3]"#), result(echoed)),
    (
      call("test_echo", #"["x", 3, {"S": "foo"}]"#),
      result(#"{"String":"x","Int":3,"Args":{"S":"foo"}}"#)
    ),
    (call("test_echo"), error("1", -32602, "missing value for required argument 0")),
    (call("test_echo", #"["x"]"#), error("1", -32602, "missing value for required argument 1")),
    (call("test_echo", "[null]"), error("1", -32602, "missing value for required argument 0")),
    (call("test_echo", "[1]"), error("1", -32602, "invalid argument 0: want a string")),
    (call("test_echo", "[1,2,3,4]"), error("1", -32602, "too many arguments, want at most 3")),
    (call("test_echo", #"{"int":23}"#, id: "3"), error("3", -32602, "non-array args")),
    (call("test_echo", "7"), error("1", -32602, "non-array args")),
    (call("test_noArgsRets", "null", id: "3"), result("null", id: "3")),
    (#"{"jsonrpc":"2.0","id":3,"method":"test_noArgsRets"}"#, result("null", id: "3")),
    (call("test_echoLater", "[[7]]"), result("[7]")),
    (call("test_raw", "[3]"), result(#""xxx""#)),
    (
      call("unknown_method"),
      error("1", -32601, "the method unknown_method does not exist/is not available")
    ),
    (
      call("test_revert"),
      #"{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted: no","#
        + #""data":"0x08c3"}}"#
    ),
    (call("test_fail"), error("1", -32603, "internal error")),
    (call("test_failLater"), error("1", -32603, "internal error")),
    // Ids come back as they were sent.
    (call("test_noArgsRets", id: "0"), result("null", id: "0")),
    (call("test_noArgsRets", id: "-1"), result("null", id: "-1")),
    (call("test_noArgsRets", id: "null"), result("null", id: "null")),
    (call("test_noArgsRets", id: #""a\"\n""#), result("null", id: #""a\"\n""#)),
    (
      call("test_noArgsRets", id: "340282366920938463463374607431768211456"),
      result("null", id: "340282366920938463463374607431768211456")
    ),
    (
      call("test_noArgsRets", id: "1.5"),
      error("null", -32600, "invalid request: a number as id must be an integer")
    ),
    (
      call("test_noArgsRets", id: "1e3"),
      error("null", -32600, "invalid request: a number as id must be an integer")
    ),
    (call("test_noArgsRets", id: "[]"), invalid),
    (call("test_noArgsRets", id: "{}"), invalid),
    (call("test_noArgsRets", id: "true"), invalid),
    // What is no request.
    ("1", invalid),
    ("null", invalid),
    ("{}", invalid),
    (#"{"id":1}"#, error("1", -32600, "invalid request")),
    (#"{"jsonrpc":"2.0","id":1}"#, error("1", -32600, "invalid request")),
    (#"{"jsonrpc":"2.0","id":1,"method":""}"#, error("1", -32600, "invalid request")),
    (#"{"jsonrpc":"2.0","id":1,"method":7}"#, error("1", -32600, "invalid request")),
    (#"{"jsonrpc":"2.1","id":1,"method":"test_echo"}"#, error("1", -32600, "invalid request")),
    (#"{"jsonrpc":2.0,"id":1,"method":"test_echo"}"#, error("1", -32600, "invalid request")),
    (#"{"id":1,"method":"test_echo"}"#, error("1", -32600, "invalid request")),
    ("", error("null", -32700, "parse error: JSON ends inside a value (at byte 0)")),
    ("{\"id\"", error("null", -32700, "parse error: JSON ends inside a value (at byte 5)")),
    (
      #"{"id":1,"id":1}"#,
      error("null", -32700, "parse error: JSON object has a key twice (at byte 8)")
    ),
    // Notifications get no reply, whatever becomes of them.
    (#"{"jsonrpc":"2.0","method":"test_echo","params":["x",99]}"#, nil),
    (#"{"jsonrpc":"2.0","method":"unknown_method"}"#, nil),
    (#"{"jsonrpc":"2.0","method":"test_failLater"}"#, nil),
    // Batches.
    ("[]", error("null", -32600, "empty batch")),
    ("[1]", "[\(invalid)]"),
    ("[1,2,3]", "[\(invalid),\(invalid),\(invalid)]"),
    ("[null]", "[\(invalid)]"),
    ("[[]]", "[\(invalid)]"),
    (#"[{"jsonrpc":"2.0","method":"test_echo","params":["x",99]}]"#, nil),
    (
      "[\(call("test_echo", id: "2")), \(call("test_echo", #"["x",3]"#, id: " 3"))]",
      "[\(error("2", -32602, "missing value for required argument 0")),"
        + "\(result(echoed, id: "3"))]"
    ),
    (
      #"[\#(call("test_echo", #"["x",3]"#)),55,\#(call("unknown_method", id: "2")),{"foo":"bar"}]"#,
      "[\(result(echoed)),\(invalid),"
        + error("2", -32601, "the method unknown_method does not exist/is not available")
        + ",\(invalid)]"
    ),
    (
      "[\(call("test_echoLater", "[1]")),\(call("test_noArgsRets", id: "2"))]",
      "[\(result("1")),\(result("null", id: "2"))]"
    ),
  ]

  @Test("answers as geth does", arguments: exchanges)
  func exchange(request: String, expected: String?) async {
    #expect(await reply(to: request) == expected)
  }

  /// Parameters in Ethereum's encodings, with the result or the error's text.
  static let parameters: [(String, String, String)] = [
    ("test_block", "[]", #""latest""#),
    ("test_block", "[null]", #""latest""#),
    ("test_block", #"["finalized"]"#, #""finalized""#),
    ("test_block", #"["0x10"]"#, #""0x10""#),
    (
      "test_block", #"["0x010"]"#,
      "invalid argument 0: hex number with leading zeros or without digits"
    ),
    ("test_block", "[16]", "invalid argument 0: want a block number, tag, hash or object"),
    (
      "test_block", #"["0x\#(String(repeating: "Ab", count: 32))"]"#,
      #"{"blockHash":"0x\#(String(repeating: "ab", count: 32))"}"#
    ),
    (
      "test_block",
      #"[{"blockHash":"0x\#(String(repeating: "ab", count: 32))","requireCanonical":true}]"#,
      #"{"blockHash":"0x\#(String(repeating: "ab", count: 32))","requireCanonical":true}"#
    ),
    ("test_block", #"[{"blockNumber":"0x1"}]"#, #""0x1""#),
    ("test_block", "[{}]", "invalid argument 0: block object needs blockHash or blockNumber"),
    (
      "test_block",
      #"[{"blockNumber":"0x1","blockHash":"0x\#(String(repeating: "ab", count: 32))"}]"#,
      "invalid argument 0: cannot specify both blockHash and blockNumber, choose one or the other"
    ),
    (
      "test_block", #"[{"blockNumber":{"blockNumber":"0x1"}}]"#,
      #"invalid argument 0: \"blockNumber\": want a block number or tag"#
    ),
    (
      "test_address", #"["0x52908400098527886E0F7030069857D2E4169EE7"]"#,
      #""0x52908400098527886e0f7030069857d2e4169ee7""#
    ),
    ("test_address", #"["0x12"]"#, "invalid argument 0: hex string has 1 bytes, want 20"),
    ("test_quantity", #"["0x0"]"#, #""0x0""#),
    ("test_quantity", #"["0xffffffffffffffff"]"#, #""0xffffffffffffffff""#),
    ("test_quantity", #"["0x10000000000000000"]"#, "invalid argument 0: hex number too large"),
    ("test_quantity", #"["12"]"#, "invalid argument 0: hex string without 0x prefix"),
  ]

  @Test("reads parameters in Ethereum's encodings", arguments: parameters)
  func parameter(method: String, params: String, expected: String) async {
    let isError = expected.hasPrefix("invalid")
    #expect(
      await reply(to: Self.call(method, params))
        == (isError ? Self.error("1", -32602, expected) : Self.result(expected)))
  }

  @Test("keeps the administrator's methods to whoever has shown the token")
  func adminMethods() async throws {
    let request = Self.call("admin_secret")
    let admin = RPCRequestContext(isAdmin: true)
    #expect(await reply(to: request, context: admin) == Self.result(#""open""#))
    let refusal = try JSONValue.parse(try #require(await reply(to: request)))
    #expect(refusal["error"]?["code"] == -32000)
    #expect(refusal["result"] == nil)
  }

  @Test("refuses a batch with too many calls, under the first call's id")
  func batchTooLarge() async {
    var limits = JSONRPCProcessor.Limits()
    limits.maximumBatchItems = 4
    let notification = #"{"jsonrpc":"2.0","method":"test_echo","params":["x",99]}"#
    let calls =
      [notification, Self.call("test_noArgsRets", id: "3")]
      + Array(repeating: notification, count: 2)
    let four = "[\(calls.joined(separator: ","))]"
    let five = "[\((calls + [notification]).joined(separator: ","))]"
    let none = "[\(Array(repeating: notification, count: 5).joined(separator: ","))]"
    #expect(await reply(to: four, limits: limits) == "[\(Self.result("null", id: "3"))]")
    #expect(
      await reply(to: five, limits: limits) == "[\(Self.error("3", -32600, "batch too large"))]")
    #expect(
      await reply(to: none, limits: limits)
        == "[\(Self.error("null", -32600, "batch too large"))]")
  }

  @Test("replaces what would make a reply too large, and runs nothing after it")
  func replyTooLarge() async {
    var limits = JSONRPCProcessor.Limits()
    limits.maximumReplyBytes = 200
    let tooLarge = Self.error("1", -32003, "response too large")
    #expect(await reply(to: Self.call("test_raw", "[200]"), limits: limits) == tooLarge)
    let later = Self.call("test_echoLater", #"["\#(String(repeating: "x", count: 200))"]"#)
    #expect(await reply(to: later, limits: limits) == tooLarge)
    let batch = [
      Self.call("test_raw", "[100]", id: "0"), Self.call("test_raw", "[100]"),
      Self.call("test_noArgsRets", id: "2"),
    ]
    let kept = Self.result("\"\(String(repeating: "x", count: 100))\"", id: "0")
    let last = Self.error("2", -32003, "response too large")
    #expect(
      await reply(to: "[\(batch.joined(separator: ","))]", limits: limits)
        == "[\(kept),\(tooLarge),\(last)]")
  }

  @Test("cancels what exceeds the time-out, and answers for it and for what was to follow")
  func timesOut() async {
    let methods = TestMethods()
    let processor = methods.processor { _ in await methods.hasBegun.wait() }
    let batch = [
      Self.call("test_noArgsRets", id: "0"), Self.call("test_wait"),
      Self.call("test_noArgsRets", id: "2"),
    ]
    let bytes = await processor.process(
      Array("[\(batch.joined(separator: ","))]".utf8), context: .init())
    let expected =
      "[\(Self.result("null", id: "0")),\(Self.error("1", -32002, "request timed out")),"
      + "\(Self.error("2", -32002, "request timed out"))]"
    #expect(bytes.map { String(decoding: $0, as: UTF8.self) } == expected)
  }

  @Test("runs small batches of immediate methods without a task, others in one")
  func choosesTheWay() {
    let processor = TestMethods().processor()
    func needsTask(_ calls: [String]) -> Bool {
      let body = Array("[\(calls.joined(separator: ","))]".utf8)
      if case .work = processor.begin(body, context: .init()) { return true }
      return false
    }
    let call = Self.call("test_noArgsRets")
    #expect(!needsTask(Array(repeating: call, count: 16)))
    #expect(needsTask(Array(repeating: call, count: 17)))
    #expect(needsTask([call, Self.call("test_echoLater")]))
  }

  @Test("gives valid JSON-RPC or nothing for whatever bytes come")
  func survivesMutation() async throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("JSONRPCProcessorTests.survivesMutation seed \(seed)")
    var random = SeededRandom(state: seed)
    let processor = TestMethods().processor()
    let requests = Self.exchanges.map(\.0) + Self.parameters.map { Self.call($0.0, $0.1) }
    for round in 0..<3_000 {
      var bytes = Array(requests.randomElement(using: &random)?.utf8 ?? "".utf8)
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        random.mutate(&bytes, with: #"{}[]",:\0x1-e.null"#)
      }
      guard let reply = await processor.process(bytes, context: .init()) else { continue }
      let value = try JSONValue.parse(reply)
      for item in value.arrayValue ?? [value] {
        #expect(item["jsonrpc"] == "2.0", "seed \(seed) round \(round)")
        #expect(item["id"] != nil, "seed \(seed) round \(round)")
        #expect((item["result"] == nil) != (item["error"] == nil), "seed \(seed) round \(round)")
      }
    }
  }
}
