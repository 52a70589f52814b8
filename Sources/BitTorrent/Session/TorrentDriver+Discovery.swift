internal import Metainfo
internal import NIOCore

extension TorrentDriver {
  /// Whether the torrent may be known to others than its trackers; where its info is unknown yet,
  /// it may (BEP 27).
  var isPublic: Bool { info?.isPrivate != true }

  /// Finds peers without trackers, under all infohashes that are known; a torrent that has turned
  /// out to be private does not, from now on.
  func updateDiscovery() {
    guard hasBegun, !isStopped, isPublic else {
      session.discovery?.leave(self)
      return
    }
    var nodes: [TorrentAddress] = []
    if case .metainfo(let metainfo) = source { nodes = metainfo.nodes }
    let isSeed = core.statistics(at: .now()).phase == .seeding
    session.discovery?.join(self, hashes.wire, nodes: nodes, isSeed: isSeed)
  }

  /// Hears from a peer at which port it has a node of the distributed hash table (BEP 5).
  func heardOfNode(port: UInt16, of peer: PeerAddress) {
    guard isPublic else { return }
    var address = peer
    address.port = port
    session.discovery?.heard(of: address)
  }
}
