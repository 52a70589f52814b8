internal import NIOCore
internal import NIOHTTP1

/// One connection: collects requests, has them processed, and sends the replies.
///
/// The handler in front hands over one request after another, each once the one before has been
/// answered. Deadlines count from a request's first byte to its last, not from byte to byte.
final class RPCConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// What a request needs until its reply is sent.
  private struct Exchange {
    var version: HTTPVersion
    var keepAlive: Bool
    var isHead: Bool
    var isAdmin = false
    var origin: String?
  }

  private enum State {
    /// Between requests.
    case idle
    /// A call's body is arriving.
    case receiving(Exchange, ByteBuffer)
    /// The body of a request that is answered without it is arriving.
    case skipping(Exchange, HTTPAnswer)
    /// A call waits for the caller to take the replies before it.
    case held(Exchange, ByteBuffer)
    /// A task works on a call.
    case working(Exchange, Task<Void, Never>)
    /// A subscription's request is not over yet.
    case subscribing(Exchange, RPCEvents.Source)
    /// A task takes events and has them sent.
    case subscribed(Task<Void, Never>)
    /// The last answer has been sent; what still arrives is dropped.
    case draining
  }

  /// How long what follows the last answer is read, so that closing does not destroy the answer
  /// on its way (RFC 9112, section 9.6).
  private static let drainTime = TimeAmount.seconds(1)

  private let processor: JSONRPCProcessor
  private let gate: HTTPGate
  private let configuration: RPCServerConfiguration
  private let connections: RPCConnections
  private var state = State.idle
  private var context: ChannelHandlerContext?
  private var peer: String?
  private var deadline = NIODeadline.distantFuture
  private var timer: Scheduled<Void>?
  /// How much of the server's memory for bodies this one has taken.
  private var reservedBytes = 0
  private let readTime: TimeAmount
  private let writeTime: TimeAmount
  private let idleTime: TimeAmount

  init(
    processor: JSONRPCProcessor, gate: HTTPGate, configuration: RPCServerConfiguration,
    connections: RPCConnections
  ) {
    self.processor = processor
    self.gate = gate
    self.configuration = configuration
    self.connections = connections
    readTime = TimeAmount(configuration.readTimeout)
    writeTime = TimeAmount(configuration.writeTimeout)
    idleTime = TimeAmount(configuration.idleTimeout)
  }

  // MARK: - Life of the connection

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    peer = context.remoteAddress?.ipAddress
    deadline = .now() + readTime
    schedule(context)
  }

  // A connection that breaks while it is being set up never becomes active, hence not inactive
  // either: only its handlers' removal is sure.
  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    timer?.cancel()
    releaseMemory()
    switch state {
    case .working(_, let task):
      // The connection counts as open until its work has ended: see `finish`.
      task.cancel()
    case .subscribed(let task):
      task.cancel()
      connections.remove(context.channel)
    default: connections.remove(context.channel)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Whatever it is, the caller or the network caused it: there is nothing to repair.
    context.close(promise: nil)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      switch state {
      case .held(let exchange, let body): process(exchange, body, context)
      case .idle: deadline = .now() + idleTime
      default: break
      }
    }
    context.fireChannelWritabilityChanged()
  }

  /// Looks at the deadline in time: moving a deadline must cost no timer.
  private func schedule(_ context: ChannelHandlerContext) {
    let next = min(deadline, .now() + min(readTime, writeTime, idleTime))
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) {
      guard let context = self.context else { return }
      // On a busy machine time can be up before the connection is even active: it ends as well.
      if self.deadline <= .now() {
        context.close(promise: nil)
      } else {
        // A line now and then finds out whether anybody is still there.
        if case .subscribed = self.state { self.emit(Array(": \n\n".utf8)) }
        self.schedule(context)
      }
    }
  }

  // MARK: - Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): receive(head, context)
    case .body(let bytes): receive(bytes, context)
    case .end: receiveEnd(context)
    }
  }

  private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard case .idle = state else { return }
    deadline = .now() + readTime
    var exchange = Exchange(
      version: head.version, keepAlive: head.isKeepAlive, isHead: head.method == .HEAD)
    switch gate.decide(head) {
    case .answer(let answer):
      if answer.endsConnection {
        send(answer, exchange, context)
      } else {
        state = .skipping(exchange, answer)
      }
    case .subscribe(let source, let origin):
      exchange.origin = origin
      state = .subscribing(exchange, source)
    case .call(let isAdmin, let origin):
      exchange.isAdmin = isAdmin
      exchange.origin = origin
      state = .receiving(exchange, ByteBuffer())
      if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
        let head = HTTPResponseHead(version: head.version, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
      }
    }
  }

  private func receive(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    switch state {
    case .receiving(let exchange, var body):
      // Not two owners of the buffer while it grows.
      state = .idle
      if body.readableBytes == 0 {
        body = bytes
      } else {
        body.writeImmutableBuffer(bytes)
      }
      if body.readableBytes > configuration.maximumBodyBytes {
        send(
          .bodyTooLarge(limit: configuration.maximumBodyBytes, origin: exchange.origin), exchange,
          context)
      } else if !reserveMemory(for: body) {
        send(.busy(origin: exchange.origin), exchange, context)
      } else {
        state = .receiving(exchange, body)
      }
    case .skipping(let exchange, _):
      // Only calls have bodies that are worth waiting for.
      guard bytes.readableBytes > configuration.maximumBodyBytes else { return }
      send(.bodyTooLarge(limit: configuration.maximumBodyBytes), exchange, context)
    default: break
    }
  }

  private func reserveMemory(for body: ByteBuffer) -> Bool {
    let wanted = max(body.readableBytes - RPCConnections.freeBodyBytes, 0)
    guard wanted > reservedBytes else { return true }
    guard connections.reserve(wanted - reservedBytes) else { return false }
    reservedBytes = wanted
    return true
  }

  private func releaseMemory() {
    guard reservedBytes > 0 else { return }
    connections.release(reservedBytes)
    reservedBytes = 0
  }

  private func receiveEnd(_ context: ChannelHandlerContext) {
    switch state {
    case .receiving(let exchange, let body):
      if context.channel.isWritable {
        process(exchange, body, context)
      } else {
        state = .held(exchange, body)
        deadline = .now() + writeTime
      }
    case .skipping(let exchange, let answer): send(answer, exchange, context)
    case .subscribing(let exchange, let source): subscribe(exchange, source, context)
    case .draining: context.close(promise: nil)
    default: break
    }
  }

  private func process(
    _ exchange: Exchange, _ body: ByteBuffer, _ context: ChannelHandlerContext
  ) {
    let request = RPCRequestContext(isAdmin: exchange.isAdmin, peer: peer)
    switch processor.begin([UInt8](body.readableBytesView), context: request) {
    case .reply(let bytes):
      send(HTTPAnswer(reply: bytes, origin: exchange.origin), exchange, context)
    case .work(let work):
      // The processor's own time-out ends the work.
      connections.setIdle(context.channel, since: nil)
      deadline = .distantFuture
      let eventLoop = context.eventLoop
      let handler = NIOLoopBound(self, eventLoop: eventLoop)
      let channel = context.channel
      let task = Task(executorPreference: RPCExecutor.shared) {
        let bytes = await work.run()
        eventLoop.execute { handler.value.finish(bytes, channel) }
      }
      state = .working(exchange, task)
    }
  }

  private func finish(_ bytes: [UInt8]?, _ channel: any Channel) {
    guard case .working(let exchange, _) = state else { return }
    guard let context else { return connections.remove(channel) }
    send(HTTPAnswer(reply: bytes, origin: exchange.origin), exchange, context)
  }

  // MARK: - Events

  private func subscribe(
    _ exchange: Exchange, _ source: @escaping RPCEvents.Source, _ context: ChannelHandlerContext
  ) {
    guard connections.setSubscribed(context.channel) else { return context.close(promise: nil) }
    deadline = .distantFuture
    context.write(
      wrapOutboundOut(.head(HTTPAnswer.eventsHead(exchange.version, origin: exchange.origin))),
      promise: nil)
    let eventLoop = context.eventLoop
    let handler = NIOLoopBound(self, eventLoop: eventLoop)
    // Subscribed before the first line is sent: who has read it misses nothing after it.
    let events = source()
    let task = Task(executorPreference: RPCExecutor.shared) {
      for await event in events {
        eventLoop.execute { handler.value.emit(event.encoded) }
      }
      eventLoop.execute { handler.value.context?.close(promise: nil) }
    }
    state = .subscribed(task)
    emit(Array(": subscribed\n\n".utf8))
  }

  /// Sends an event; whoever has not taken those before by the time the buffers are full is let go
  /// rather than kept waiting for, or lied to by leaving some out.
  private func emit(_ bytes: [UInt8]) {
    guard case .subscribed = state, let context else { return }
    guard context.channel.isWritable else { return context.close(promise: nil) }
    let buffer = context.channel.allocator.buffer(bytes: bytes)
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
  }

  // MARK: - Replies

  private func send(
    _ answer: HTTPAnswer, _ exchange: Exchange, _ context: ChannelHandlerContext
  ) {
    releaseMemory()
    let keepAlive = exchange.keepAlive && !answer.endsConnection
    let now = NIODeadline.now()
    // The state first: the end of a reply may bring the next request within the same call.
    state = keepAlive ? .idle : .draining
    let head = answer.head(version: exchange.version, keepAlive: keepAlive)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !answer.body.isEmpty, !exchange.isHead {
      let body = context.channel.allocator.buffer(bytes: answer.body)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    connections.setIdle(context.channel, since: now)
    deadline = now + (keepAlive ? idleTime : writeTime)
    let promise: EventLoopPromise<Void>?
    if keepAlive {
      promise = nil
    } else {
      promise = context.eventLoop.makePromise(of: Void.self)
      promise?.futureResult.assumeIsolated().whenComplete { _ in self.end(answer) }
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    if case .idle = state, !context.channel.isWritable { deadline = now + writeTime }
  }

  /// Closes after the last answer: at once when the whole request was read, else after a while.
  private func end(_ answer: HTTPAnswer) {
    guard let context else { return }
    if answer.endsConnection {
      deadline = .now() + Self.drainTime
      timer?.cancel()
      schedule(context)
    } else {
      context.close(promise: nil)
    }
  }
}
