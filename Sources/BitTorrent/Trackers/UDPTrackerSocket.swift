internal import NIOCore
internal import NIOPosix

/// The sockets and timer under a `UDPTrackerTransport`, confined to its event loop.
final class UDPTrackerSocket {
  typealias Client = UDPTrackerClient<SystemRandomNumberGenerator>

  private let eventLoop: any EventLoop
  private let sources: [PeerAddress]
  private var client = Client(using: SystemRandomNumberGenerator())
  private var channels: [PeerAddress.Family: EventLoopFuture<any Channel>] = [:]
  private var waiting: [Int: EventLoopPromise<Client.Reply>] = [:]
  private var nextNumber = 0
  private var timer: Scheduled<Void>?
  private var isShutDown = false

  init(eventLoop: any EventLoop, sources: [PeerAddress]) {
    self.eventLoop = eventLoop
    self.sources = sources
  }

  private var now: Duration { .nanoseconds(NIODeadline.now().uptimeNanoseconds) }

  func ask(
    _ question: Client.Question, of target: PeerAddress, _ promise: EventLoopPromise<Client.Reply>
  ) {
    guard !isShutDown else { return promise.fail(TrackerFailure.cancelled) }
    guard let channel = channel(target.family) else {
      return promise.fail(
        TrackerFailure.unreachable("this session has no address of the tracker's kind"))
    }
    let number = nextNumber
    nextNumber += 1
    waiting[number] = promise
    channel.assumeIsolated().whenComplete { result in
      switch result {
      case .success:
        self.client.ask(number, question, of: target, at: self.now)
        self.perform()
      case .failure:
        self.finish(number, .failure(.unreachable("no socket can be opened")))
      }
    }
    promise.futureResult.assumeIsolated().whenComplete { _ in
      // Whoever asked has gone.
      guard self.waiting.removeValue(forKey: number) != nil else { return }
      self.client.cancel(number)
      self.schedule()
    }
  }

  func receive(_ datagram: ByteBuffer, from address: SocketAddress) {
    guard let address = PeerAddress(address) else { return }
    client.receive(datagram, from: address, at: now)
    perform()
  }

  func shutdown() -> EventLoopFuture<Void> {
    isShutDown = true
    timer?.cancel()
    for number in waiting.keys {
      client.cancel(number)
      finish(number, .failure(.cancelled))
    }
    let closing = channels.values.map { $0.flatMap { $0.close() } }
    return EventLoopFuture.andAllComplete(closing, on: eventLoop)
  }

  private func channel(_ family: PeerAddress.Family) -> EventLoopFuture<any Channel>? {
    if let channel = channels[family] { return channel }
    guard var source = sources.first(where: { $0.family == family }) else { return nil }
    source.port = 0
    let owner = NIOLoopBound(self, eventLoop: eventLoop)
    let bootstrap = DatagramBootstrap(group: eventLoop).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(UDPTrackerHandler(owner.value))
      }
    }
    let channel: EventLoopFuture<any Channel>
    do {
      channel = bootstrap.bind(to: try source.socketAddress())
    } catch {
      channel = eventLoop.makeFailedFuture(error)
    }
    channels[family] = channel
    // A socket that could not be opened is tried again at the next question.
    channel.assumeIsolated().whenFailure { _ in self.channels[family] = nil }
    return channel
  }

  private func perform() {
    for action in client.takeActions() {
      switch action {
      case .send(let datagram, let target):
        channels[target.family]?.assumeIsolated().whenSuccess { channel in
          guard let address = try? target.socketAddress() else { return }
          // What is lost, for whatever reason, is sent again.
          channel.writeAndFlush(
            AddressedEnvelope(remoteAddress: address, data: datagram), promise: nil)
        }
      case .finish(let number, let result): finish(number, result)
      }
    }
    schedule()
  }

  private func finish(_ number: Int, _ result: Result<Client.Reply, TrackerFailure>) {
    waiting.removeValue(forKey: number)?.completeWith(result.mapError { $0 })
  }

  private func schedule() {
    timer?.cancel()
    timer = nil
    guard let deadline = client.deadline else { return }
    let delay = TimeAmount(deadline - now)
    timer = eventLoop.assumeIsolated().scheduleTask(in: delay) {
      self.client.tick(at: self.now)
      self.perform()
    }
  }
}

/// Hands datagrams to the socket's owner.
private final class UDPTrackerHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private weak let owner: UDPTrackerSocket?

  init(_ owner: UDPTrackerSocket) { self.owner = owner }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    owner?.receive(envelope.data, from: envelope.remoteAddress)
  }

  // A host that refuses datagrams shows as an error of the socket, which serves others as well.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
