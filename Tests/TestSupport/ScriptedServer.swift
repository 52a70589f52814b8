public import JSON
internal import NIOCore
public import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// An HTTP server that answers as a test says, or not at all.
public final class ScriptedServer: Sendable {
  /// What it answers.
  public struct Reply: Sendable {
    /// The HTTP status.
    public var status: HTTPResponseStatus
    /// The body.
    public var body: String
    /// Header fields besides the length.
    public var headers: [(String, String)]

    /// A reply from its parts.
    public init(
      status: HTTPResponseStatus = .ok, body: String, headers: [(String, String)] = []
    ) {
      self.status = status
      self.body = body
      self.headers = headers
    }
  }

  /// What the server was asked.
  public struct Request: Sendable {
    /// The request line and the header fields.
    public var head: HTTPRequestHead
    /// The body, or null when it is no JSON.
    public var body: JSONValue
  }

  /// Where it listens, on 127.0.0.1.
  public let port: Int
  private let channel: any Channel

  /// A server whose answers `script` gives; nil leaves the caller waiting.
  public init(_ script: @escaping @Sendable (Request) -> Reply?) async throws {
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  /// Listens no longer.
  public func stop() async { try? await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let script: @Sendable (Request) -> Reply?
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(_ script: @escaping @Sendable (Request) -> Reply?) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        self.head = head
        body.clear()
      case .body(let bytes): body.writeImmutableBuffer(bytes)
      case .end:
        let json = (try? JSONValue.parse([UInt8](body.readableBytesView))) ?? .null
        guard let head, let reply = script(Request(head: head, body: json)) else { return }
        var fields = HTTPHeaders(reply.headers)
        fields.add(name: "content-length", value: String(reply.body.utf8.count))
        let response = HTTPResponseHead(version: .http1_1, status: reply.status, headers: fields)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        context.write(
          wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: reply.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      }
    }
  }
}
