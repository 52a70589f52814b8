internal import BitTorrent
internal import NIOCore
internal import Testing

@Suite("A message of ut_pex")
struct PeerExchangeMessageTests {
  // As BEP 11 has it: four addresses of either family, one flag byte each.
  private static let example =
    "d5:added12:\u{1}\u{2}\u{3}\u{4}\u{1A}\u{68}\u{5}\u{6}\u{7}\u{8}\u{1A}\u{69}"
    + "7:added.f2:\u{1}\u{12}7:dropped6:\u{9}\u{8}\u{7}\u{6}\u{1A}\u{6A}e"

  @Test("is read with its flags")
  func reads() throws {
    let message = try PeerExchangeMessage(ByteBuffer(string: Self.example))
    #expect(
      message.added == [
        .init(PeerAddress(ipv4: 0x0102_0304, port: 0x1a68), .encryption),
        .init(PeerAddress(ipv4: 0x0506_0708, port: 0x1a69), [.seed, .reachable]),
      ])
    #expect(message.dropped == [PeerAddress(ipv4: 0x0908_0706, port: 0x1a6a)])
  }

  @Test("is read again from what was written, in both families")
  func writes() throws {
    var message = PeerExchangeMessage()
    message.added = [
      .init(PeerAddress(ipv4: 0x0102_0304, port: 1), [.reachable, .encryption]),
      .init(PeerAddress(high: 0x2001_0db8_0000_0000, low: 7, port: 2), .seed),
    ]
    message.dropped = [
      PeerAddress(ipv4: 0x0909_0909, port: 3),
      PeerAddress(high: 0x2001_0db8_0000_0000, low: 8, port: 4),
    ]
    #expect(try PeerExchangeMessage(message.payload) == message)
  }

  @Test("counts missing flags as none, and drops those that are too many")
  func flags() throws {
    let few =
      "d5:added12:\u{1}\u{2}\u{3}\u{4}\u{1A}\u{68}\u{5}\u{6}\u{7}\u{8}\u{1A}\u{69}7:added.f1:\u{2}e"
    #expect(try PeerExchangeMessage(ByteBuffer(string: few)).added.map(\.flags) == [.seed, []])
    let many = "d5:added6:\u{1}\u{2}\u{3}\u{4}\u{1A}\u{68}7:added.f3:\u{2}\u{2}\u{2}e"
    #expect(try PeerExchangeMessage(ByteBuffer(string: many)).added.map(\.flags) == [.seed])
  }

  @Test("is read only as far as 50 of a list and family")
  func bounded() throws {
    var message = PeerExchangeMessage()
    message.added = (0..<3_000).map { .init(PeerAddress(ipv4: 0x0800_0000 + $0, port: 1)) }
    message.dropped = message.added.map(\.address)
    let read = try PeerExchangeMessage(message.payload)
    #expect(read.added.count == 50 && read.dropped.count == 50)
  }

  @Test(
    "is refused when it is malformed",
    arguments: ["", "d", "le", "i1e", "d5:added5:12345e", "d5:addedi6ee", "d6:added66:123456e"])
  func malformed(_ text: String) {
    #expect(throws: PeerFault.malformedExtension) {
      try PeerExchangeMessage(ByteBuffer(string: text))
    }
  }
}
