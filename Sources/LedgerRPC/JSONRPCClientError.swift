public import ChainTypes

/// Why a call to a node gave no result.
///
/// No case holds the token, nor the part of the endpoint in which providers put keys.
public enum JSONRPCClientError: Error, Equatable, Sendable {
  /// The endpoint is no URL of a node.
  case invalidEndpoint
  /// The node was not reached, or the connection broke.
  case transport(endpoint: String, reason: String)
  /// The reply was not there in time.
  case timeout(endpoint: String, seconds: Int)
  /// The server answered with another HTTP status than 200, and without a JSON-RPC error.
  case http(endpoint: String, status: Int, body: String)
  /// The reply has more bytes than the client takes.
  case replyTooLarge(endpoint: String, limit: Int)
  /// The reply is no JSON-RPC reply to the call.
  case malformedReply(endpoint: String, reason: String)
  /// The node answered the call with an error.
  case rpc(RPCError)
}

extension JSONRPCClientError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .invalidEndpoint:
      "the RPC endpoint is not a URL: give one like http://127.0.0.1:8545"
    case .transport(let endpoint, let reason):
      "cannot reach the node at \(endpoint): \(reason); check that it runs, that its RPC server "
        + "is on, and that the address is right"
    case .timeout(let endpoint, let seconds):
      "the node at \(endpoint) has not answered within \(seconds) s: check its load, or allow a "
        + "longer time-out"
    case .http(let endpoint, 401, _):
      "the node at \(endpoint) refuses the token: check it against the node's"
    case .http(let endpoint, 403, let body):
      "the node at \(endpoint) refuses the request (\(body)): add the host name to its allowed "
        + "hosts"
    case .http(let endpoint, let status, let body):
      "\(endpoint) answers with HTTP status \(status) (\(body)): check that it is a node's RPC "
        + "endpoint"
    case .replyTooLarge(let endpoint, let limit):
      "the reply of \(endpoint) is longer than \(limit) bytes: ask for less at once"
    case .malformedReply(let endpoint, let reason):
      "\(endpoint) gives no JSON-RPC reply (\(reason)): check that it is a node's RPC endpoint"
    case .rpc(let error): "the node answers: \(error)"
    }
  }
}
