internal import AsyncHTTPClient
public import ChainTypes
internal import Foundation
public import JSON
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// A caller of a node's JSON-RPC methods.
///
///     let height = try await JSONRPCClient.withClient(.init(endpoint: url)) { client in
///       try await client.call("eth_blockNumber", returning: .quantity64)
///     }
///
/// Whoever makes one with `init` ends it with `shutdown`.
public final class JSONRPCClient: Sendable {
  /// A call of a batch.
  public struct Call: Sendable {
    /// The method's name.
    public var method: String
    /// Its parameters.
    public var params: [JSONValue]

    /// A call from its parts.
    public init(_ method: String, _ params: [JSONValue] = []) {
      self.method = method
      self.params = params
    }
  }

  private let configuration: JSONRPCClientConfiguration
  private let client: HTTPClient
  // What messages may show of the endpoint: providers put keys into paths and users into URLs.
  private let endpoint: String
  private let nextID = Atomic<UInt64>(1)

  /// A client that connects at its first call.
  public init(_ configuration: JSONRPCClientConfiguration) throws(JSONRPCClientError) {
    guard let url = URLComponents(string: configuration.endpoint),
      let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = url.host, !host.isEmpty
    else { throw .invalidEndpoint }
    self.configuration = configuration
    endpoint = "\(scheme)://\(host)" + (url.port.map { ":\($0)" } ?? "")
    var options = HTTPClient.Configuration()
    // A redirection would carry the token elsewhere.
    options.redirectConfiguration = .disallow
    options.timeout.connect = TimeAmount(configuration.connectTimeout)
    options.connectionPool.retryConnectionEstablishment = false
    options.httpVersion = .http1Only
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: options)
  }

  /// Ends the client's connections; calls in progress fail.
  public func shutdown() async {
    // It fails only when it was done already.
    try? await client.shutdown()
  }

  /// Calls `body` with a client that is ended afterwards.
  public static func withClient<Value>(
    _ configuration: JSONRPCClientConfiguration, _ body: (JSONRPCClient) async throws -> Value
  ) async throws -> Value {
    let client = try JSONRPCClient(configuration)
    do {
      let value = try await body(client)
      await client.shutdown()
      return value
    } catch {
      await client.shutdown()
      throw error
    }
  }
}

// MARK: - Calls

extension JSONRPCClient {
  /// Calls a method.
  ///
  /// - Throws: `JSONRPCClientError`, with `rpc` for an error that the node answers with.
  public func call(
    _ method: String, _ params: [JSONValue] = []
  ) async throws(JSONRPCClientError) -> JSONValue {
    let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    let reply = try await exchange(request(Call(method, params), id: id))
    if let error = reply["error"].flatMap(RPCError.init(json:)) { throw .rpc(error) }
    guard reply["id"]?.uint64Value == id else {
      throw .malformedReply(endpoint: endpoint, reason: "the id is another call's")
    }
    guard let result = reply["result"] else {
      throw .malformedReply(endpoint: endpoint, reason: "neither result nor error")
    }
    return result
  }

  /// Calls a method and reads its result.
  ///
  /// - Throws: `JSONRPCClientError`, with `malformedReply` for a result of another type.
  public func call<Value>(
    _ method: String, _ params: [JSONValue] = [], returning decoder: RPCValueDecoder<Value>
  ) async throws(JSONRPCClientError) -> Value {
    let result = try await call(method, params)
    do throws(RPCValueError) {
      return try decoder.decode(result)
    } catch {
      throw .malformedReply(endpoint: endpoint, reason: "result of \(method): \(error)")
    }
  }

