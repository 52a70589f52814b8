internal import JSON

/// Why a node is not alive or not ready to serve; without reasons, it is.
public struct RPCHealth: Sendable {
  /// Why the process should be restarted.
  public var notLive: [String]
  /// Why requests should be sent elsewhere in the meantime.
  public var notReady: [String]

  /// A state from its parts; by default all is well.
  public init(notLive: [String] = [], notReady: [String] = []) {
    self.notLive = notLive
    self.notReady = notReady
  }

  /// The body that tells of `reasons`.
  static func json(_ reasons: [String]) -> JSONValue {
    [
      "status": reasons.isEmpty ? "ok" : "unavailable",
      "reasons": .array(reasons.map { .string($0) }),
    ]
  }
}
