internal import NIOCore
internal import NIOPosix

/// A relay of TCP connections that is as slow and as far away as wanted, without any rights.
///
/// Each direction has a rate and a time on the way; what comes in leaves in order, never earlier
/// than the one before it lets it.
final class Relay: Sendable {
  /// Where it listens on loopback.
  let port: Int
  private let channel: any Channel
  private let group: MultiThreadedEventLoopGroup

  /// Relays to a port on loopback.
  init(to target: Int, bytesPerSecond: Int, delay: TimeAmount) throws {
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let group = self.group
    channel = try ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { near in
        ClientBootstrap(group: near.eventLoop)
          .channelOption(.autoRead, value: false)
          .connect(host: "127.0.0.1", port: target)
          .flatMapThrowing { far in
            try near.pipeline.syncOperations.addHandler(
              RelayHandler(to: far, bytesPerSecond: bytesPerSecond, delay: delay))
            try far.pipeline.syncOperations.addHandler(
              RelayHandler(to: near, bytesPerSecond: bytesPerSecond, delay: delay))
            // This one is connected already, the other will be.
            far.read()
          }
      }
      .bind(host: "127.0.0.1", port: 0).wait()
    port = channel.localAddress?.port ?? 0
  }

  /// Ends it.
  func stop() {
    try? channel.close().wait()
    try? group.syncShutdownGracefully()
  }
}

/// One direction of a relayed connection.
private final class RelayHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let other: any Channel
  private let bytesPerSecond: Int
  private let delay: TimeAmount
  // When the wire is free for the next bytes.
  private var free = NIODeadline.now()
  private var bytesUnderWay = 0
  private var isPaused = false

  init(to other: any Channel, bytesPerSecond: Int, delay: TimeAmount) {
    self.other = other
    self.bytesPerSecond = bytesPerSecond
    self.delay = delay
  }

  func channelActive(context: ChannelHandlerContext) { context.read() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    let count = bytes.readableBytes
    bytesUnderWay += count
    free =
      max(free, .now()) + .nanoseconds(Int64(count) * 1_000_000_000 / Int64(bytesPerSecond))
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(deadline: free + delay) {
      let (relay, context) = bound.value
      relay.bytesUnderWay -= count
      relay.other.writeAndFlush(bytes, promise: nil)
      if relay.isPaused, relay.bytesUnderWay < relay.limit {
        relay.isPaused = false
        context.read()
      }
    }
  }

  // What a wire of this length holds, and a buffer of as much before it.
  private var limit: Int {
    2 * Int(Double(bytesPerSecond) * Double(delay.nanoseconds) / 1e9) + (1 << 20)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if bytesUnderWay < limit { context.read() } else { isPaused = true }
  }

  func channelInactive(context: ChannelHandlerContext) {
    let other = other
    context.eventLoop.scheduleTask(deadline: max(free, .now()) + delay) {
      other.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
