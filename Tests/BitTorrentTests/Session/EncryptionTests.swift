internal import BitTorrent
internal import Foundation
internal import Logging
internal import Metainfo
internal import NIOCore
internal import NIOPosix
internal import TestSupport
internal import Testing

@Suite("A session's encryption")
struct EncryptionTests {
  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private static func configuration(_ policy: EncryptionPolicy) -> SessionConfiguration {
    var configuration = SessionConfiguration()
    configuration.listen = PeerAddress(ipv4: 0x7f00_0001, port: 0)
    configuration.encryption = policy
    return configuration
  }

  /// A file of 300 KiB with a torrent of it.
  private static func content(in directory: TemporaryDirectory) throws -> (Metainfo, Data) {
    var generator = TestSupport.SeededGenerator(seed: 5)
    let data = Data((0..<300 << 10).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    try data.write(to: URL(fileURLWithPath: directory.path("content")))
    var creator = TorrentCreator()
    creator.version = .hybrid
    creator.pieceLength = 32_768
    return (try creator.create(from: directory.path("content")), data)
  }

  @Test(
    "lets two sessions meet wherever their policies have something in common",
    arguments: EncryptionPolicy.allCases, EncryptionPolicy.allCases)
  func meeting(_ ours: EncryptionPolicy, _ theirs: EncryptionPolicy) async throws {
    guard Set([ours, theirs]) != [.off, .require] else { return }
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let (metainfo, data) = try Self.content(in: source)
    let seed = try await TorrentSession.start(Self.configuration(theirs), logger: Self.logger)
    let leech = try await TorrentSession.start(Self.configuration(ours), logger: Self.logger)
    _ = try await seed.add(.metainfo(metainfo), TorrentOptions(directory: source.path))
    var options = TorrentOptions(directory: target.path)
    options.peers = [seed.address]
    let torrent = try await leech.add(.metainfo(metainfo), options)
    for await status in torrent.updates where status.phase == .seeding { break }
    #expect(try Data(contentsOf: URL(fileURLWithPath: target.path("content"))) == data)
    await leech.stop()
    await seed.stop()
  }

  /// Says something at once, and collects what comes until the other side closes.
  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    let hello: ByteBuffer
    let ended: EventLoopPromise<Int>
    private var count = 0

    init(_ hello: ByteBuffer, _ ended: EventLoopPromise<Int>) {
      (self.hello, self.ended) = (hello, ended)
    }

    func channelActive(context: ChannelHandlerContext) {
      context.writeAndFlush(wrapOutboundOut(hello), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      count += unwrapInboundIn(data).readableBytes
    }

    func channelInactive(context: ChannelHandlerContext) { ended.succeed(count) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }

  /// How many bytes a session answers before it closes the connection.
  private static func answer(
    to bytes: ByteBuffer, _ policy: EncryptionPolicy, timeout: TimeAmount = .seconds(10)
  ) async throws -> Int {
    let directory = try TemporaryDirectory()
    let (metainfo, _) = try content(in: directory)
    var configuration = configuration(policy)
    configuration.handshakeTimeout = timeout
    let session = try await TorrentSession.start(configuration, logger: logger)
    _ = try await session.add(.metainfo(metainfo), TorrentOptions(directory: directory.path))
    let group = MultiThreadedEventLoopGroup.singleton
    let ended = group.next().makePromise(of: Int.self)
    _ = try await ClientBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(bytes, ended))
        }
      }
      .connect(to: try session.address.socketAddress()).get()
    let count = try await ended.futureResult.get()
    await session.stop()
    return count
  }

  @Test("that is required refuses a plain handshake without a word")
  func plainRefused() async throws {
    let directory = try TemporaryDirectory()
    let (metainfo, _) = try Self.content(in: directory)
    var random = TestSupport.SeededGenerator(seed: 6)
    var handshake = ByteBuffer()
    Handshake(
      features: [], infoHash: metainfo.info.hashes.primary,
      peerID: PeerID(prefix: "-XX0001-", using: &random)
    ).encode(into: &handshake)
    #expect(try await Self.answer(to: handshake, .require) == 0)
    // Any other session answers it, and then finds fault with a message that is too long.
    handshake.writeInteger(UInt32.max)
    #expect(try await Self.answer(to: handshake, .allow) >= 68)
  }

  @Test("that is off refuses an encrypted handshake without a word")
  func encryptedRefused() async throws {
    let key = try KeyExchange(exponent: Array(1...20)).publicKey()
    #expect(try await Self.answer(to: ByteBuffer(bytes: key), .off) == 0)
  }

  @Test("gives up who leaves an encrypted handshake unfinished", arguments: [95, 96])
  func unfinished(_ length: Int) async throws {
    let key = try KeyExchange(exponent: Array(1...20)).publicKey().prefix(length)
    let count = try await Self.answer(
      to: ByteBuffer(bytes: key), .allow, timeout: .milliseconds(200))
    // Its own key and pad are all that it says to a key.
    #expect(length < 96 ? count == 0 : (96...96 + 512).contains(count))
  }
}
