internal import BitTorrent

/// Where newcomers come from: a /24 of IPv4, a /56 of IPv6.
struct AddressPrefix: Hashable {
  private let address: PeerAddress

  /// The prefix of an address; nil on this host and in private networks, where all share a few.
  init?(_ address: PeerAddress) {
    guard !address.isLoopback, !address.isPrivate else { return nil }
    if let ipv4 = address.ipv4 {
      self.address = PeerAddress(ipv4: ipv4 & 0xffff_ff00, port: 0)
    } else {
      self.address = address.prefix56
    }
  }
}
