internal import JSON
internal import NIOHTTP1

/// What HTTP asks of a request before its body is looked at.
struct HTTPGate: Sendable {
  /// What is to be done with a request.
  enum Decision {
    /// It carries JSON-RPC; `origin` is what CORS headers must name, if any.
    case call(isAdmin: Bool, origin: String?)
    /// It subscribes to events.
    case subscribe(RPCEvents.Source, origin: String?)
    /// It is answered without JSON-RPC.
    case answer(HTTPAnswer)
  }

  private let hosts: Set<String>
  private let origins: Set<String>
  private let adminToken: RPCAdminToken?
  private let maximumBodyBytes: Int
  private let health: @Sendable () -> RPCHealth
  private let metrics: @Sendable () -> String
  private let events: RPCEvents

  init(
    _ configuration: RPCServerConfiguration, events: RPCEvents,
    health: @escaping @Sendable () -> RPCHealth, metrics: @escaping @Sendable () -> String
  ) {
    self.events = events
    self.metrics = metrics
    hosts = Set(configuration.allowedHosts.map { $0.lowercased() })
    origins = Set(configuration.allowedOrigins.map { $0.lowercased() })
    adminToken = configuration.adminToken
    maximumBodyBytes = configuration.maximumBodyBytes
    self.health = health
  }

  func decide(_ head: HTTPRequestHead) -> Decision {
    if let refusal = refusalOfHost(head) { return .answer(refusal) }
    let path = head.uri.utf8.contains(0x3f) ? head.uri.prefix { $0 != "?" } : head.uri[...]
    switch path {
    case "/": return decideRoot(head)
    case "/health/live": return answerHealth(head, health().notLive)
    case "/health/ready": return answerHealth(head, health().notReady)
    case "/metrics": return answerMetrics(head)
    default:
      guard let source = events.sources[String(path)] else {
        return .answer(.init(.notFound, "not found"))
      }
      return decideSubscription(head, source)
    }
  }

  /// Events are the administrator's: what they tell is nobody else's business.
  private func decideSubscription(
    _ head: HTTPRequestHead, _ source: @escaping RPCEvents.Source
  ) -> Decision {
    let origin = head.headers.first(name: "origin").flatMap(allowedOrigin)
    switch head.method {
    case .GET:
      guard hasToken(head) == true else { return .answer(Self.unauthorized(origin)) }
      return .subscribe(source, origin: origin)
    case .OPTIONS: return .answer(preflight(head))
    default:
      return .answer(
        .init(.methodNotAllowed, "method not allowed", headers: [("allow", "GET, OPTIONS")]))
    }
  }

  /// Whether a request shows the token; nil when it shows none.
  private func hasToken(_ head: HTTPRequestHead) -> Bool? {
    guard let adminToken, let credentials = head.headers.first(name: "authorization") else {
      return nil
    }
    return credentials.prefix(7).lowercased() == "bearer "
      && adminToken.matches(credentials.dropFirst(7))
  }

  private static func unauthorized(_ origin: String?) -> HTTPAnswer {
    HTTPAnswer(
      .unauthorized, "wrong token", headers: [("www-authenticate", "Bearer")], origin: origin)
  }

  private func decideRoot(_ head: HTTPRequestHead) -> Decision {
    switch head.method {
    case .POST: decideCall(head)
    case .GET, .HEAD: .answer(.init(.ok))
    case .OPTIONS: .answer(preflight(head))
    default:
      .answer(
        .init(
          .methodNotAllowed, "method not allowed", headers: [("allow", "GET, HEAD, OPTIONS, POST")])
      )
    }
  }

