internal import BitTorrent
internal import Metainfo
internal import NIOCore

/// One client of a virtual swarm: a core, its bytes, and how it treats others.
final class VirtualPeer {
  /// What a client does that it should not.
  enum Nature {
    case honest
    /// Some of the blocks that it sends are wrong.
    case corrupting
    /// It lets others ask and never sends a block.
    case mute
    /// It asks for the same block over and over, allowed or not.
    case flooding
    /// It says that it has everything and has nothing.
    case boasting
  }

  let index: Int
  let address: PeerAddress
  let id: PeerID
  let nature: Nature
  let core: TorrentCore
  var storage: VirtualStorage?
  /// The other ends of its connections.
  var links: [PeerHandle: VirtualLink] = [:]
  /// When the last of its pieces was there.
  var completedAt: NIODeadline?
  /// Whom it closed a connection to, and why.
  var closings: [(peer: Int, reason: PeerCloseReason)] = []
  /// When what it sends has left its line.
  var lineIsFreeAt: NIODeadline
  var batch: [TorrentAction] = []
  private var nextHandle = 0

  init(
    index: Int, id: PeerID, nature: Nature, hashes: InfoHashes, seed: UInt64, now: NIODeadline,
    _ change: (inout TorrentConfiguration) -> Void = { _ in }
  ) {
    self.index = index
    self.id = id
    self.nature = nature
    address = PeerAddress(ipv4: 0x0a00_0001 + UInt32(index), port: 6_881)
    lineIsFreeAt = now
    var configuration = TorrentConfiguration(infoHashes: hashes, peerID: id)
    configuration.listenPort = 6_881
    change(&configuration)
    core = TorrentCore(configuration: configuration, seed: seed, now: now)
  }

  func handle() -> PeerHandle {
    defer { nextHandle += 1 }
    return PeerHandle(nextHandle)
  }
}

/// One end of a connection of a virtual swarm.
struct VirtualLink {
  var peer: Int
  /// The connection's handle at the other end.
  var handle: PeerHandle
  var latency: TimeAmount
  /// When the last message on the way arrives.
  var arrival: NIODeadline
}
