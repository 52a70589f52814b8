internal import NIOCore

/// Why a text names no peer.
public enum PeerAddressError: Error, Sendable, CustomStringConvertible {
  /// There is no port behind the last colon.
  case noPort
  /// The name has no address.
  case unknownHost(String)

  /// The reason in words.
  public var description: String {
    switch self {
    case .noPort: "there is no port from 1 to 65535 behind the last colon"
    case .unknownHost(let host): "there is no address for \(host)"
    }
  }
}

extension PeerAddress {
  /// The addresses that `host:port` stands for; a name is looked up, which may take seconds.
  ///
  /// - Throws: `PeerAddressError`.
  public static func resolving(_ text: String) throws(PeerAddressError) -> [PeerAddress] {
    if let address = PeerAddress(text) {
      guard address.port != 0 else { throw .noPort }
      return [address]
    }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
      port != 0
    else { throw .noPort }
    let host = String(text[..<colon])
    guard
      let found = try? SocketAddress.makeAddressResolvingHost(host, port: Int(port)),
      let address = PeerAddress(found)
    else { throw .unknownHost(host) }
    return [address]
  }
}