  private func decideCall(_ head: HTTPRequestHead) -> Decision {
    let origin = head.headers.first(name: "origin").flatMap(allowedOrigin)
    guard Self.isJSON(head.headers.first(name: "content-type")) else {
      return .answer(
        .init(
          .unsupportedMediaType, "invalid content type, only application/json is supported",
          origin: origin))
    }
    if let length = head.headers.first(name: "content-length"),
      Int(length).map({ $0 > maximumBodyBytes }) ?? true
    {
      return .answer(.bodyTooLarge(limit: maximumBodyBytes, origin: origin))
    }
    let hasToken = hasToken(head)
    guard hasToken != false else { return .answer(Self.unauthorized(origin)) }
    return .call(isAdmin: hasToken == true, origin: origin)
  }

  private func answerHealth(_ head: HTTPRequestHead, _ reasons: [String]) -> Decision {
    guard head.method == .GET || head.method == .HEAD else {
      return .answer(
        .init(.methodNotAllowed, "method not allowed", headers: [("allow", "GET, HEAD")]))
    }
    return .answer(
      HTTPAnswer(
        status: reasons.isEmpty ? .ok : .serviceUnavailable,
        headers: [("content-type", "application/json")],
        body: RPCHealth.json(reasons).serialized))
  }

  /// What is earned and spent is the administrator's business too.
  private func answerMetrics(_ head: HTTPRequestHead) -> Decision {
    guard head.method == .GET || head.method == .HEAD else {
      return .answer(
        .init(.methodNotAllowed, "method not allowed", headers: [("allow", "GET, HEAD")]))
    }
    guard hasToken(head) == true else { return .answer(Self.unauthorized(nil)) }
    return .answer(
      HTTPAnswer(
        status: .ok, headers: [("content-type", PrometheusText.contentType)],
        body: Array(metrics().utf8)))
  }

  // MARK: - Host

  private func refusalOfHost(_ head: HTTPRequestHead) -> HTTPAnswer? {
    if hosts.contains("*") { return nil }
    guard let host = head.headers.first(name: "host") else {
      // HTTP/1.0 has no such header, and no browser speaks it.
      return head.version == .http1_0 ? nil : .init(.badRequest, "missing Host header")
    }
    let name = Self.hostName(host)
    if hosts.contains(name) || Self.isIPAddress(name) {
      return head.headers["host"].count == 1 ? nil : .init(.badRequest, "several Host headers")
    }
    return .init(.forbidden, "invalid host specified")
  }

  /// A Host header's name in lower case, without port, brackets and a final point.
  static func hostName(_ host: String) -> String {
    var name = host.lowercased()[...]
    if name.hasPrefix("[") {
      return String(name.dropFirst().prefix { $0 != "]" })
    }
    if let colon = name.firstIndex(of: ":") { name = name[..<colon] }
    if name.hasSuffix(".") { name = name.dropLast() }
    return String(name)
  }

  /// Whether a name is an address, so that no one's name server had a part in it.
  static func isIPAddress(_ name: String) -> Bool {
    if name.utf8.contains(0x3a) {
      return name.utf8.allSatisfy { $0 == 0x3a || $0 == 0x2e || isHexDigit($0) }
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        part.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8(part) != nil
      }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }

  // MARK: - Content type and CORS

  private static func isJSON(_ contentType: String?) -> Bool {
    guard let contentType else { return false }
    if contentType == "application/json" { return true }
    let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
    return ["application/json", "application/json-rpc", "application/jsonrequest"].contains(type)
  }

  private func allowedOrigin(_ origin: String) -> String? {
    if origins.contains("*") { return "*" }
    return origins.contains(origin.lowercased()) ? origin : nil
  }

  private func preflight(_ head: HTTPRequestHead) -> HTTPAnswer {
    guard let origin = head.headers.first(name: "origin") else {
      return .init(status: .noContent, headers: [("allow", "GET, HEAD, OPTIONS, POST")])
    }
    guard let allowed = allowedOrigin(origin) else {
      return .init(.forbidden, "origin not allowed")
    }
    return HTTPAnswer(
      status: .noContent,
      headers: [
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", "content-type, authorization"),
        ("access-control-max-age", "600"),
      ], origin: allowed)
  }
}
