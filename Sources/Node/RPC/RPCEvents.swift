/// One of a stream of server-sent events.
public struct RPCEvent: Sendable {
  /// The event's name.
  public var name: String
  /// What it tells: JSON on one line.
  public var data: [UInt8]

  /// An event.
  public init(name: String, data: [UInt8]) {
    self.name = name
    self.data = data
  }

  /// The event as HTML's standard writes it.
  var encoded: [UInt8] { Array("event: \(name)\ndata: ".utf8) + data + [0x0a, 0x0a] }
}

/// Streams of server-sent events, which the administrator can subscribe to by path.
public struct RPCEvents: Sendable {
  /// What subscribes to a stream.
  public typealias Source = @Sendable () -> AsyncStream<RPCEvent>

  var sources: [String: Source] = [:]

  /// No streams.
  public init() {}

  /// Adds a stream under a path such as `/events/channels`.
  public mutating func add(_ path: String, _ source: @escaping Source) { sources[path] = source }
}
