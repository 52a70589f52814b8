import BitTorrent
import Metainfo
import NIOCore
import TestSupport
import Testing

@Suite("UDPTrackerClient")
struct UDPTrackerClientTests {
  private typealias Client = UDPTrackerClient<SeededGenerator>

  private static let tracker = PeerAddress(ipv4: 0x0808_0808, port: 6_969)

  private static func announce(_ event: TrackerAnnounce.Event? = nil) throws -> TrackerAnnounce {
    TrackerAnnounce(
      infoHash: try #require(SHA1Hash([UInt8](1...20))),
      peerID: try #require(PeerID([UInt8](21...40))), port: 0x1ae1,
      progress: TrackerProgress(uploaded: 1, downloaded: 2, left: 3), event: event, wanted: 50,
      key: 0xa0b0_c0d0)
  }

  private static func client(
    _ configure: (inout Client.Configuration) -> Void = { _ in }
  ) -> Client {
    var configuration = Client.Configuration()
    configure(&configuration)
    return Client(configuration, using: SeededGenerator())
  }

  /// The datagrams to be sent, all of them to the tracker.
  private static func sent(_ client: inout Client) -> [ByteBuffer] {
    client.takeActions().compactMap { action in
      guard case .send(let datagram, to: Self.tracker) = action else { return nil }
      return datagram
    }
  }

  private static func finished(_ client: inout Client) -> [Result<Client.Reply, TrackerFailure>] {
    client.takeActions().compactMap { action in
      guard case .finish(_, let result) = action else { return nil }
      return result
    }
  }

  private static func number(_ datagram: ByteBuffer, at offset: Int) throws -> UInt32 {
    try #require(datagram.getInteger(at: offset))
  }

