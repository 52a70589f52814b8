internal import Metainfo

extension TorrentEntry {
  /// Finds peers without trackers, also while it rests, under all infohashes that are known; one
  /// that has turned out to be private does not, from now on (BEP 27).
  func joinDiscovery() {
    guard !isPrivate else { return leaveDiscovery() }
    var nodes: [TorrentAddress] = []
    if case .metainfo(let metainfo) = driver?.source ?? source { nodes = metainfo.nodes }
    session.discovery?.join(self, hashes.wire, nodes: nodes, isSeed: isComplete)
  }

  /// Finds no more peers but by trackers.
  func leaveDiscovery() { session.discovery?.leave(self) }
}
