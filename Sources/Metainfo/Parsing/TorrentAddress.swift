/// A host and port as a torrent or magnet link names them: a name or an IP address, not resolved.
public struct TorrentAddress: Hashable, Sendable {
  /// A name, an IPv4 address, or an IPv6 address without brackets.
  public let host: String
  /// The port, not 0.
  public let port: UInt16

  /// An address, or nil if the host is empty, too long or has other characters than hosts have, or
  /// the port is 0.
  public init?(host: String, port: UInt16) {
    guard port != 0, (1...253).contains(host.utf8.count),
      host.utf8.allSatisfy({ byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
          UInt8(ascii: ":"), UInt8(ascii: "_"):
          true
        default: false
        }
      })
    else { return nil }
    self.host = host
    self.port = port
  }

  /// Reads `host:port` or `[IPv6]:port`.
  public init?(_ text: some StringProtocol) {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.first == "[", host.last == "]" {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    self.init(host: String(host), port: port)
  }
}

extension TorrentAddress: CustomStringConvertible {
  /// `host:port`, with brackets around an IPv6 address.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
