public import ChainTypes
public import JSON

/// A JSON-RPC server as the bridge calls it: over HTTP, in the same process, or a test's script.
public protocol BridgeEndpoint: Sendable {
  /// What alarms and messages call it; it holds no secret.
  var name: String { get }

  /// Calls a method; the call ends, with an error if need be, within bounded time and memory.
  func call(_ method: String, _ params: [JSONValue]) async throws(EndpointError) -> JSONValue
}

extension BridgeEndpoint {
  /// Calls a method and reads its result.
  package func ask<Value: Sendable>(
    _ method: String, _ params: [JSONValue] = [], _ decoder: RPCValueDecoder<Value>
  ) async throws(EndpointError) -> Value {
    let result = try await call(method, params)
    do throws(RPCValueError) {
      return try decoder.decode(result)
    } catch {
      throw .malformed("result of \(method): \(error)")
    }
  }
}

/// Why an endpoint gave no usable answer.
public enum EndpointError: Error, Hashable, Sendable {
  /// Nobody answered, or not in time.
  case unreachable(String)
  /// It asks to be called less often.
  case rateLimited
  /// It answered with an error.
  case refused(RPCError)
  /// The answer is not what the method returns.
  case malformed(String)
  /// The answer has more bytes than are taken.
  case tooLarge
}

extension EndpointError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .unreachable(let reason): "not reached: \(reason)"
    case .rateLimited: "it limits the rate of calls"
    case .refused(let error): "it answers: \(error)"
    case .malformed(let reason): "a malformed answer: \(reason)"
    case .tooLarge: "its answer is too long"
    }
  }

  /// Whether it says that less is to be asked for at once.
  package var asksForLess: Bool {
    switch self {
    case .tooLarge: true
    case .refused(let error):
      error.code == -32005
        || ["range", "more than", "too many", "limit", "too large"].contains {
          error.message.lowercased().contains($0)
        }
    case .unreachable, .rateLimited, .malformed: false
    }
  }

  /// Whether the endpoint itself is unwell, so that it had better be left alone for a while.
  package var isIllness: Bool {
    switch self {
    case .unreachable, .rateLimited, .malformed: true
    case .refused(let error): error.code == -32603
    case .tooLarge: false
    }
  }
}
