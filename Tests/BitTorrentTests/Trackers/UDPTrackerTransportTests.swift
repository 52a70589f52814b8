import BitTorrent
import Metainfo
import NIOCore
import NIOPosix
import TestSupport
import Testing

@Suite("UDPTrackerTransport")
struct UDPTrackerTransportTests {
  /// A tracker on loopback that connects whoever asks, and answers announces with one peer: the
  /// announcer itself.
  private final class Tracker: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    let isSilent: Bool

    init(isSilent: Bool) { self.isSilent = isSilent }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let envelope = unwrapInboundIn(data)
      guard !isSilent, let action: UInt32 = envelope.data.getInteger(at: 8),
        let transaction: UInt32 = envelope.data.getInteger(at: 12)
      else { return }
      var answer = ByteBuffer()
      answer.writeMultipleIntegers(action, transaction)
      switch action {
      case 0: answer.writeInteger(UInt64(77))
      case 1:
        guard envelope.data.getInteger(at: 0, as: UInt64.self) == 77,
          let port: UInt16 = envelope.data.getInteger(at: 96)
        else { return }
        answer.writeMultipleIntegers(UInt32(900), UInt32(1), UInt32(0), UInt32(0x7f00_0001), port)
      default: answer.writeMultipleIntegers(UInt32(4), UInt32(5), UInt32(6))
      }
      context.writeAndFlush(
        wrapOutboundOut(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: answer)),
        promise: nil)
    }
  }

  private static func withTracker(
    isSilent: Bool = false,
    _ body: (UDPTrackerTransport, TrackerURL, TrackerAnnounce) async throws -> Void
  ) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    let channel = try await DatagramBootstrap(group: loop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Tracker(isSilent: isSilent))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(channel.localAddress?.port)
    let url = try #require(TrackerURL("udp://127.0.0.1:\(port)/announce"))
    let transport = UDPTrackerTransport(
      eventLoop: loop, sources: [PeerAddress(ipv4: 0x7f00_0001, port: 0)])
    var random = SeededGenerator()
    let announce = TrackerAnnounce(
      infoHash: .zero, peerID: PeerID(prefix: "-BT0100-", using: &random), port: 6_881,
      progress: TrackerProgress())
    do {
      try await body(transport, url, announce)
    } catch {
      Issue.record(error)
    }
    await transport.shutdown()
    try await channel.close()
  }

  @Test("Announces and scrapes over sockets", .timeLimit(.minutes(1)))
  func exchange() async throws {
    try await Self.withTracker { transport, url, announce in
      let answer = try await transport.announce(announce, to: url)
      #expect(answer.peers == [PeerAddress(ipv4: 0x7f00_0001, port: 6_881)])
      #expect(answer.interval == .seconds(900))
      #expect(answer.counts == TrackerCounts(complete: 0, incomplete: 1))
      #expect(
        try await transport.scrape([.zero], at: url)
          == [.zero: TrackerCounts(complete: 4, incomplete: 6, downloaded: 5)])
    }
  }

  @Test("Many exchanges at once keep to their own answers", .timeLimit(.minutes(1)))
  func many() async throws {
    try await Self.withTracker { transport, url, announce in
      try await withThrowingTaskGroup { group in
        for port in UInt16(1_000)..<1_100 {
          group.addTask {
            var announce = announce
            announce.port = port
            return try await transport.announce(announce, to: url).peers.map(\.port) == [port]
          }
        }
        for try await isOwn in group { #expect(isOwn) }
      }
    }
  }

  @Test("A question ends when its task is cancelled", .timeLimit(.minutes(1)))
  func cancellation() async throws {
    try await Self.withTracker(isSilent: true) { transport, url, announce in
      await withTaskGroup { group in
        group.addTask {
          await #expect(throws: TrackerFailure.cancelled) {
            try await transport.announce(announce, to: url)
          }
        }
        group.cancelAll()
      }
    }
  }

  @Test("A shutdown ends the questions", .timeLimit(.minutes(1)))
  func shutdown() async throws {
    try await Self.withTracker(isSilent: true) { transport, url, announce in
      await withTaskGroup { group in
        group.addTask {
          await #expect(throws: TrackerFailure.cancelled) {
            try await transport.announce(announce, to: url)
          }
        }
        await transport.shutdown()
      }
      await #expect(throws: TrackerFailure.cancelled) {
        try await transport.announce(announce, to: url)
      }
    }
  }

  @Test("A tracker of another kind of address is out of reach", .timeLimit(.minutes(1)))
  func unreachable() async throws {
    try await Self.withTracker { transport, _, announce in
      let url = try #require(TrackerURL("udp://[::1]:9/announce"))
      await #expect(
        throws: TrackerFailure.unreachable("this session has no address of the tracker's kind")
      ) {
        try await transport.announce(announce, to: url)
      }
      let http = try #require(TrackerURL("http://127.0.0.1/announce"))
      await #expect(throws: TrackerFailure.unsupported) {
        try await transport.announce(announce, to: http)
      }
    }
  }

  @Test("The system's resolver is asked for names, not for addresses")
  func resolver() async throws {
    let addresses = try await HostResolver.addresses(of: "localhost", port: 80)
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.isLoopback && $0.port == 80 })
    #expect(
      try await HostResolver.addresses(of: "2001:db8::1", port: 81)
        == [try #require(PeerAddress("[2001:db8::1]:81"))])
  }
}
