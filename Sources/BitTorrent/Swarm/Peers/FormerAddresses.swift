/// Addresses of peers that have left, so that a lie found out later is still theirs.
///
/// The latest few hundred are kept.
struct FormerAddresses {
  static let limit = 512

  private var addresses: [PeerHandle: PeerAddress] = [:]
  private var order: [PeerHandle] = []
  private var oldest = 0

  /// Keeps a peer's address.
  mutating func keep(_ address: PeerAddress, of peer: PeerHandle) {
    addresses[peer] = address
    if order.count < Self.limit {
      order.append(peer)
    } else {
      addresses[order[oldest]] = nil
      order[oldest] = peer
      oldest = (oldest + 1) % Self.limit
    }
  }

  /// The address of a peer that left lately.
  subscript(peer: PeerHandle) -> PeerAddress? { addresses[peer] }
}
