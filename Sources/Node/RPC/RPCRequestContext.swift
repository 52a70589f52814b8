/// What a handler may know about who calls.
public struct RPCRequestContext: Sendable {
  /// Whether the caller has shown the administrator's token.
  public var isAdmin: Bool
  /// The caller's address, for logs.
  public var peer: String?

  /// A context from its parts.
  public init(isAdmin: Bool = false, peer: String? = nil) {
    self.isAdmin = isAdmin
    self.peer = peer
  }
}
