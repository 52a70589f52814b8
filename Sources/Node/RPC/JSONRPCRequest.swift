internal import ChainTypes
internal import JSON

/// One element of a request body: a call, a notification, or what must be refused.
struct JSONRPCRequest: Sendable {
  /// The call's id, or nil for a notification.
  var id: JSONValue?
  /// What to do.
  var body: Body

  enum Body: Sendable {
    case call(method: String, params: JSONValue?)
    case refuse(RPCError)
  }

  /// Reads an element; what has no usable id is refused under the id null, as the standard says.
  init(_ value: JSONValue) {
    guard case .object(let object) = value else {
      self = .refused(.invalidRequest())
      return
    }
    let id = object["id"]
    if let id, let refusal = Self.refusal(of: id) {
      self = .refused(refusal)
      return
    }
    guard object["jsonrpc"] == "2.0", let method = object["method"]?.stringValue,
      !method.isEmpty
    else {
      self = .refused(.invalidRequest(), id: id)
      return
    }
    self.id = id
    body = .call(method: method, params: object["params"])
  }

  private init(id: JSONValue?, body: Body) {
    self.id = id
    self.body = body
  }

  private static func refused(_ error: RPCError, id: JSONValue? = nil) -> JSONRPCRequest {
    JSONRPCRequest(id: id ?? .null, body: .refuse(error))
  }

  private static func refusal(of id: JSONValue) -> RPCError? {
    switch id {
    case .null, .string: nil
    // Callers read a fraction back as another number, so that no reply would match.
    case .number(let text):
      text.utf8.contains { $0 == 0x2e || $0 | 0x20 == 0x65 }
        ? .invalidRequest("invalid request: a number as id must be an integer") : nil
    default: .invalidRequest()
    }
  }
}

// MARK: - Replies

extension [UInt8] {
  /// Appends the reply with an error.
  mutating func append(rpcError error: RPCError, id: JSONValue) {
    append("{\"jsonrpc\":\"2.0\",\"id\":")
    id.serialize(into: &self)
    append(",\"error\":")
    error.json.serialize(into: &self)
    append("}")
  }

  /// Appends the reply with a result.
  mutating func append(rpcResult result: RPCResult, id: JSONValue) {
    append("{\"jsonrpc\":\"2.0\",\"id\":")
    id.serialize(into: &self)
    append(",\"result\":")
    switch result {
    case .value(let value): value.serialize(into: &self)
    case .raw(let bytes): append(contentsOf: bytes)
    }
    append("}")
  }
}