  /// The tracker's answer to a datagram of ours: action, transaction number, then `rest`.
  private static func answer(
    _ action: UInt32, to question: ByteBuffer, _ rest: [UInt8]
  ) throws -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeMultipleIntegers(action, try number(question, at: 12))
    buffer.writeBytes(rest)
    return buffer
  }

  private static let connection: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

  @Test("An announce first connects, then has the fields of BEP 15 and 41")
  func announce() throws {
    var client = Self.client()
    client.ask(
      1, .announce(try Self.announce(.started), target: "/announce?k=1"), of: Self.tracker,
      at: .zero)
    let connect = try #require(Self.sent(&client).first)
    #expect(connect.readableBytes == 16)
    #expect(
      connect.getBytes(at: 0, length: 12) == [0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0])

    client.receive(
      try Self.answer(0, to: connect, Self.connection), from: Self.tracker, at: .seconds(1))
    let announce = try #require(Self.sent(&client).first)
    #expect(announce.getBytes(at: 0, length: 12) == Self.connection + [0, 0, 0, 1])
    #expect(try Self.number(announce, at: 12) != Self.number(connect, at: 12))
    var expected = [UInt8](1...40)
    expected += [0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1]
    expected += [0, 0, 0, 2, 0, 0, 0, 0, 0xa0, 0xb0, 0xc0, 0xd0, 0, 0, 0, 50, 0x1a, 0xe1]
    expected += [2, 13] + Array("/announce?k=1".utf8)
    #expect(announce.getBytes(at: 16, length: announce.readableBytes - 16) == expected)

    client.receive(
      try Self.answer(
        1, to: announce,
        [0, 0, 7, 8, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 0, 80, 127, 0, 0, 1, 0, 22, 9]),
      from: Self.tracker, at: .seconds(2))
    var answer = TrackerAnswer()
    answer.interval = .seconds(1_800)
    answer.counts = TrackerCounts(complete: 3, incomplete: 2)
    answer.peers = [PeerAddress(ipv4: 0x0102_0304, port: 80)]
    #expect(Self.finished(&client) == [.success(.announce(answer))])
    #expect(client.deadline == nil)
  }

  @Test("A tracker over IPv6 tells peers over IPv6")
  func ipv6() throws {
    let tracker = try #require(PeerAddress("[2001:db8::1]:80"))
    var client = Self.client()
    client.ask(1, .announce(try Self.announce(), target: "/"), of: tracker, at: .zero)
    func last() throws -> ByteBuffer {
      guard case .send(let datagram, to: tracker) = client.takeActions().last else {
        throw TrackerFailure.malformed
      }
      return datagram
    }
    client.receive(try Self.answer(0, to: last(), Self.connection), from: tracker, at: .zero)
    let announce = try last()
    #expect(announce.readableBytes == 98)
    let peer = try #require(PeerAddress("[2001:db8::2]:81"))
    client.receive(
      try Self.answer(1, to: announce, [UInt8](repeating: 0, count: 12) + peer.compact),
      from: tracker, at: .zero)
    guard case .success(.announce(let answer)) = Self.finished(&client).first else {
      Issue.record("no answer")
      return
    }
    #expect(answer.peers == [peer])
  }

  @Test("A long path goes in parts of 255 bytes")
  func longPath() throws {
    var client = Self.client()
    let target = "/" + String(repeating: "x", count: 299)
    client.ask(1, .announce(try Self.announce(), target: target), of: Self.tracker, at: .zero)
    let connect = try #require(Self.sent(&client).first)
    client.receive(try Self.answer(0, to: connect, Self.connection), from: Self.tracker, at: .zero)
    let announce = try #require(Self.sent(&client).first)
    #expect(announce.readableBytes == 98 + 2 + 255 + 2 + 45)
    #expect(announce.getBytes(at: 98, length: 3) == [2, 255, UInt8(ascii: "/")])
    #expect(announce.getBytes(at: 98 + 257, length: 3) == [2, 45, UInt8(ascii: "x")])
  }

  @Test("Without an answer it connects again at 15, 45 and 105 seconds, then gives up")
  func connectTimeouts() throws {
    var client = Self.client { $0.attempts = 4 }
    client.ask(1, .scrape([.zero]), of: Self.tracker, at: .zero)
    var times: [Duration] = []
    var now = Duration.zero
    while let deadline = client.deadline {
      #expect(Self.sent(&client).count == 1)
      times.append(now)
      now = deadline
      client.tick(at: now - .milliseconds(1))
      #expect(Self.sent(&client).isEmpty)
      client.tick(at: now)
    }
    #expect(times == [.zero, .seconds(15), .seconds(45), .seconds(105)])
    #expect(now == .seconds(225))
    #expect(Self.finished(&client) == [.failure(.timedOut)])
  }

  // The second example of BEP 15, by its seconds.
  @Test("An announce without answer goes on, and connects anew when the id is a minute old")
  func announceTimeouts() throws {
    var client = Self.client { $0.attempts = 9 }
    client.ask(1, .announce(try Self.announce(), target: "/"), of: Self.tracker, at: .zero)
    let connect = try #require(Self.sent(&client).first)
    client.receive(
      try Self.answer(0, to: connect, Self.connection), from: Self.tracker, at: .seconds(1))
    var log: [(Duration, Int)] = []
    client.tick(at: .seconds(1))
    log += Self.sent(&client).map { (.seconds(1), $0.readableBytes) }
    for _ in 0..<4 {
      let now = try #require(client.deadline)
      client.tick(at: now)
      log += Self.sent(&client).map { (now, $0.readableBytes) }
    }
    #expect(log.map(\.0) == [1, 16, 46, 106, 226].map { .seconds($0) })
    #expect(log.map(\.1) == [98, 98, 98, 16, 16])
  }

  @Test("A connection id serves other questions for a minute")
  func reuse() throws {
    var client = Self.client()
    client.ask(1, .scrape([.zero]), of: Self.tracker, at: .zero)
    let connect = try #require(Self.sent(&client).first)
    client.receive(try Self.answer(0, to: connect, Self.connection), from: Self.tracker, at: .zero)
    let scrape = try #require(Self.sent(&client).first)
    #expect(scrape.getBytes(at: 0, length: 12) == Self.connection + [0, 0, 0, 2])
    #expect(scrape.readableBytes == 36)
    client.receive(
      try Self.answer(2, to: scrape, [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]), from: Self.tracker,
      at: .zero)
    #expect(
      Self.finished(&client)
        == [.success(.scrape([.zero: TrackerCounts(complete: 1, incomplete: 3, downloaded: 2)]))])

    client.ask(2, .scrape([.zero]), of: Self.tracker, at: .seconds(59))
    #expect(Self.sent(&client).map(\.readableBytes) == [36])
    client.ask(3, .scrape([.zero]), of: Self.tracker, at: .seconds(60))
    #expect(Self.sent(&client).map(\.readableBytes) == [16])
  }

  @Test("A tracker that forgot an old connection is connected to anew, an error after that counts")
  func errors() throws {
    var client = Self.client()
    client.ask(1, .scrape([.zero]), of: Self.tracker, at: .zero)
    let connect = try #require(Self.sent(&client).first)
    client.receive(try Self.answer(0, to: connect, Self.connection), from: Self.tracker, at: .zero)
    _ = Self.sent(&client)
    client.ask(2, .scrape([.zero]), of: Self.tracker, at: .seconds(1))
    let reused = try #require(Self.sent(&client).first)
    client.receive(
      try Self.answer(3, to: reused, Array("no id".utf8)), from: Self.tracker, at: .seconds(1))
    let again = try #require(Self.sent(&client).first)
    #expect(again.readableBytes == 16)
    client.receive(
      try Self.answer(3, to: again, Array("go a\u{7}way".utf8)), from: Self.tracker, at: .seconds(1)
    )
    #expect(Self.finished(&client) == [.failure(.refused("go a?way", retry: nil))])
  }

  @Test("What comes from others, with other numbers or cut short, changes nothing")
  func strangers() throws {
    var client = Self.client()
    client.ask(1, .scrape([.zero]), of: Self.tracker, at: .zero)
    let connect = try #require(Self.sent(&client).first)
    let answer = try Self.answer(0, to: connect, Self.connection)
    client.receive(answer, from: PeerAddress(ipv4: 0x0808_0809, port: 6_969), at: .zero)
    client.receive(answer, from: PeerAddress(ipv4: 0x0808_0808, port: 6_970), at: .zero)
    var other = answer
    other.setInteger(try Self.number(connect, at: 12) &+ 1, at: 4)
    client.receive(other, from: Self.tracker, at: .zero)
    for length in 0..<16 {
      client.receive(
        try #require(answer.getSlice(at: 0, length: length)), from: Self.tracker, at: .zero)
    }
    // An answer to what was not asked yet.
    client.receive(
      try Self.answer(2, to: connect, [UInt8](repeating: 0, count: 12)), from: Self.tracker,
      at: .zero)
    #expect(client.takeActions().isEmpty)
    client.receive(answer, from: Self.tracker, at: .zero)
    #expect(Self.sent(&client).count == 1)
    // The connect's answer again.
    client.receive(answer, from: Self.tracker, at: .zero)
    #expect(client.takeActions().isEmpty)
  }

  @Test("An answer that is too short is malformed")
  func short() throws {
    var client = Self.client()
    for (number, count) in [(1, 0), (2, 11)] {
      client.ask(number, .scrape([.zero]), of: Self.tracker, at: .zero)
      var last = try #require(Self.sent(&client).first)
      if last.readableBytes == 16 {
        client.receive(
          try Self.answer(0, to: last, Self.connection), from: Self.tracker, at: .zero)
        last = try #require(Self.sent(&client).first)
      }
      client.receive(
        try Self.answer(2, to: last, [UInt8](repeating: 0, count: count)), from: Self.tracker,
        at: .zero)
      #expect(Self.finished(&client) == [.failure(.malformed)])
    }
  }

  @Test("A cancelled exchange is forgotten")
  func cancel() throws {
    var client = Self.client()
    client.ask(1, .scrape([.zero]), of: Self.tracker, at: .zero)
    let connect = try #require(Self.sent(&client).first)
    client.cancel(1)
    #expect(client.deadline == nil)
    client.receive(try Self.answer(0, to: connect, Self.connection), from: Self.tracker, at: .zero)
    #expect(client.takeActions().isEmpty)
  }
}
