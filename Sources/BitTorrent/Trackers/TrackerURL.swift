/// The address of a tracker, checked for what a torrent may make us call.
///
/// Torrents come from strangers, so a tracker's address could point a client at other services. So:
/// only `http`, `https` and `udp`; no credentials; host names in plain ASCII; none of the
/// parameters that the client itself adds; and on this host no path but `/announce` (see
/// ``isAllowedOnLoopback``, which is for whoever resolves the host's name).
public struct TrackerURL: Hashable, Sendable {
  /// How the tracker is spoken to.
  public enum Scheme: String, Hashable, Sendable {
    /// BEP 3 in plain.
    case http
    /// BEP 3 over TLS.
    case https
    /// BEP 15.
    case udp
  }

  /// How the tracker is spoken to.
  public let scheme: Scheme
  /// The host's name in lower case, or its address without brackets.
  public let host: String
  /// The port, given or the scheme's own.
  public let port: UInt16
  /// The path with its leading `/`, and the query with its `?`, escaped.
  public let target: String

  /// The greatest length of an address in bytes.
  public static let maximumLength = 2_048

  /// The address in `text`, or nil if there is none, or none that a torrent may name.
  public init?(_ text: some StringProtocol) {
    self.init(unruled: text)
    guard keepsRules else { return nil }
  }

  /// The address in `text` without the rules for what a torrent may name: where a tracker redirects
  /// to, with parameters that are our own.
  package init?(unruled text: some StringProtocol) {
    let trimmed = String(text.drop { $0.isWhitespace })
    guard trimmed.utf8.count <= Self.maximumLength,
      let mark = trimmed.firstRange(of: "://"),
      let scheme = Scheme(rawValue: trimmed[..<mark.lowerBound].lowercased())
    else { return nil }
    let rest = trimmed[mark.upperBound...].prefix { $0 != "#" }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    guard let (host, port) = Self.authority(rest[..<end]),
      let port = port ?? scheme.defaultPort
    else { return nil }
    self.init(scheme: scheme, host: host, port: port, target: rest[end...])
    // Escapes make it longer.
    guard self.text.utf8.count <= Self.maximumLength else { return nil }
  }

  private init(
    scheme: Scheme, host: String, port: UInt16, target: some StringProtocol
  ) {
    self.scheme = scheme
    self.host = host
    self.port = port
    // Spaces at the end are left from careless lists; others are escaped, as is all but ASCII.
    let kept = target.utf8.reversed().drop { $0 <= 0x20 }.reversed()
    let escaped = kept.map { byte in
      (0x21...0x7e).contains(byte) ? String(UnicodeScalar(byte)) : PercentEncoding.escape(byte)
    }.joined()
    self.target = escaped.hasPrefix("/") ? escaped : "/" + escaped
  }

  // `host`, `host:port`, or an IPv6 address in brackets for the host.
  private static func authority(_ text: Substring) -> (host: String, port: UInt16?)? {
    var host = text
    var port: UInt16?
    let tail = text.lastIndex(of: "]") ?? text.startIndex
    if let colon = text[tail...].lastIndex(of: ":") {
      let digits = text[text.index(after: colon)...].trimmingSpaces
      guard digits.first?.isNumber == true, let number = UInt16(digits), number > 0 else {
        return nil
      }
      (host, port) = (text[..<colon], number)
    }
    if host.first == "[" {
      guard host.last == "]",
        let address = PeerAddress(ip: host.dropFirst().dropLast(), port: 0)
      else { return nil }
      return (address.ip, port)
    }
    let name = host.trimmingSpaces.lowercased()
    guard !name.isEmpty, name.utf8.count <= 253,
      name.utf8.allSatisfy({
        (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x2d || $0 == 0x2e
          || $0 == 0x5f
      }),
      // Names in other scripts can look like those of known hosts.
      !name.split(separator: ".").contains(where: { $0.hasPrefix("xn--") })
    else { return nil }
    return (name, port)
  }
}

extension TrackerURL.Scheme {
  /// The port that stands for none; UDP has no such port.
  fileprivate var defaultPort: UInt16? {
    switch self {
    case .http: 80
    case .https: 443
    case .udp: nil
    }
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var text = self[...]
    while text.last == " " { text = text.dropLast() }
    return text
  }
}

// MARK: - Parts and rules

extension TrackerURL {
  /// The path without the query.
  public var path: Substring { target.prefix { $0 != "?" } }

  /// The query without its `?`, or nil.
  public var query: Substring? {
    target.firstIndex(of: "?").map { target[target.index(after: $0)...] }
  }

  /// The host as it stands in a URL.
  package var hostInURL: String { host.contains(":") ? "[\(host)]" : host }

  /// The host's address, if that is what is given instead of a name.
  package var address: PeerAddress? { PeerAddress(ip: host, port: port) }

  /// Whether the tracker may be on this host itself: its path is then just `/announce`, so that no
  /// torrent can make other services here do something.
  public var isAllowedOnLoopback: Bool { scheme == .udp || path == "/announce" }

  /// Where scrapes go: the same address with `scrape` for `announce` in its last part (BEP 48).
  public var scrape: TrackerURL? {
    let path = path
    guard let slash = path.lastIndex(of: "/") else { return nil }
    let last = path[path.index(after: slash)...]
    guard last.hasPrefix("announce") else { return nil }
    let target =
      path[...slash] + "scrape" + last.dropFirst("announce".count) + target[path.endIndex...]
    return TrackerURL(scheme: scheme, host: host, port: port, target: target)
  }

  /// The same host, asked for something else.
  package func asking(for target: String) -> TrackerURL {
    TrackerURL(scheme: scheme, host: host, port: port, target: target)
  }

  /// Where `location`, the answer to a request for this address, redirects to.
  package func redirected(to location: String) -> TrackerURL? {
    if location.contains("://") { return TrackerURL(unruled: location) }
    if location.hasPrefix("//") { return TrackerURL(unruled: "\(scheme.rawValue):\(location)") }
    let origin = "\(scheme.rawValue)://\(hostInURL):\(port)"
    if location.hasPrefix("/") { return TrackerURL(unruled: origin + location) }
    let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
    return TrackerURL(unruled: origin + folder + location)
  }

  private var keepsRules: Bool {
    if let address, address.isUnspecified || address.isMulticast { return false }
    let isLocal = host == "localhost" || host.hasSuffix(".localhost") || address?.isLoopback == true
    if isLocal && !isAllowedOnLoopback { return false }
    let names = (query ?? "").split(separator: "&").map { $0.prefix { $0 != "=" }.lowercased() }
    return !names.contains { HTTPTrackerQuery.ownKeys.contains($0) }
  }
}

extension TrackerURL: CustomStringConvertible {
  /// The address without path and query, in which trackers keep their users' keys.
  public var description: String { "\(scheme.rawValue)://\(hostInURL):\(port)" }

  /// The whole address.
  public var text: String { description + target }
}
