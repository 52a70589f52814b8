internal import Logging
internal import Node
internal import Testing

@Suite("RPC server's limits", .timeLimit(.minutes(1))) struct RPCServerLimitTests {
  private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private static let head =
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

  private static func post(_ method: String, connection: String = "close") -> String {
    let body = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)"}"#
    return
      "\(head)Connection: \(connection)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func start(
    _ methods: TestMethods = .init(), configure: (inout RPCServerConfiguration) -> Void
  ) async throws -> RPCServer.Running {
    var configuration = RPCServerConfiguration()
    configuration.port = 0
    configure(&configuration)
    return try await RPCServer(
      configuration: configuration, processor: methods.processor(), logger: Self.quiet
    ).start()
  }

  @Test("refuses a body beyond the limit, announced or not, and takes one at the limit")
  func limitsBody() async throws {
    let body = #"{"jsonrpc":"2.0","id":1,"method":"test_noArgsRets"}"#
    let running = try await start { $0.maximumBodyBytes = body.utf8.count }
    for (text, status) in [
      ("Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", "200 OK"),
      ("Content-Length: \(body.utf8.count + 1)\r\n\r\n\(body) ", "413 Payload Too Large"),
      ("Content-Length: 99999999999\r\n\r\n", "413 Payload Too Large"),
      (
        "Transfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count + 1, radix: 16))\r\n\(body) \r\n",
        "413 Payload Too Large"
      ),
    ] {
      let client = try await RawHTTPClient(port: running.port)
      client.send(Self.head + text)
      #expect(try await client.text().hasPrefix("HTTP/1.1 \(status)\r\n"), "\(text)")
    }
    await running.stop()
  }

  @Test("limits the memory that bodies take together, and gives it back")
  func limitsBodies() async throws {
    let body = #"{"jsonrpc":"2.0","id":1,"method":"test_noArgsRets"}"#
    let padding = String(repeating: " ", count: 100_000)
    let running = try await start { $0.maximumBufferedBytes = 50_000 }
    func send(_ count: Int) async throws -> String {
      let client = try await RawHTTPClient(port: running.port)
      let text = Array(repeating: padding, count: count).joined() + body
      client.send(
        "\(Self.head)Connection: close\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
      return try await client.text()
    }
    for _ in 0..<3 {
      #expect(try await send(1).hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(try await send(2).hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
    }
    await running.stop()
  }

  @Test("refuses endless headers")
  func limitsHeaders() async throws {
    let running = try await start { $0.maximumHeaderBytes = 1_000 }
    let client = try await RawHTTPClient(port: running.port)
    client.send(Self.head + "X: \(String(repeating: "x", count: 2_000))\r\n\r\n")
    #expect(try await client.text().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    await running.stop()
  }

  @Test(
    "closes a connection whose request is not complete in time",
    arguments: ["", "POST / HT", head, head + "Content-Length: 10\r\n\r\n{"])
  func limitsReading(beginning: String) async throws {
    let running = try await start { $0.readTimeout = .milliseconds(50) }
    let client = try await RawHTTPClient(port: running.port)
    client.send(beginning)
    #expect(try await client.text() == "")
    await running.stop()
  }

  @Test("closes a connection that stays without a request")
  func limitsIdling() async throws {
    let running = try await start { $0.idleTimeout = .milliseconds(50) }
    let client = try await RawHTTPClient(port: running.port)
    client.send(Self.post("test_noArgsRets", connection: "keep-alive"))
    #expect(try await client.text().hasSuffix(#""result":null}"#))
    await running.stop()
  }

  @Test("gives the place of the connection that waits for longest to a new one")
  func evictsIdle() async throws {
    let running = try await start { $0.maximumConnections = 2 }
    let oldest = try await RawHTTPClient(port: running.port)
    oldest.send(Self.post("test_noArgsRets", connection: "keep-alive"))
    try await oldest.beginning()
    let other = try await RawHTTPClient(port: running.port)
    other.send(Self.post("test_noArgsRets", connection: "keep-alive"))
    try await other.beginning()
    let newest = try await RawHTTPClient(port: running.port)
    newest.send(Self.post("test_noArgsRets"))
    #expect(try await newest.text().hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(try await oldest.text().hasSuffix(#""result":null}"#))
    other.send(Self.post("test_noArgsRets"))
    #expect(try await other.text().ranges(of: #""result":null}"#).count == 2)
    await running.stop()
  }

  @Test("closes a new connection at once when all others are busy")
  func refusesWhenBusy() async throws {
    let methods = TestMethods()
    let running = try await start(methods) { $0.maximumConnections = 1 }
    let busy = try await RawHTTPClient(port: running.port)
    busy.send(Self.post("test_wait"))
    await methods.hasBegun.wait()
    let refused = try await RawHTTPClient(port: running.port)
    #expect(try await refused.text() == "")
    methods.mayEnd.send()
    #expect(try await busy.text().hasSuffix(#""result":"waited"}"#))
    await running.stop()
  }

  @Test("answers what is in progress before it stops")
  func stopsGracefully() async throws {
    let methods = TestMethods()
    let running = try await start(methods) { $0.shutdownGrace = .seconds(30) }
    let idle = try await RawHTTPClient(port: running.port)
    let busy = try await RawHTTPClient(port: running.port)
    busy.send(Self.post("test_wait", connection: "keep-alive"))
    await methods.hasBegun.wait()
    async let stopped: Void = running.stop()
    #expect(try await idle.text() == "")
    methods.mayEnd.send()
    #expect(try await busy.text().hasSuffix(#""result":"waited"}"#))
    await stopped
  }

  @Test("cancels what does not end within the grace")
  func stopsInTime() async throws {
    let methods = TestMethods()
    let running = try await start(methods) { $0.shutdownGrace = .milliseconds(20) }
    let busy = try await RawHTTPClient(port: running.port)
    busy.send(Self.post("test_wait"))
    await methods.hasBegun.wait()
    await running.stop()
    #expect(try await busy.text() == "")
  }

  @Test("cancels the work of a caller who has gone")
  func cancelsForGoneCaller() async throws {
    let methods = TestMethods()
    let running = try await start(methods) { $0.shutdownGrace = .seconds(30) }
    let busy = try await RawHTTPClient(port: running.port)
    busy.send(Self.post("test_wait"))
    await methods.hasBegun.wait()
    busy.close()
    // Stopping waits for the work, which ends by nothing but its cancellation.
    await running.stop()
  }

  @Test("says which address it cannot listen on, and which setting is wrong")
  func reportsFailures() async throws {
    let running = try await start { _ in }
    await #expect {
      _ = try await start { $0.port = running.port }
    } throws: { error in
      "\(error)".hasPrefix("RPC server cannot listen on 127.0.0.1 port \(running.port): ")
    }
    await running.stop()
    await #expect {
      _ = try await start { $0.port = 65_536 }
    } throws: { error in
      "\(error)" == "RPC server: setting port must be 0 to 65535: correct it in the configuration"
    }
  }

  @Test("stays up whatever bytes come")
  func survivesMutation() async throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("RPCServerLimitTests.survivesMutation seed \(seed)")
    let running = try await start {
      // Long enough for an honest caller on a busy machine, at the end.
      $0.readTimeout = .seconds(2)
      $0.idleTimeout = .seconds(2)
    }
    try await withThrowingTaskGroup { group in
      for round in 0..<100 {
        var random = SeededRandom(state: seed &+ UInt64(round))
        var bytes = Array((Self.post("test_noArgsRets") + Self.post("test_fail")).utf8)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          random.mutate(&bytes, with: "\r\n: /POSTHT1.0")
        }
        group.addTask { [bytes] in
          let client = try await RawHTTPClient(port: running.port)
          client.send(bytes)
          _ = try await client.text()
        }
      }
      try await group.waitForAll()
    }
    let client = try await RawHTTPClient(port: running.port)
    client.send(Self.post("test_noArgsRets"))
    #expect(try await client.text().hasPrefix("HTTP/1.1 200 OK\r\n"))
    await running.stop()
  }
}