  /// Makes several calls in one request; the results stand in the order of the calls.
  ///
  /// - Throws: `JSONRPCClientError` for what concerns all calls.
  public func batch(
    _ calls: [Call]
  ) async throws(JSONRPCClientError) -> [Result<JSONValue, RPCError>] {
    if calls.isEmpty { return [] }
    let first = nextID.wrappingAdd(UInt64(calls.count), ordering: .relaxed).oldValue
    let requests = calls.enumerated().map { request($1, id: first &+ UInt64($0)) }
    let reply = try await exchange(.array(requests))
    guard let items = reply.arrayValue else {
      if let error = reply["error"].flatMap(RPCError.init(json:)) { throw .rpc(error) }
      throw .malformedReply(endpoint: endpoint, reason: "no array in reply to a batch")
    }
    var results = [Result<JSONValue, RPCError>?](repeating: nil, count: calls.count)
    for item in items {
      // The standard lets replies stand in any order.
      guard let id = item["id"]?.uint64Value, id >= first, id - first < UInt64(calls.count) else {
        if let error = item["error"].flatMap(RPCError.init(json:)) { throw .rpc(error) }
        throw .malformedReply(endpoint: endpoint, reason: "the id is another call's")
      }
      let index = Int(id - first)
      if let error = item["error"].flatMap(RPCError.init(json:)) {
        results[index] = .failure(error)
      } else if let result = item["result"] {
        results[index] = .success(result)
      }
    }
    let complete = results.compactMap(\.self)
    guard complete.count == calls.count else {
      throw .malformedReply(endpoint: endpoint, reason: "a call of the batch has no reply")
    }
    return complete
  }

  private func request(_ call: Call, id: UInt64) -> JSONValue {
    [
      "jsonrpc": "2.0", "id": JSONValue(id), "method": .string(call.method),
      "params": .array(call.params),
    ]
  }
}

// MARK: - HTTP

extension JSONRPCClient {
  private func exchange(_ body: JSONValue) async throws(JSONRPCClientError) -> JSONValue {
    let (status, bytes) = try await send(body.serialized)
    // A reply is as long as it may be already; only the depth of a call trace needs room.
    let limits = JSONLimits(
      maximumDepth: 512,
      maximumValues: configuration.maximumReplyValues ?? configuration.maximumReplyBytes)
    do throws(JSONError) {
      let reply = try JSONValue.parse(bytes, limits: limits)
      if status == 200 || reply["error"].flatMap(RPCError.init(json:)) != nil { return reply }
    } catch {
      if status == 200 { throw .malformedReply(endpoint: endpoint, reason: "\(error)") }
    }
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
      .components(separatedBy: .controlCharacters).joined(separator: " ")
      .trimmingCharacters(in: .whitespaces)
    throw .http(endpoint: endpoint, status: status, body: text)
  }

  private func send(_ body: [UInt8]) async throws(JSONRPCClientError) -> (Int, [UInt8]) {
    var request = HTTPClientRequest(url: configuration.endpoint)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    if let token = configuration.bearerToken {
      request.headers.add(name: "authorization", value: "Bearer \(token)")
    }
    request.body = .bytes(ByteBuffer(bytes: body))
    let outcome = await withTaskGroup { [request] group in
      group.addTask { await self.execute(request) }
      group.addTask {
        do {
          try await Task.sleep(for: self.configuration.timeout)
        } catch {
          return .failure(.transport(endpoint: self.endpoint, reason: "the call was cancelled"))
        }
        return .failure(
          .timeout(
            endpoint: self.endpoint, seconds: Int(self.configuration.timeout.components.seconds)))
      }
      let first = await group.next()
      group.cancelAll()
      return first
    }
    guard let outcome else {
      throw .transport(endpoint: endpoint, reason: "the call was cancelled")
    }
    return try outcome.get()
  }

  private func execute(
    _ request: HTTPClientRequest
  ) async -> Result<(Int, [UInt8]), JSONRPCClientError> {
    do {
      let deadline = NIODeadline.now() + TimeAmount(configuration.timeout)
      let response = try await client.execute(request, deadline: deadline)
      let body = try await response.body.collect(upTo: configuration.maximumReplyBytes)
      return .success((Int(response.status.code), [UInt8](body.readableBytesView)))
    } catch is NIOTooManyBytesError {
      return .failure(.replyTooLarge(endpoint: endpoint, limit: configuration.maximumReplyBytes))
    } catch let error as HTTPClientError where error == .deadlineExceeded {
      return .failure(
        .timeout(endpoint: endpoint, seconds: Int(configuration.timeout.components.seconds)))
    } catch {
      return .failure(.transport(endpoint: endpoint, reason: Self.reason(of: error)))
    }
  }

  private static func reason(of error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
      error.connectionErrors.first.map { "\($0.error)" } ?? "\(error)"
    case let error as HTTPClientError: error.shortDescription
    default: "\(error)"
    }
  }
}
