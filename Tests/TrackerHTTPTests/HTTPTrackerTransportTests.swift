import BitTorrent
import Metainfo
import TestSupport
import Testing
import TrackerHTTP

@Suite("HTTPTrackerTransport")
struct HTTPTrackerTransportTests {
  private static let compact = Array("d8:intervali1800e5:peers6:".utf8) + [1, 2, 3, 4, 0, 80, 0x65]

  private static func page(
    _ body: [UInt8], status: String = "200 OK", fields: [String] = []
  ) -> RawServer.Answer {
    let head = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + fields
    return .bytes(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
  }

  private static func redirect(_ location: String, status: String = "302 Found") -> RawServer.Answer
  {
    page([], status: status, fields: ["Location: \(location)"])
  }

  /// Announces to a server that answers as told; gives what the client makes of it.
  private static func announce(
    path: String = "/announce", host: String = "127.0.0.1",
    _ configure: (inout HTTPTrackerTransport.Configuration) -> Void = { _ in },
    _ answer: @escaping @Sendable (String) -> RawServer.Answer
  ) async throws -> (answer: Result<TrackerAnswer, TrackerFailure>, requests: [String]) {
    var configuration = HTTPTrackerTransport.Configuration()
    configuration.sources = [PeerAddress(ipv4: 0x7f00_0001, port: 0)]
    configure(&configuration)
    let transport = HTTPTrackerTransport(configuration)
    var random = SeededGenerator(seed: 1)
    let announce = TrackerAnnounce(
      infoHash: .zero, peerID: PeerID(prefix: "-BT0100-", using: &random), port: 6_881,
      progress: TrackerProgress(), event: .started)
    var result: (answer: Result<TrackerAnswer, TrackerFailure>, requests: [String])?
    try await RawServer.run(answer) { server in
      let url = try #require(TrackerURL("http://\(host):\(server.port)\(path)"))
      do throws(TrackerFailure) {
        result = (.success(try await transport.announce(announce, to: url)), server.requests)
      } catch {
        result = (.failure(error), server.requests)
      }
    }
    return try #require(result)
  }

  @Test("An announce is one request, and its answer is read", .timeLimit(.minutes(1)))
  func announce() async throws {
    let (answer, requests) = try await Self.announce(path: "/announce?passkey=7") { _ in
      Self.page(Self.compact)
    }
    #expect(try answer.get().peers.map(\.description) == ["1.2.3.4:80"])
    #expect(try answer.get().interval == .seconds(1_800))
    try #require(requests.count == 1)
    let lines = requests[0].split(separator: "\r\n").map(String.init)
    let zeros = String(repeating: "%00", count: 20)
    #expect(lines[0].hasPrefix("GET /announce?passkey=7&info_hash=\(zeros)&peer_id=-BT0100-"))
    #expect(lines[0].contains("&event=started&"))
    #expect(lines.contains { $0.lowercased() == "user-agent: btt" })
    #expect(lines.contains { $0.lowercased() == "accept-encoding: gzip" })
  }

  @Test("A host's name is resolved, and named in the request", .timeLimit(.minutes(1)))
  func name() async throws {
    let (answer, requests) = try await Self.announce(host: "localhost") { _ in
      Self.page(Self.compact)
    }
    #expect(try answer.get().peers.count == 1)
    #expect(requests[0].lowercased().contains("\r\nhost: localhost:"))
  }

  @Test("A scrape asks at the scrape's address", .timeLimit(.minutes(1)))
  func scrape() async throws {
    let body = Array("d5:filesd20:".utf8) + SHA1Hash.zero.bytes
    let rest = Array("d8:completei5e10:downloadedi50e10:incompletei10eeee".utf8)
    try await RawServer.run({ head in
      head.hasPrefix("GET /scrape?info_hash=%00") ? Self.page(body + rest) : .close
    }) { server in
      let url = try #require(TrackerURL("http://127.0.0.1:\(server.port)/announce"))
      #expect(
        try await HTTPTrackerTransport().scrape([.zero], at: url)
          == [.zero: TrackerCounts(complete: 5, incomplete: 10, downloaded: 50)])
    }
  }

