import NIOCore
import NIOPosix
import Synchronization

/// A server on loopback that answers each request with whatever bytes a test wants, or none.
final class RawServer: Sendable {
  /// What the server does with a request.
  enum Answer: Sendable {
    /// Sends the bytes and closes.
    case bytes([UInt8])
    /// Sends the bytes, then the others again and again, until nobody takes them.
    case endless([UInt8], then: [UInt8])
    /// Sends the bytes, and keeps the connection.
    case begun([UInt8])
    /// Says nothing, and keeps the connection.
    case nothing
    /// Closes without a word.
    case close
  }

  /// The heads of the requests that came.
  var requests: [String] { log.heads.withLock { $0 } }
  /// The port on 127.0.0.1.
  let port: Int
  private let log: Log

  private final class Log: Sendable {
    let heads = Mutex<[String]>([])
  }

  private init(port: Int, log: Log) {
    self.port = port
    self.log = log
  }

  /// Runs `body` with a server that answers as `answer` says.
  static func run(
    _ answer: @escaping @Sendable (String) -> Answer,
    _ body: (RawServer) async throws -> Void
  ) async throws {
    let log = Log()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            Handler { head in
              log.heads.withLock { $0.append(head) }
              return answer(head)
            })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(RawServer(port: channel.localAddress?.port ?? 0, log: log)))
    } catch {
      result = .failure(error)
    }
    try await channel.close()
    try result.get()
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: @Sendable (String) -> Answer
    private var received = ""

    init(_ answer: @escaping @Sendable (String) -> Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      received += String(buffer: unwrapInboundIn(data))
      guard received.hasSuffix("\r\n\r\n") else { return }
      let head = received
      received = ""
      switch answer(head) {
      case .bytes(let bytes):
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in
          channel.close(promise: nil)
        }
      case .endless(let bytes, let then):
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        goOn(ByteBuffer(bytes: then), context)
      case .begun(let bytes):
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
      case .nothing: break
      case .close: context.close(promise: nil)
      }
    }

    private func goOn(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      context.writeAndFlush(wrapOutboundOut(bytes)).whenSuccess {
        // A write may be done at once: no recursion.
        bound.eventLoop.execute {
          let (handler, context) = bound.value
          handler.goOn(bytes, context)
        }
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}
