public import Metainfo

/// What a torrent is added from.
public enum TorrentSource: Sendable {
  /// A `.torrent` file.
  case metainfo(Metainfo)
  /// A magnet link: the info dictionary comes from peers.
  case magnet(MagnetLink)

  /// The torrent's infohashes, as far as the source knows them.
  public var hashes: InfoHashes {
    switch self {
    case .metainfo(let metainfo): metainfo.info.hashes
    case .magnet(let link): link.hashes
    }
  }

  /// The files that the source says are wanted.
  var selection: FileSelection? {
    if case .magnet(let link) = self { link.selection } else { nil }
  }

  /// The peers that a magnet link names by their addresses (`x.pe`, BEP 9).
  var peers: [PeerAddress] {
    guard case .magnet(let link) = self else { return [] }
    return link.peers.compactMap { PeerAddress($0.description) }
  }

  /// Trackers in tiers.
  var trackers: [[String]] {
    switch self {
    case .metainfo(let metainfo): metainfo.trackers
    case .magnet(let link): link.trackers.map { [$0] }
    }
  }
}
