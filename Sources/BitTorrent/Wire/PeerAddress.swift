/// An IP address and port of a peer.
///
/// An IPv4 address mapped into IPv6 (`::ffff:1.2.3.4`) is the IPv4 address: one peer has one value.
public struct PeerAddress: Hashable, Sendable {
  /// A version of the Internet Protocol.
  public enum Family: Hashable, Sendable {
    /// 4 bytes of address, 6 in compact form.
    case ipv4
    /// 16 bytes of address, 18 in compact form.
    case ipv6
  }

  // The address as IPv6, in host order.
  let high: UInt64
  let low: UInt64
  /// The port; 0 cannot be dialled.
  public var port: UInt16

  /// The IPv4 address whose four bytes are `ipv4`, the first one highest.
  public init(ipv4: UInt32, port: UInt16) {
    self.init(high: 0, low: Self.mappedPrefix | UInt64(ipv4), port: port)
  }

  /// The IPv6 address whose first eight bytes are `high` and last eight `low`, in host order.
  public init(high: UInt64, low: UInt64, port: UInt16) {
    self.high = high
    self.low = low
    self.port = port
  }

  private static let mappedPrefix: UInt64 = 0xffff_0000_0000

  /// Which version of the Internet Protocol the address is of.
  public var family: Family { high == 0 && low >> 32 == 0xffff ? .ipv4 : .ipv6 }

  /// The four bytes of an IPv4 address, the first one highest.
  public var ipv4: UInt32? { family == .ipv4 ? UInt32(truncatingIfNeeded: low) : nil }

  /// The address without its port: what one host has in common.
  public var host: PeerAddress { PeerAddress(high: high, low: low, port: 0) }

  /// The first 56 bits of an IPv6 address: what one customer of a provider has in common.
  package var prefix56: PeerAddress { PeerAddress(high: high & ~0xff, low: 0, port: 0) }
}

// MARK: - Kinds of addresses

extension PeerAddress {
  /// Whether the address is of this host (127.0.0.0/8, ::1).
  public var isLoopback: Bool {
    if let ipv4 { return ipv4 >> 24 == 127 }
    return high == 0 && low == 1
  }

  /// Whether no address is given (0.0.0.0/8, ::).
  public var isUnspecified: Bool {
    if let ipv4 { return ipv4 >> 24 == 0 }
    return high == 0 && low == 0
  }

  /// Whether the address is of a private network or of one link only (10.0.0.0/8, 172.16.0.0/12,
  /// 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16, fc00::/7, fe80::/10).
  public var isPrivate: Bool {
    guard let ipv4 else { return high >> 57 == 0xfc >> 1 || high >> 54 == 0xfe80 >> 6 }
    return ipv4 >> 24 == 10 || ipv4 >> 20 == 0xac1 || ipv4 >> 16 == 0xc0a8
      || ipv4 >> 22 == 0x6440 >> 6 || ipv4 >> 16 == 0xa9fe
  }

  /// Whether the address is of a group or a broadcast (224.0.0.0/3, ff00::/8).
  public var isMulticast: Bool {
    if let ipv4 { return ipv4 >> 29 == 0b111 }
    return high >> 56 == 0xff
  }

  /// Whether a connection to it may be tried at all.
  public var isDialable: Bool { port != 0 && !isUnspecified && !isMulticast }

  /// Whether it may be believed when `source`, another host, names it: addresses of this host or
  /// of private networks are only for those to tell who have such an address themselves.
  public func isCredible(from source: PeerAddress) -> Bool {
    guard isDialable else { return false }
    if isLoopback { return source.isLoopback }
    if isPrivate { return source.isLoopback || source.isPrivate }
    return true
  }
}
