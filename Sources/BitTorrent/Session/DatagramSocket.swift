internal import NIOCore
internal import NIOPosix

/// Sockets that take datagrams for something on the session's event loop.
enum DatagramSocket {
  /// The most bytes of a datagram; what is longer is cut, and so is nothing that we read.
  private static let datagramLimit = 4_096
  /// How many datagrams one read brings at most.
  private static let datagramsPerRead = 16

  /// Opens a socket at `address`; others may have the port as well where `sharesPort` says so.
  ///
  /// Datagrams are handed over as they come, and `batchEnded` is called after the last of each
  /// read.
  static func open(
    _ address: PeerAddress, on eventLoop: any EventLoop, sharesPort: Bool = false,
    receive: @escaping ([UInt8], PeerAddress) -> Void, batchEnded: @escaping () -> Void = {}
  ) -> EventLoopFuture<any Channel> {
    let handlers = NIOLoopBound((receive: receive, batchEnded: batchEnded), eventLoop: eventLoop)
    var bootstrap = DatagramBootstrap(group: eventLoop)
      .channelOption(.datagramVectorReadMessageCount, value: datagramsPerRead)
      .channelOption(
        .recvAllocator,
        value: FixedSizeRecvByteBufferAllocator(capacity: datagramLimit * datagramsPerRead)
      )
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let (receive, batchEnded) = handlers.value
          try channel.pipeline.syncOperations.addHandler(
            DatagramHandler(receive: receive, batchEnded: batchEnded))
        }
      }
    if sharesPort { bootstrap = bootstrap.channelOption(.socketOption(.so_reuseaddr), value: 1) }
    if address.family == .ipv6 {
      // IPv4 has a socket of its own.
      bootstrap = bootstrap.channelOption(
        ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
    }
    do {
      return bootstrap.bind(to: try address.socketAddress())
    } catch {
      return eventLoop.makeFailedFuture(error)
    }
  }

  /// The addresses to open sockets at, beside a listening one: for every address, one of each kind.
  static func addresses(beside listening: PeerAddress, wanted: PeerAddress) -> [PeerAddress] {
    guard wanted.isUnspecified else { return [listening] }
    let ipv4 = PeerAddress(ipv4: 0, port: listening.port)
    guard listening.family == .ipv6 else { return [ipv4] }
    return [ipv4, PeerAddress(high: 0, low: 0, port: listening.port)]
  }
}

private final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let receive: ([UInt8], PeerAddress) -> Void
  private let batchEnded: () -> Void

  init(receive: @escaping ([UInt8], PeerAddress) -> Void, batchEnded: @escaping () -> Void) {
    self.receive = receive
    self.batchEnded = batchEnded
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    guard let address = PeerAddress(envelope.remoteAddress) else { return }
    receive([UInt8](envelope.data.readableBytesView), address)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    batchEnded()
    context.fireChannelReadComplete()
  }

  // A host that refuses datagrams shows as an error of the socket, which serves others as well.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
