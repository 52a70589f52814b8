/// Where and within which bounds JSON-RPC is served over HTTP.
public struct RPCServerConfiguration: Sendable {
  /// The address to listen on: a host name or an IP address.
  public var host = "127.0.0.1"
  /// The port to listen on, 0 to 65,535; with 0 the system chooses one.
  public var port = 8545

  /// Which names may stand in the Host header, besides IP addresses; `*` allows all.
  ///
  /// A web page can make its own name point to this machine (DNS rebinding), and then its scripts
  /// may read replies: hence names must be known.
  public var allowedHosts = ["localhost"]
  /// From which origins web pages may read replies (CORS); `*` allows all.
  public var allowedOrigins: [String] = []
  /// The secret that opens the administrator's methods; without one they are closed.
  public var adminToken: RPCAdminToken?

  /// How many bytes a request body may have, at least 1.
  public var maximumBodyBytes = 5 * 1024 * 1024
  /// How many bytes the bodies that arrive at the same time may have, beyond 64 KiB each, at
  /// least 0; requests beyond are told to come later.
  public var maximumBufferedBytes = 64 * 1024 * 1024
  /// How many bytes the header lines of a request may have, at least 1.
  public var maximumHeaderBytes = 64 * 1024
  /// How many connections are kept at most, at least 1; a new one beyond takes the place of the
  /// one that has waited for its caller for longest, or is closed when work is done for all.
  public var maximumConnections = 500

  /// How long a new connection may take for the head of its first request, and each request for
  /// its body, counted from the first byte to the last, so that dribbling gains nothing.
  public var readTimeout = Duration.seconds(30)
  /// How long a caller may take to receive a reply that does not fit the system's buffers.
  public var writeTimeout = Duration.seconds(30)
  /// How long a connection may be without a request.
  public var idleTimeout = Duration.seconds(120)
  /// How long requests in progress may take once the server is told to stop.
  public var shutdownGrace = Duration.seconds(10)

  /// The defaults.
  public init() {}

  /// Checks the bounds.
  ///
  /// - Throws: `RPCServerError.configuration`, which names the first setting that is wrong.
  public func validate() throws(RPCServerError) {
    func check(_ condition: Bool, _ setting: String, _ bounds: String) throws(RPCServerError) {
      guard condition else { throw .configuration(setting: setting, bounds: bounds) }
    }
    try check((0...65_535).contains(port), "port", "0 to 65535")
    try check(!host.isEmpty, "host", "a host name or an IP address")
    try check(maximumBodyBytes >= 1, "maximumBodyBytes", "at least 1")
    try check(maximumBufferedBytes >= 0, "maximumBufferedBytes", "0 or more")
    try check(maximumHeaderBytes >= 1, "maximumHeaderBytes", "at least 1")
    try check(maximumConnections >= 1, "maximumConnections", "at least 1")
    try check(readTimeout > .zero, "readTimeout", "more than 0")
    try check(writeTimeout > .zero, "writeTimeout", "more than 0")
    try check(idleTimeout > .zero, "idleTimeout", "more than 0")
    try check(shutdownGrace >= .zero, "shutdownGrace", "0 or more")
  }
}

/// Why the RPC server does not run.
public enum RPCServerError: Error, Sendable {
  /// A setting is out of its bounds.
  case configuration(setting: String, bounds: String)
  /// The address cannot be listened on.
  case bind(host: String, port: Int, reason: String)
}

extension RPCServerError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .configuration(let setting, let bounds):
      "RPC server: setting \(setting) must be \(bounds): correct it in the configuration"
    case .bind(let host, let port, let reason):
      "RPC server cannot listen on \(host) port \(port): \(reason); stop the other program or "
        + "choose another address or port"
    }
  }
}
