internal import Metainfo

extension TorrentDriver {
  /// Hears from a peer at which port it has a node of the distributed hash table (BEP 5).
  func heardOfNode(port: UInt16, of peer: PeerAddress) {
    guard !entry.isPrivate else { return }
    var address = peer
    address.port = port
    session.discovery?.heard(of: address)
  }
}
