public import Bridge
internal import ChainTypes
internal import Foundation
public import JSON
public import LedgerRPC

/// A JSON-RPC server on the network, as the bridge calls it.
public struct HTTPBridgeEndpoint: BridgeEndpoint {
  /// The server's host; paths and users in URLs are often secrets.
  public let name: String
  private let client: JSONRPCClient

  /// A server behind a client that whoever made it shuts down.
  public init(client: JSONRPCClient, url: String) {
    self.client = client
    let parts = URLComponents(string: url)
    name = (parts?.host ?? "endpoint") + (parts?.port.map { ":\($0)" } ?? "")
  }

  /// The bounds that one endpoint of several is held to.
  public static func configuration(url: String) -> JSONRPCClientConfiguration {
    var configuration = JSONRPCClientConfiguration(endpoint: url)
    configuration.timeout = .seconds(15)
    configuration.maximumReplyBytes = 64 << 20
    // A value takes many times its shortest text.
    configuration.maximumReplyValues = 4_000_000
    return configuration
  }

  /// Calls a method.
  public func call(
    _ method: String, _ params: [JSONValue]
  ) async throws(EndpointError) -> JSONValue {
    do throws(JSONRPCClientError) {
      return try await client.call(method, params)
    } catch {
      switch error {
      case .rpc(let cause) where cause.code == 429: throw .rateLimited
      case .rpc(let cause):
        throw .refused(RPCError(code: cause.code, message: Self.clipped(cause.message)))
      case .http(_, 429, _): throw .rateLimited
      case .http(_, 413, _), .replyTooLarge: throw .tooLarge
      case .http(_, let status, _): throw .unreachable("HTTP status \(status)")
      case .malformedReply(_, let reason): throw .malformed(Self.clipped(reason))
      case .transport(_, let reason): throw .unreachable(Self.clipped(reason))
      case .timeout(_, let seconds): throw .unreachable("no answer within \(seconds) s")
      case .invalidEndpoint: throw .unreachable("its address is no URL")
      }
    }
  }

  /// What an endpoint wrote, as short as alarms, logs and public answers can have it.
  private static func clipped(_ text: String) -> String {
    String(decoding: text.utf8.prefix(256), as: UTF8.self)
      .components(separatedBy: .controlCharacters).joined(separator: " ")
  }
}
