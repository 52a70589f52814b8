internal import NIOCore

/// Peers from one answer of a tracker: each once, none that the tracker cannot know, and not too
/// many.
struct PeerCollector {
  private let source: PeerAddress
  private var seen: Set<PeerAddress> = []
  private(set) var peers: [PeerAddress] = []

  init(source: PeerAddress) { self.source = source }

  var hasRoom: Bool { peers.count < TrackerAnswer.maximumPeers }

  mutating func add(_ peer: PeerAddress) {
    guard hasRoom, peer.isCredible(from: source), seen.insert(peer).inserted else { return }
    peers.append(peer)
  }

  mutating func add(_ compact: some Collection<UInt8>, _ family: PeerAddress.Family) {
    var buffer = ByteBuffer(bytes: compact)
    while hasRoom, let peer = buffer.readCompactAddress(family) { add(peer) }
  }
}
