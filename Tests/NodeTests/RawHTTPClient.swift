internal import NIOCore
internal import NIOPosix

/// A TCP client that sends what it is told and collects what comes until the server closes.
final class RawHTTPClient: Sendable {
  private let channel: any Channel
  private let received: EventLoopFuture<String>
  private let firstReceived: EventLoopFuture<Void>

  init(port: Int) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let promise = group.next().makePromise(of: String.self)
    let first = promise.futureResult.eventLoop.makePromise(of: Void.self)
    received = promise.futureResult
    firstReceived = first.futureResult
    do {
      channel = try await ClientBootstrap(group: group)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Collector(promise, first))
          }
        }
        .connect(host: "127.0.0.1", port: port).get()
    } catch {
      promise.succeed("")
      first.succeed()
      throw error
    }
  }

  func send(_ text: String) {
    channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
  }

  func send(_ bytes: [UInt8]) {
    channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
  }

  /// All that the server has sent, once it has closed the connection.
  func text() async throws -> String { try await received.get() }

  /// Returns when the server has sent something, or closed the connection.
  func beginning() async throws { try await firstReceived.get() }

  func close() { channel.close(promise: nil) }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<String>
    private let first: EventLoopPromise<Void>
    private var buffer = ByteBuffer()

    init(_ promise: EventLoopPromise<String>, _ first: EventLoopPromise<Void>) {
      self.promise = promise
      self.first = first
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      buffer.writeImmutableBuffer(unwrapInboundIn(data))
      first.succeed()
    }

    func channelInactive(context: ChannelHandlerContext) {
      first.succeed()
      promise.succeed(String(buffer: buffer))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}
