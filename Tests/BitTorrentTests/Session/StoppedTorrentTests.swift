internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import NIOPosix
internal import TestSupport
internal import Testing

@Suite("A torrent that is stopped", .timeLimit(.minutes(1)))
struct StoppedTorrentTests {
  /// Tells of the first bytes that come.
  private final class Listener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let answered: EventLoopPromise<Void>

    init(_ answered: EventLoopPromise<Void>) { self.answered = answered }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { answered.succeed() }
    func channelInactive(context: ChannelHandlerContext) {
      answered.fail(ChannelError.eof)
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }

  @Test("takes in no connection whose handshake was under way")
  func lateHandshake() async throws {
    let directory = try TemporaryDirectory()
    let metainfo = try SessionRig.content(in: directory)
    try await SessionRig.withSession { session in
      let torrent = try await session.add(.metainfo(metainfo), .init(directory: directory.path))
      await torrent.wait(for: .seeding)
      var random = TestSupport.SeededGenerator(seed: 3)
      var handshake = ByteBuffer()
      Handshake(
        features: [], infoHash: metainfo.info.hashes.primary,
        peerID: PeerID(prefix: "-XX0001-", using: &random)
      ).encode(into: &handshake)
      let group = MultiThreadedEventLoopGroup.singleton
      let answered = group.next().makePromise(of: Void.self)
      let channel = try await ClientBootstrap(group: group)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Listener(answered))
          }
        }
        .connect(to: try session.address.socketAddress()).get()
      // All but the peer's id is enough to be answered.
      try await channel.writeAndFlush(try #require(handshake.readSlice(length: 48)))
      try await answered.futureResult.get()
      try await torrent.pause()
      await torrent.wait(for: .paused)
      try await channel.writeAndFlush(handshake)
      let closed = channel.eventLoop.makePromise(of: Void.self)
      channel.closeFuture.cascade(to: closed)
      channel.eventLoop.scheduleTask(in: .seconds(20)) { closed.fail(ChannelError.eof) }
      try await closed.futureResult.get()
    }
  }
}
