public import Logging
public import NIOCore
internal import NIOHTTP1
public import NIOPosix
public import ServiceLifecycle

/// JSON-RPC over HTTP/1.1.
///
///     let server = RPCServer(
///       configuration: configuration, processor: processor, logger: logger,
///       health: { node.health }, onStart: { print("listening on port \($0)") })
///     try await server.run()
///
/// It is built on channel handlers rather than on a web framework: one path and one method need
/// no router, while the bounds in time, number and memory on what a stranger can hold on to do
/// need the connection itself.
public struct RPCServer: Service {
  private let configuration: RPCServerConfiguration
  private let processor: JSONRPCProcessor
  private let logger: Logger
  private let eventLoopGroup: any EventLoopGroup
  private let events: RPCEvents
  private let health: @Sendable () -> RPCHealth
  private let metrics: @Sendable () -> String
  private let onStart: @Sendable (Int) -> Void

  /// A server that does not listen yet; `onStart` gets the port once it does.
  ///
  /// `metrics` is what the administrator reads at `/metrics`, in Prometheus's text format.
  public init(
    configuration: RPCServerConfiguration, processor: JSONRPCProcessor, logger: Logger,
    eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    events: RPCEvents = RPCEvents(),
    health: @escaping @Sendable () -> RPCHealth = { RPCHealth() },
    metrics: @escaping @Sendable () -> String = { "" },
    onStart: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.configuration = configuration
    self.processor = processor
    self.logger = logger
    self.eventLoopGroup = eventLoopGroup
    self.events = events
    self.health = health
    self.metrics = metrics
    self.onStart = onStart
  }

  /// Serves until the graceful shutdown of the services or the task's cancellation.
  ///
  /// - Throws: `RPCServerError` when it cannot begin.
  public func run() async throws {
    let running = try await start()
    onStart(running.port)
    // Cancelled or told to stop: both end the wait, and both are followed by the same end.
    try? await gracefulShutdown()
    await running.stop()
  }

  /// Begins to listen; whoever starts a server stops it.
  ///
  /// - Throws: `RPCServerError`.
  public func start() async throws(RPCServerError) -> Running {
    try configuration.validate()
    let connections = RPCConnections(
      limit: configuration.maximumConnections, bodyBytes: configuration.maximumBufferedBytes)
    let gate = HTTPGate(configuration, events: events, health: health, metrics: metrics)
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = configuration.maximumHeaderBytes
    limits.maxHeaderListSize = configuration.maximumHeaderBytes
    limits.maxHeaderFieldCount = 100
    let bootstrap = ServerBootstrap(group: eventLoopGroup)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { [configuration, processor, limits] channel in
        channel.eventLoop.makeCompletedFuture {
          guard connections.admit(channel) else { throw ChannelError.ioOnClosedChannel }
          let pipeline = channel.pipeline.syncOperations
          do {
            try pipeline.configureHTTPServerPipeline(
              position: .last, withPipeliningAssistance: true, withServerUpgrade: nil,
              withErrorHandling: true, withOutboundHeaderValidation: false,
              withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
            try pipeline.addHandler(
              RPCConnectionHandler(
                processor: processor, gate: gate, configuration: configuration,
                connections: connections))
          } catch {
            connections.remove(channel)
            throw error
          }
        }
      }
    let channel: any Channel
    do {
      channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
    } catch {
      throw .bind(host: configuration.host, port: configuration.port, reason: "\(error)")
    }
    let port = channel.localAddress?.port ?? configuration.port
    logger.info(
      "RPC server listens", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
    return Running(
      port: port, channel: channel, connections: connections,
      grace: TimeAmount(configuration.shutdownGrace), logger: logger)
  }
}

extension RPCServer {
  /// A server that listens.
  public struct Running: Sendable {
    /// The port it listens on.
    public let port: Int

    let channel: any Channel
    let connections: RPCConnections
    let grace: TimeAmount
    let logger: Logger

    /// Takes no more connections, answers what has arrived, and returns when all is closed.
    ///
    /// After the configured grace the rest is cancelled and closed; methods that do not heed
    /// cancellation are left behind after twice that time.
    public func stop() async {
      try? await channel.close()
      connections.beginStopping()
      let force = channel.eventLoop.scheduleTask(in: grace) { connections.closeAll() }
      let abandon = channel.eventLoop.scheduleTask(in: grace * 2 + .seconds(1)) {
        logger.warning("RPC methods are still running after they were cancelled")
        connections.giveUpWaiting()
      }
      await connections.waitUntilEmpty()
      force.cancel()
      abandon.cancel()
      logger.info("RPC server has stopped", metadata: ["port": "\(port)"])
    }
  }
}
