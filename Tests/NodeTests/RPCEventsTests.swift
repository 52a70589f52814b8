internal import JSON
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Node
internal import Testing

@Suite("Server-sent events", .timeLimit(.minutes(1))) struct RPCEventsTests {
  private static let token = "0123456789abcdef"

  /// A stream that tests feed, and the news of its end.
  private struct Feed: Sendable {
    let stream: AsyncStream<RPCEvent>
    let continuation: AsyncStream<RPCEvent>.Continuation
    let ended = Signal()

    init() {
      (stream, continuation) = AsyncStream.makeStream()
      continuation.onTermination = { [ended] _ in ended.send() }
    }

    func yield(_ number: Int, padding: Int = 0) {
      let text = String(repeating: "x", count: padding)
      continuation.yield(
        RPCEvent(name: "counted", data: Array(#"{"number":\#(number)\#(text)}"#.utf8)))
    }
  }

  private func withServer(
    _ feed: Feed, _ body: (RPCServer.Running) async throws -> Void
  ) async throws {
    var configuration = RPCServerConfiguration()
    configuration.port = 0
    configuration.adminToken = RPCAdminToken(Self.token)
    var events = RPCEvents()
    events.add("/events/test") { feed.stream }
    let server = RPCServer(
      configuration: configuration, processor: TestMethods().processor(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, events: events)
    let running = try await server.start()
    do {
      try await body(running)
    } catch {
      await running.stop()
      throw error
    }
    await running.stop()
  }

  private func request(_ path: String = "/events/test", token: String? = token) -> String {
    "GET \(path) HTTP/1.1\r\nHost: localhost\r\n"
      + (token.map { "Authorization: Bearer \($0)\r\n" } ?? "") + "\r\n"
  }

  @Test("come in order to whoever shows the token, until the stream ends")
  func streams() async throws {
    let feed = Feed()
    try await withServer(feed) { running in
      let client = try await RawHTTPClient(port: running.port)
      client.send(request())
      try await client.beginning()
      feed.yield(1)
      feed.yield(2)
      feed.continuation.finish()
      let text = try await client.text()
      #expect(text.hasPrefix("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"))
      #expect(text.contains(": subscribed\n\n"))
      let first = try #require(text.firstRange(of: "event: counted\ndata: {\"number\":1}\n\n"))
      let second = try #require(text.firstRange(of: "event: counted\ndata: {\"number\":2}\n\n"))
      #expect(first.upperBound <= second.lowerBound)
    }
  }

  @Test("are nobody else's", arguments: [nil, "0123456789abcdeg"])
  func needToken(token: String?) async throws {
    try await withServer(Feed()) { running in
      let client = try await RawHTTPClient(port: running.port)
      client.send(
        request(token: token).replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"))
      #expect(try await client.text().hasPrefix("HTTP/1.1 401 "))
    }
  }

  @Test("a subscriber that does not read is let go, and the stream with it")
  func slow() async throws {
    let feed = Feed()
    try await withServer(feed) { running in
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.autoRead, value: false)
        .connect(host: "127.0.0.1", port: running.port).get()
      try await channel.writeAndFlush(ByteBuffer(string: request()))
      // More than the buffers of both sides hold.
      for number in 0..<256 { feed.yield(number, padding: 100_000) }
      await feed.ended.wait()
      try? await channel.close()
    }
  }

  @Test("do not keep the server from stopping")
  func stops() async throws {
    let feed = Feed()
    try await withServer(feed) { running in
      let client = try await RawHTTPClient(port: running.port)
      client.send(request())
      try await client.beginning()
      let clock = ContinuousClock()
      let time = await clock.measure { await running.stop() }
      #expect(time < .seconds(5))
      await feed.ended.wait()
      client.close()
    }
  }
}
