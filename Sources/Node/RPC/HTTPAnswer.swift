internal import NIOHTTP1

/// A reply as HTTP has it, without what depends on the connection.
struct HTTPAnswer {
  var status: HTTPResponseStatus
  var headers: [(String, String)] = []
  var body: [UInt8] = []
  /// The origin whose pages may read the reply.
  var origin: String?
  /// Whether the rest of the request is not worth reading.
  var endsConnection = false
}

extension HTTPAnswer {
  /// An answer with a line of text for people.
  init(
    _ status: HTTPResponseStatus, _ text: String = "", headers: [(String, String)] = [],
    origin: String? = nil
  ) {
    self.init(status: status, headers: headers, origin: origin)
    guard !text.isEmpty else { return }
    self.headers.append(("content-type", "text/plain; charset=utf-8"))
    body = Array("\(text)\n".utf8)
  }

  /// A JSON-RPC reply, or the empty one to notifications.
  init(reply: [UInt8]?, origin: String?) {
    self.init(
      status: .ok, headers: [("content-type", "application/json")], body: reply ?? [],
      origin: origin)
  }

  static func bodyTooLarge(limit: Int, origin: String? = nil) -> HTTPAnswer {
    var answer = HTTPAnswer(
      .payloadTooLarge, "request body too large: the limit is \(limit) bytes", origin: origin)
    answer.endsConnection = true
    return answer
  }

  static func busy(origin: String?) -> HTTPAnswer {
    var answer = HTTPAnswer(
      .serviceUnavailable, "too much is being sent at once, try again later",
      headers: [("retry-after", "1")], origin: origin)
    answer.endsConnection = true
    return answer
  }

  /// The head of a stream of server-sent events, which has no length.
  static func eventsHead(_ version: HTTPVersion, origin: String?) -> HTTPResponseHead {
    var fields: HTTPHeaders = [
      "content-type": "text/event-stream", "cache-control": "no-store",
    ]
    if let origin {
      fields.add(name: "access-control-allow-origin", value: origin)
      if origin != "*" { fields.add(name: "vary", value: "origin") }
    }
    return HTTPResponseHead(version: version, status: .ok, headers: fields)
  }

  /// The head to send in reply to a request of that version.
  func head(version: HTTPVersion, keepAlive: Bool) -> HTTPResponseHead {
    var fields = HTTPHeaders()
    fields.reserveCapacity(headers.count + 4)
    for (name, value) in headers { fields.add(name: name, value: value) }
    // RFC 9110, section 8.6: a 204 has no length.
    if status != .noContent { fields.add(name: "content-length", value: String(body.count)) }
    if let origin {
      fields.add(name: "access-control-allow-origin", value: origin)
      if origin != "*" { fields.add(name: "vary", value: "origin") }
    }
    if !keepAlive {
      fields.add(name: "connection", value: "close")
    } else if version == .http1_0 {
      fields.add(name: "connection", value: "keep-alive")
    }
    return HTTPResponseHead(version: version, status: status, headers: fields)
  }
}
