/// Which node a client calls, and within which bounds.
public struct JSONRPCClientConfiguration: Sendable {
  /// The URL of the node's RPC server, `http` or `https`.
  public var endpoint: String
  /// The token for the administrator's methods.
  public var bearerToken: String?
  /// How long a connection may take to be made.
  public var connectTimeout = Duration.seconds(5)
  /// How long a call or a batch may take in all.
  public var timeout = Duration.seconds(60)
  /// How many bytes a reply may have.
  public var maximumReplyBytes = 32 * 1024 * 1024
  /// How many JSON values a reply may have; nil for as many as its bytes can hold.
  public var maximumReplyValues: Int?

  /// The defaults for that endpoint.
  public init(endpoint: String) { self.endpoint = endpoint }
}

extension JSONRPCClientConfiguration: CustomStringConvertible {
  /// The bounds; the endpoint and the token may hold secrets.
  public var description: String {
    "JSON-RPC client: time-out \(timeout), at most \(maximumReplyBytes) bytes a reply"
  }
}
