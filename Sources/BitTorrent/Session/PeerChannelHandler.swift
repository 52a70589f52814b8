internal import DequeModule
internal import Logging
internal import Metainfo
internal import NIOCore

/// One connection: bytes to messages for its torrent's driver, and the driver's messages to bytes.
///
/// It is in the pipeline behind whatever makes plain bytes of the transport's. Everything read in
/// one turn of the event loop is handed over as one batch, and everything that follows from it is
/// written with one flush.
final class PeerChannelHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    /// The peer's handshake has yet to come whole.
    case greeting(HandshakeExchange)
    /// Messages flow.
    case open
    case closed
  }

  let session: SessionLoop
  let address: PeerAddress
  var context: ChannelHandlerContext?
  var output = PeerOutput()
  /// Encrypts what is sent and decrypts what comes, where that was agreed.
  private(set) var cipher: StreamCipher?
  /// Set while the driver has the handler in its list of those to flush.
  var isMarked = false

  private var state: State
  private var timeout: Scheduled<Void>?
  private var link: (handle: PeerHandle, driver: TorrentDriver)?
  private var decoder = PeerMessageDecoder(features: [], isV2: false)
  private var holdsRead = false

  /// A handler for a connection to or from `address`.
  init(session: SessionLoop, address: PeerAddress, exchange: HandshakeExchange) {
    self.session = session
    self.address = address
    state = .greeting(exchange)
  }

  /// The torrent that the handshakes led to.
  var driver: TorrentDriver? { link?.driver }
  /// The connection's name there.
  var handle: PeerHandle? { link?.handle }
  /// Whether messages may be sent.
  var isOpen: Bool { if case .open = state { true } else { false } }

  // MARK: - Life of the connection

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    timeout = context.eventLoop.assumeIsolated().scheduleTask(
      in: session.configuration.handshakeTimeout
    ) { [weak self] in self?.greetingTimedOut() }
    if context.channel.isActive { greet(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    greet(context)
    context.fireChannelActive()
  }

  private func greet(_ context: ChannelHandlerContext) {
    guard case .greeting(var exchange) = state else { return }
    exchange.hasConnection = true
    attempt { () throws(PeerFault) in try advance(&exchange, context) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end()
    self.context = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The network or the peer caused it; the driver hears that the connection is gone.
    context.close(promise: nil)
  }

  private func greetingTimedOut() {
    if case .greeting(var exchange) = state {
      exchange.hasTimedOut = true
      state = .greeting(exchange)
    }
    close(.handshakeTimeout)
  }

  private func end() {
    timeout?.cancel()
    output = PeerOutput()
    let last = state
    state = .closed
    let link = self.link
    self.link = nil
    switch last {
    case .greeting(let exchange): session.greetingFailed(address, exchange)
    case .open: if let link { link.driver.connectionEnded(link.handle) }
    case .closed: break
    }
  }

  /// Closes the connection; the driver hears of it as of any other end.
  func close(_ reason: PeerCloseReason) {
    session.logger.debug(
      "closing a peer's connection", metadata: ["peer": "\(address)", "reason": "\(reason)"])
    context?.close(promise: nil)
  }

  // MARK: - Input

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    attempt { () throws(PeerFault) in
      switch state {
      case .greeting(var exchange):
        exchange.feed(bytes)
        try advance(&exchange, context)
      case .open:
        cipher?.decryptInPlace(bytes)
        try receive(bytes)
      case .closed: break
      }
    }
  }

  private func attempt(_ body: () throws(PeerFault) -> Void) {
    do throws(PeerFault) {
      try body()
    } catch {
      guard let link else { return close(.fault(error)) }
      link.driver.deliver(.peerFailed(link.handle, error), at: .now())
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    link?.driver.settle()
    context.fireChannelReadComplete()
  }

  private func advance(
    _ exchange: inout HandshakeExchange, _ context: ChannelHandlerContext
  ) throws(PeerFault) {
    var hasWritten = false
    defer { if hasWritten { context.flush() } }
    // What was learnt before a fault counts for what is tried next. It is kept before the flush,
    // which may end the connection.
    defer { if case .greeting = state { state = .greeting(exchange) } }
    while let step = try exchange.next(in: session) {
      switch step {
      case .answer(let hello):
        context.write(wrapOutboundOut(hello), promise: nil)
        hasWritten = true
      case .done(let driver, let introduction, let cipher, let rest):
        // The torrent may have been stopped between the halves of the handshake: nobody would
        // ever close a connection of its.
        guard !driver.isStopped else { return close(.stopped) }
        timeout?.cancel()
        state = .open
        self.cipher = cipher
        decoder = PeerMessageDecoder(features: introduction.features, isV2: introduction.isV2)
        let handle = driver.connected(self)
        link = (handle, driver)
        driver.deliver(.peerConnected(handle, introduction), at: .now())
        return try receive(rest)
      }
    }
  }

  private func receive(_ bytes: ByteBuffer) throws(PeerFault) {
    guard let link, bytes.readableBytes > 0 else { return }
    let now = NIODeadline.now()
    decoder.feed(bytes)
    while isOpen, let message = try decoder.next() {
      if case .port(let port) = message { link.driver.heardOfNode(port: port, of: address) }
      link.driver.deliver(.message(link.handle, message), at: now)
    }
  }

  // MARK: - Back pressure

  func read(context: ChannelHandlerContext) {
    if let driver, driver.holdsReads {
      holdsRead = true
    } else {
      context.read()
    }
  }

  /// Goes on reading where reading was held.
  func resumeReading() {
    guard holdsRead else { return }
    holdsRead = false
    context?.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { flush() }
    context.fireChannelWritabilityChanged()
  }
}
