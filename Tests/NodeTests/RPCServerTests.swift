internal import JSON
internal import Logging
internal import Node
internal import Testing

@Suite("RPC server", .timeLimit(.minutes(1))) struct RPCServerTests {
  private static let echo = #"{"jsonrpc":"2.0","id":1,"method":"test_echoLater","params":[7]}"#
  private static let echoed = #"{"jsonrpc":"2.0","id":1,"result":7}"#

  /// Runs a server on a port of the system's choice for as long as `body` takes.
  private func withServer(
    _ methods: TestMethods = .init(),
    configure: (inout RPCServerConfiguration) -> Void = { _ in },
    health: @escaping @Sendable () -> RPCHealth = { RPCHealth() },
    metrics: @escaping @Sendable () -> String = { "" },
    _ body: (RPCServer.Running) async throws -> Void
  ) async throws {
    var configuration = RPCServerConfiguration()
    configuration.port = 0
    configure(&configuration)
    let server = RPCServer(
      configuration: configuration, processor: methods.processor(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, health: health,
      metrics: metrics)
    let running = try await server.start()
    do {
      try await body(running)
    } catch {
      await running.stop()
      throw error
    }
    await running.stop()
  }

  private func exchange(_ running: RPCServer.Running, _ text: String) async throws -> String {
    let client = try await RawHTTPClient(port: running.port)
    client.send(text)
    return try await client.text()
  }

  private func post(
    _ body: String, path: String = "/", headers: String = "",
    contentType: String = "application/json",
    connection: String = "close"
  ) -> String {
    "POST \(path) HTTP/1.1\r\nHost: localhost:8545\r\nContent-Type: \(contentType)\r\n"
      + "Content-Length: \(body.utf8.count)\r\nConnection: \(connection)\r\n\(headers)\r\n\(body)"
  }

  private func get(_ path: String, method: String = "GET", headers: String = "Host: localhost\r\n")
    -> String
  {
    "\(method) \(path) HTTP/1.1\r\n\(headers)Connection: close\r\n\r\n"
  }

  @Test("answers a call with its exact length and type")
  func answersCall() async throws {
    try await withServer { running in
      let reply = try await exchange(running, post(Self.echo))
      #expect(
        reply == "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
          + "\(Self.echoed.utf8.count)\r\nconnection: close\r\n\r\n\(Self.echoed)")
    }
  }

  @Test("answers a notification with an empty body")
  func answersNotification() async throws {
    try await withServer { running in
      let reply = try await exchange(running, post(#"{"jsonrpc":"2.0","method":"test_echo"}"#))
      #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(reply.contains("content-length: 0\r\n"))
    }
  }

  @Test("answers pipelined calls in order over one connection, also in chunks")
  func pipelines() async throws {
    try await withServer { running in
      let chunked =
        "POST / HTTP/1.1\r\nHost: [::1]:1\r\nContent-Type: application/json; charset=utf-8\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n"
        + "8\r\n\(Self.echo.prefix(8))\r\n\(String(Self.echo.utf8.count - 8, radix: 16))\r\n"
        + "\(Self.echo.dropFirst(8))\r\n0\r\n\r\n"
      let last = Self.echo.replacing("\"id\":1", with: "\"id\":2")
      let reply = try await exchange(
        running, chunked + post(Self.echo, connection: "keep-alive") + post(last))
      let bodies = reply.split(separator: "\r\n").filter { $0.hasPrefix("{") }
        .map { $0.prefix { $0 != "H" } }
      #expect(reply.ranges(of: "HTTP/1.1 200 OK").count == 3)
      #expect(bodies.last == #"{"jsonrpc":"2.0","id":2,"result":7}"#)
      #expect(reply.ranges(of: Self.echoed).count == 2)
    }
  }

  @Test("answers other paths, methods and media types as HTTP has it")
  func refusesOtherHTTP() async throws {
    try await withServer { running in
      for (request, status) in [
        (get("/"), "200 OK"), (get("/?x=1"), "200 OK"), (get("/", method: "HEAD"), "200 OK"),
        (get("/other"), "404 Not Found"), (post(Self.echo, path: "/rpc"), "404 Not Found"),
        (get("/", method: "PUT"), "405 Method Not Allowed"),
        (post(Self.echo, contentType: "text/plain"), "415 Unsupported Media Type"),
        (post(Self.echo, contentType: "application/json-rpc"), "200 OK"),
        (get("/", method: "POST"), "415 Unsupported Media Type"),
        ("nonsense\r\n\r\n", "400 Bad Request"),
      ] {
        let reply = try await exchange(running, request)
        #expect(reply.hasPrefix("HTTP/1.1 \(status)\r\n"), "\(request)")
      }
    }
  }

  @Test("refuses names it does not know in the Host header")
  func guardsHost() async throws {
    try await withServer {
      $0.allowedHosts = ["localhost", "node.example"]
    } _: { running in
      for (host, isAllowed) in [
        ("localhost", true), ("LOCALHOST:8545", true), ("localhost.", true), ("127.0.0.1:1", true),
        ("10.1.2.3", true), ("[::1]:8545", true), ("node.example", true), ("evil.example", false),
        ("localhost.evil.example", false), ("1.2.3.4.evil.example", false), ("999.1.1.1", false),
        ("", false),
      ] {
        let reply = try await exchange(running, get("/", headers: "Host: \(host)\r\n"))
        #expect(
          reply.hasPrefix(isAllowed ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 403 Forbidden\r\n"),
          "\(host)"
        )
      }
      let none = try await exchange(running, get("/", headers: ""))
      #expect(none.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
      let two = try await exchange(
        running, get("/", headers: "Host: localhost\r\nHost: evil.example\r\n"))
      #expect(two.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    }
  }

  @Test("lets pages of allowed origins read replies, and no others")
  func cors() async throws {
    try await withServer {
      $0.allowedOrigins = ["https://wallet.example"]
    } _: { running in
      let preflight = "Access-Control-Request-Method: POST\r\nHost: localhost\r\n"
      let allowed = try await exchange(
        running,
        get("/", method: "OPTIONS", headers: "Origin: https://wallet.example\r\n\(preflight)"))
      #expect(allowed.hasPrefix("HTTP/1.1 204 No Content\r\n"))
      #expect(allowed.contains("access-control-allow-origin: https://wallet.example\r\n"))
      #expect(allowed.contains("access-control-allow-headers: content-type, authorization\r\n"))
      #expect(!allowed.contains("content-length"))
      let refused = try await exchange(
        running,
        get("/", method: "OPTIONS", headers: "Origin: https://evil.example\r\n\(preflight)"))
      #expect(refused.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
      #expect(!refused.contains("access-control"))
      let call = try await exchange(
        running, post(Self.echo, headers: "Origin: https://wallet.example\r\n"))
      #expect(call.contains("access-control-allow-origin: https://wallet.example\r\n"))
      #expect(call.contains("vary: origin\r\n"))
      let other = try await exchange(
        running, post(Self.echo, headers: "Origin: https://evil.example\r\n"))
      #expect(!other.contains("access-control"))
    }
  }

  @Test("opens the administrator's methods to the token, and refuses a wrong one")
  func adminToken() async throws {
    let request = #"{"jsonrpc":"2.0","id":1,"method":"admin_secret"}"#
    try await withServer {
      $0.adminToken = RPCAdminToken("0123456789abcdef")
    } _: { running in
      let open = try await exchange(
        running, post(request, headers: "Authorization: Bearer 0123456789abcdef\r\n"))
      #expect(open.hasSuffix(#""result":"open"}"#))
      for wrong in ["Bearer 0123456789abcdeF", "Bearer 0123456789abcde", "Bearer ", "Basic x"] {
        let reply = try await exchange(
          running, post(request, headers: "Authorization: \(wrong)\r\n"))
        #expect(reply.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"), "\(wrong)")
        #expect(reply.contains("www-authenticate: Bearer\r\n"))
      }
      #expect(try await exchange(running, post(request)).contains("-32000"))
    }
    #expect(RPCAdminToken("short") == nil)
    let token = try #require(RPCAdminToken("0123456789abcdef"))
    #expect(!"\(token) \(String(reflecting: token))".contains("0123"))
  }

  @Test("shows metrics to the administrator alone")
  func metrics() async throws {
    let token = "Host: localhost\r\nAuthorization: Bearer 0123456789abcdef\r\n"
    try await withServer(
      configure: { $0.adminToken = RPCAdminToken("0123456789abcdef") },
      metrics: { "btt_speed_peers 7\n" }
    ) { running in
      let shown = try await exchange(running, get("/metrics", headers: token))
      #expect(shown.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(shown.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
      #expect(shown.hasSuffix("\r\n\r\nbtt_speed_peers 7\n"))
      let stranger = try await exchange(running, get("/metrics"))
      #expect(stranger.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
      #expect(!stranger.contains("btt_speed_peers"))
      let posted = try await exchange(running, get("/metrics", method: "DELETE", headers: token))
      #expect(posted.hasPrefix("HTTP/1.1 405 "))
    }
  }

  @Test("tells whether it is alive and ready, and why not")
  func health() async throws {
    try await withServer(health: { RPCHealth(notReady: ["12 blocks behind"]) }) { running in
      let live = try await exchange(running, get("/health/live"))
      #expect(live.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(live.hasSuffix(#"{"status":"ok","reasons":[]}"#))
      let ready = try await exchange(running, get("/health/ready"))
      #expect(ready.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
      #expect(ready.hasSuffix(#"{"status":"unavailable","reasons":["12 blocks behind"]}"#))
    }
  }
}
