internal import BitTorrent
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// A tracker for the demo: it names everybody to everybody, on loopback, while it lasts.
final class DemoTracker: Sendable {
  /// What torrents name.
  let url: String
  private let channel: any Channel

  private init(channel: any Channel, port: Int) {
    self.channel = channel
    url = "http://127.0.0.1:\(port)/announce"
  }

  /// Begins to listen on a port of the system's choice.
  static func start() async throws -> DemoTracker {
    let swarms = DemoSwarms()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 64)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
          try pipeline.addHandler(DemoAnnounceHandler(swarms: swarms))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    guard let port = channel.localAddress?.port else {
      throw CommandFailure(.listen, "the demo's tracker has no port")
    }
    return DemoTracker(channel: channel, port: port)
  }

  /// Ends it.
  func stop() async { try? await channel.close() }
}

/// Who is in which swarm.
private final class DemoSwarms: Sendable {
  private let peers = Mutex<[[UInt8]: Set<[UInt8]>]>([:])
  private static let limit = 64

  /// Notes an announce, and gives the others in compact form.
  func announce(_ query: [Substring: [UInt8]], from host: [UInt8]) -> [UInt8]? {
    guard let hash = query["info_hash"], hash.count == 20,
      let port = query["port"].flatMap({ UInt16(String(decoding: $0, as: UTF8.self)) })
    else { return nil }
    let own = host + [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
    let isLeaving = query["event"].map { $0.elementsEqual("stopped".utf8) } ?? false
    let others = peers.withLock { swarms in
      guard swarms[hash] != nil || swarms.count < Self.limit else { return Set<[UInt8]>() }
      if isLeaving {
        swarms[hash]?.remove(own)
      } else if swarms[hash, default: []].count < Self.limit {
        swarms[hash, default: []].insert(own)
      }
      return (swarms[hash] ?? []).subtracting([own])
    }
    let compact = others.sorted { $0.lexicographicallyPrecedes($1) }.flatMap(\.self)
    return Array("d8:intervali60e12:min intervali1e5:peers\(compact.count):".utf8) + compact
      + Array("e".utf8)
  }
}

/// Answers announces on one connection.
private final class DemoAnnounceHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let swarms: DemoSwarms
  private var head: HTTPRequestHead?

  init(swarms: DemoSwarms) { self.swarms = swarms }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end:
      guard let head else { return }
      self.head = nil
      answer(head, context)
    }
  }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let host = (context.remoteAddress?.ipAddress ?? "127.0.0.1").split(separator: ".")
      .compactMap { UInt8($0) }
    let body = swarms.announce(Self.query(head.uri), from: host)
    var headers = HTTPHeaders()
    headers.add(name: "Content-Type", value: "text/plain")
    headers.add(name: "Content-Length", value: "\(body?.count ?? 0)")
    let status: HTTPResponseStatus = body == nil ? .badRequest : .ok
    context.write(
      wrapOutboundOut(
        .head(HTTPResponseHead(version: head.version, status: status, headers: headers))),
      promise: nil)
    if let body {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    if !head.isKeepAlive { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  /// The parts of a query, their escapes undone.
  private static func query(_ uri: String) -> [Substring: [UInt8]] {
    guard let mark = uri.firstIndex(of: "?") else { return [:] }
    var result: [Substring: [UInt8]] = [:]
    for pair in uri[uri.index(after: mark)...].split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1)
      if sides.count == 2 { result[sides[0]] = unescape(sides[1]) }
    }
    return result
  }

  private static func unescape(_ text: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }
}
