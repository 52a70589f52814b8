internal import NIOCore

/// The peers that others announced to a node, within bounds.
///
/// When there are too many torrents, those go that are farthest from the node: others are asked
/// for them.
struct DHTPeerStore {
  /// The bounds.
  struct Limits {
    var torrents = 2_000
    var peersPerTorrent = 500
    var peers = 50_000
    var portsPerHost = 4
    var lifetime = TimeAmount.minutes(30)
  }

  private struct Peer {
    var address: PeerAddress
    var isSeed: Bool
    var expiry: NIODeadline
  }

  private let own: DHTID
  private let limits: Limits
  private var torrents: [DHTID: [Peer]] = [:]
  private(set) var peerCount = 0
  // The infohashes that are given as a sample, until they are chosen anew.
  private var sample: [DHTID] = []
  private var sampleExpiry = NIODeadline.uptimeNanoseconds(0)

  /// A store of a node with that id.
  init(near own: DHTID, limits: Limits = Limits()) {
    self.own = own
    self.limits = limits
  }

  /// How many torrents have peers here.
  var torrentCount: Int { torrents.count }

  /// Keeps a peer of a torrent, or keeps it longer.
  mutating func insert(
    _ address: PeerAddress, isSeed: Bool, of infoHash: DHTID, at now: NIODeadline
  ) {
    let peer = Peer(address: address, isSeed: isSeed, expiry: now + limits.lifetime)
    if torrents[infoHash] == nil {
      if torrents.count >= limits.torrents {
        guard makeRoom(for: infoHash) else { return }
      }
      torrents[infoHash] = []
    }
    var peers = torrents.removeValue(forKey: infoHash) ?? []
    peerCount -= peers.count
    defer {
      if !peers.isEmpty { torrents[infoHash] = peers }
      peerCount += peers.count
    }
    if let place = peers.firstIndex(where: { $0.address == address }) {
      peers[place] = peer
      return
    }
    let others =
      address.isLoopback ? [] : peers.indices.filter { peers[$0].address.host == address.host }
    if others.count >= limits.portsPerHost,
      let oldest = others.min(by: { peers[$0].expiry < peers[$1].expiry })
    {
      peers[oldest] = peer
    } else if peers.count >= limits.peersPerTorrent {
      guard let oldest = peers.indices.min(by: { peers[$0].expiry < peers[$1].expiry }) else {
        return
      }
      peers[oldest] = peer
    } else if peerCount + peers.count < limits.peers {
      peers.append(peer)
    }
  }

  private mutating func makeRoom(for infoHash: DHTID) -> Bool {
    guard
      let farthest = torrents.keys.max(by: { own.distance(to: $0) < own.distance(to: $1) }),
      own.distance(to: infoHash) < own.distance(to: farthest)
    else { return false }
    peerCount -= torrents.removeValue(forKey: farthest)?.count ?? 0
    return true
  }

  /// Peers of a torrent by chance, at most `limit`.
  func peers(
    of infoHash: DHTID, limit: Int, withoutSeeds: Bool, at now: NIODeadline,
    using random: inout some RandomNumberGenerator
  ) -> [PeerAddress] {
    guard limit > 0, let peers = torrents[infoHash] else { return [] }
    let live = peers.filter { $0.expiry > now && !(withoutSeeds && $0.isSeed) }.map(\.address)
    return live.count <= limit ? live : Array(live.shuffled(using: &random).prefix(limit))
  }

  /// Who has all of a torrent, and who does not; nil when it has no peers here.
  func scrape(_ infoHash: DHTID, at now: NIODeadline) -> (
    seeds: ScrapeFilter, leechers: ScrapeFilter
  )? {
    guard let peers = torrents[infoHash] else { return nil }
    var (seeds, leechers) = (ScrapeFilter(), ScrapeFilter())
    for peer in peers where peer.expiry > now {
      if peer.isSeed { seeds.insert(peer.address) } else { leechers.insert(peer.address) }
    }
    return (seeds, leechers)
  }

  /// Some infohashes, the same ones for a time (BEP 51).
  mutating func sample(
    _ limit: Int, every interval: TimeAmount, at now: NIODeadline,
    using random: inout some RandomNumberGenerator
  ) -> [DHTID] {
    if now >= sampleExpiry {
      sample = Array(torrents.keys.sorted().shuffled(using: &random).prefix(limit))
      sampleExpiry = now + interval
    }
    return sample
  }

  /// Forgets peers that were not announced again in time.
  mutating func expire(at now: NIODeadline) {
    for (infoHash, peers) in torrents {
      let live = peers.filter { $0.expiry > now }
      guard live.count < peers.count else { continue }
      peerCount -= peers.count - live.count
      torrents[infoHash] = live.isEmpty ? nil : live
    }
  }
}
