public import JSON
internal import Primitives

/// The error object of a JSON-RPC reply.
///
/// Codes and texts are those of geth and EIP-1474, as libraries match both.
public struct RPCError: Error, Hashable, Sendable {
  /// What kind of failure it is.
  public var code: Int
  /// The cause in words; it never tells of the node's internals.
  public var message: String
  /// What a program needs beyond the code: a revert's return data, for one.
  public var data: JSONValue?

  /// An error from its parts.
  public init(code: Int, message: String, data: JSONValue? = nil) {
    self.code = code
    self.message = message
    self.data = data
  }
}

// MARK: - JSON

extension RPCError {
  /// The error object of a reply.
  public var json: JSONValue {
    var object: JSONObject = ["code": JSONValue(code), "message": .string(message)]
    object["data"] = data
    return .object(object)
  }

  /// Reads the error object of a reply, or gives nil when code or message is missing.
  public init?(json: JSONValue) {
    guard let code = json["code"]?.intValue, let message = json["message"]?.stringValue else {
      return nil
    }
    self.init(code: code, message: message, data: json["data"])
  }
}

extension RPCError: CustomStringConvertible {
  /// Message and code.
  public var description: String { "\(message) (code \(code))" }
}

// MARK: - The standard's own

extension RPCError {
  /// The request is not JSON.
  public static func parse(_ cause: JSONError) -> RPCError {
    RPCError(code: -32700, message: "parse error: \(cause)")
  }

  /// The request is JSON but no JSON-RPC 2.0 call.
  public static func invalidRequest(_ message: String = "invalid request") -> RPCError {
    RPCError(code: -32600, message: message)
  }

  /// The node has no such method.
  public static func methodNotFound(_ method: String) -> RPCError {
    RPCError(
      code: -32601, message: "the method \(method) does not exist/is not available")
  }

  /// The parameters are wrong in a way that concerns no single one.
  public static func invalidParams(_ message: String) -> RPCError {
    RPCError(code: -32602, message: message)
  }

  /// A parameter that must be there is missing or null.
  public static func missingArgument(_ index: Int) -> RPCError {
    invalidParams("missing value for required argument \(index)")
  }

  /// A parameter has the wrong type or form.
  public static func invalidArgument(_ index: Int, _ cause: RPCValueError) -> RPCError {
    invalidParams("invalid argument \(index): \(cause)")
  }

  /// The node failed, in a way that the caller can do nothing about.
  public static let `internal` = RPCError(code: -32603, message: "internal error")
}

// MARK: - Ethereum's

extension RPCError {
  /// The call cannot be done; the text carries the meaning.
  public static func server(_ message: String) -> RPCError {
    RPCError(code: -32000, message: message)
  }

  /// What the call names does not exist.
  public static func notFound(_ message: String) -> RPCError {
    RPCError(code: -32001, message: message)
  }

  /// The call took longer than the server allows.
  public static let timeout = RPCError(code: -32002, message: "request timed out")

  /// The reply would be longer than the server allows.
  public static let responseTooLarge = RPCError(code: -32003, message: "response too large")

  /// The call asks for more than the server does at once.
  public static func limitExceeded(_ message: String) -> RPCError {
    RPCError(code: -32005, message: message)
  }

  /// The history that the call asks for has been pruned.
  public static func pruned(_ message: String = "pruned history unavailable") -> RPCError {
    RPCError(code: 4444, message: message)
  }

  /// Contract code has reverted: with `reason` when it gave one, and what it returned.
  public static func reverted(reason: String? = nil, data: [UInt8]) -> RPCError {
    let message = reason.map { "execution reverted: \($0)" } ?? "execution reverted"
    return RPCError(code: 3, message: message, data: .string(Hex.encode(data)))
  }
}