  @Test("A refusal is told, whatever its status", .timeLimit(.minutes(1)))
  func refusal() async throws {
    for status in ["200 OK", "403 Forbidden", "500 Internal Server Error"] {
      let (answer, _) = try await Self.announce { _ in
        Self.page(Array("d14:failure reason4:gone8:retry in5:nevere".utf8), status: status)
      }
      #expect(answer == .failure(.refused("gone", retry: .never)))
    }
  }

  @Test("A status that is no success is told", .timeLimit(.minutes(1)))
  func status() async throws {
    let (answer, _) = try await Self.announce { _ in
      Self.page(Array("<html>no</html>".utf8), status: "404 Not Found")
    }
    #expect(answer == .failure(.status(404)))
  }

  @Test("A page that is no answer is malformed", .timeLimit(.minutes(1)))
  func malformed() async throws {
    #expect(
      try await Self.announce { _ in Self.page(Array("<html>".utf8)) }.answer
        == .failure(.malformed))
    #expect(
      try await Self.announce { _ in .bytes(Array("220 mail.example ESMTP\r\n".utf8)) }.answer
        == .failure(.malformed))
  }

  @Test("Interval 0 does not make it announce for ever", .timeLimit(.minutes(1)))
  func intervalZero() async throws {
    let (answer, _) = try await Self.announce { _ in
      Self.page(Array("d8:intervali0e12:min intervali0e5:peers0:e".utf8))
    }
    var random = SeededGenerator(seed: 1)
    var list = TrackerList(
      tiers: [[try #require(TrackerURL("http://t.example/announce"))]], infoHashes: [.zero],
      using: &random)
    let announce = try #require(list.next(at: .zero).first)
    list.ended(announce, answer, at: .zero)
    list.wantPeers(at: .zero)
    #expect(list.next(at: .seconds(59)).isEmpty)
  }

  @Test("Redirections are followed", .timeLimit(.minutes(1)))
  func redirections() async throws {
    let (answer, requests) = try await Self.announce { head in
      if head.hasPrefix("GET /announce?hop=2 ") { return Self.page(Self.compact) }
      if head.hasPrefix("GET /announce?hop=1 ") { return Self.redirect("announce?hop=2") }
      return Self.redirect("/announce?hop=1", status: "301 Moved Permanently")
    }
    #expect(try answer.get().peers.count == 1)
    #expect(requests.count == 3)
  }

  @Test("A loop of redirections ends after five", .timeLimit(.minutes(1)))
  func redirectionLoop() async throws {
    let (answer, requests) = try await Self.announce { _ in Self.redirect("/announce?again") }
    #expect(answer == .failure(.tooManyRedirects))
    #expect(requests.count == 6)
  }

  @Test(
    "No redirection leads to other services of this host, or to other schemes",
    .timeLimit(.minutes(1)),
    arguments: [
      "/admin?delete", "http://localhost:22/", "http://127.0.0.1:1/x", "file:///etc/passwd",
      "udp://127.0.0.1:53", "ftp://127.0.0.1/announce",
    ])
  func redirectionElsewhere(_ location: String) async throws {
    let (answer, requests) = try await Self.announce { _ in Self.redirect(location) }
    guard case .failure(.forbidden) = answer else {
      Issue.record("it was followed: \(answer)")
      return
    }
    #expect(requests.count == 1)
  }

  @Test("A host elsewhere cannot redirect to local addresses, whatever its path")
  func rule() throws {
    let url = try #require(TrackerURL("http://tracker.example/announce"))
    func address(_ ip: String) throws -> PeerAddress { try #require(PeerAddress(ip: ip, port: 80)) }
    for (from, to, isAllowed) in [
      ("8.8.8.8", "9.9.9.9", true), ("8.8.8.8", "127.0.0.1", false), ("8.8.8.8", "10.0.0.1", false),
      ("8.8.8.8", "169.254.169.254", false), ("10.0.0.1", "10.0.0.2", true),
      ("10.0.0.1", "127.0.0.1", false), ("127.0.0.1", "127.0.0.1", true),
      ("127.0.0.1", "8.8.8.8", true),
    ] {
      var rule = HTTPTrackerRule(isAllowedOnLoopback: true)
      try rule.check(url, at: address(from))
      rule.redirected(from: try address(from))
      let isForbidden = (try? rule.check(url, at: address(to))) == nil
      #expect(isForbidden == !isAllowed, "\(from) to \(to)")
    }
    // A name that leads to this host, with a path that is not a tracker's.
    #expect(throws: TrackerFailure.self) {
      try HTTPTrackerRule(isAllowedOnLoopback: false).check(url, at: address("127.0.0.1"))
    }
  }

  @Test("A huge answer is cut off, told in advance or not", .timeLimit(.minutes(1)))
  func huge() async throws {
    let told = try await Self.announce { _ in
      .endless(
        Array("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n".utf8),
        then: [UInt8](repeating: 0x30, count: 60_000))
    }
    #expect(told.answer == .failure(.tooLarge))
    let untold = try await Self.announce { _ in
      .endless(
        Array("HTTP/1.1 200 OK\r\n\r\n".utf8), then: [UInt8](repeating: 0x30, count: 60_000))
    }
    #expect(untold.answer == .failure(.tooLarge))
  }

  @Test("A head without end is cut off", .timeLimit(.minutes(1)))
  func endlessHead() async throws {
    let (answer, _) = try await Self.announce { _ in
      .endless(
        Array("HTTP/1.1 200 OK\r\n".utf8),
        then: Array(String(repeating: "X: y\r\n", count: 5_000).utf8))
    }
    guard case .failure(let failure) = answer else {
      Issue.record("an answer without a head")
      return
    }
    #expect(failure != .timedOut)
  }

  @Test(
    "Gzip is unpacked, but a small file that grows without bound is not", .timeLimit(.minutes(1)))
  func gzip() async throws {
    let fields = ["Content-Encoding: gzip"]
    let bomb = GzipBomb.zeros(64 << 20)
    #expect(bomb.count < 1 << 20)
    #expect(
      try await Self.announce { _ in Self.page(bomb, fields: fields) }.answer
        == .failure(.tooLarge))
    // "d8:intervali60e5:peers0:e", packed by gzip 1.12.
    let packed = [UInt8]([
      0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0xb1, 0xb0, 0xca, 0xcc,
      0x2b, 0x49, 0x2d, 0x2a, 0x4b, 0xcc, 0xc9, 0x34, 0x33, 0x48, 0x35, 0xb5, 0x2a, 0x48, 0x4d,
      0x2d, 0x2a, 0x36, 0xb0, 0x4a, 0x05, 0x00, 0xa5, 0x43, 0xcf, 0xdd, 0x19, 0x00, 0x00, 0x00,
    ])
    let (answer, _) = try await Self.announce { _ in Self.page(packed, fields: fields) }
    #expect(try answer.get().interval == .seconds(60))
  }

  @Test("A slow answer ends with the time for the whole", .timeLimit(.minutes(1)))
  func slow() async throws {
    for isBegun in [false, true] {
      let (answer, _) = try await Self.announce({ $0.timeout = .milliseconds(300) }) { _ in
        guard isBegun else { return .nothing }
        return .begun(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nd".utf8))
      }
      #expect(answer == .failure(.timedOut))
    }
  }

  @Test("Nobody there, and a closed connection, are told as such", .timeLimit(.minutes(1)))
  func unreachable() async throws {
    #expect(
      try await Self.announce { _ in .close }.answer
        == .failure(.unreachable("the connection ended before the answer")))
    var port = 0
    try await RawServer.run({ _ in .close }) { port = $0.port }
    let url = try #require(TrackerURL("http://127.0.0.1:\(port)/announce"))
    await #expect(throws: TrackerFailure.unreachable("the connection failed")) {
      try await HTTPTrackerTransport().scrape([.zero], at: url)
    }
    let udp = try #require(TrackerURL("udp://127.0.0.1:\(port)/announce"))
    await #expect(throws: TrackerFailure.unsupported) {
      try await HTTPTrackerTransport().scrape([.zero], at: udp)
    }
  }

  @Test("A question ends when its task is cancelled", .timeLimit(.minutes(1)))
  func cancellation() async throws {
    try await RawServer.run({ _ in .nothing }) { server in
      let url = try #require(TrackerURL("http://127.0.0.1:\(server.port)/announce"))
      await withTaskGroup { group in
        group.addTask {
          await #expect(throws: TrackerFailure.cancelled) {
            try await HTTPTrackerTransport().scrape([.zero], at: url)
          }
        }
        while server.requests.isEmpty { await Task.yield() }
        group.cancelAll()
      }
    }
  }
}
