package import BitTorrent
internal import DequeModule
package import NIOCore

/// A machine of the swarm: its disk and address stay, its core lives and dies.
package final class SimulatedHost {
  /// Its place in the scenario.
  package let index: Int
  /// What the scenario says of it.
  package let plan: HostPlan
  /// Where it is found.
  package let address: PeerAddress
  /// What makes a liar of it, if anything.
  package let behaviour: (any Behaviour)?
  /// Its disk.
  package internal(set) var disk: SimulatedDisk
  /// Its core while it is up.
  package internal(set) var core: TorrentCore?
  /// When it had every piece for the first time.
  package internal(set) var completedAt: NIODeadline?
  /// Whom it closed a connection to, and why.
  package internal(set) var closings: [(peer: Int, reason: PeerCloseReason)] = []
  /// Payload that came in all of its lives, and what of it was of no use, in bytes.
  package internal(set) var received: Int64 = 0
  package internal(set) var wasted: Int64 = 0

  /// How it names itself in this life.
  var peerID: PeerID
  /// When it comes back, while it is gone.
  var returnsAt: NIODeadline?
  // How often it was started: what was planned in an earlier life does not happen.
  var life = 0
  var ends: [PeerHandle: LinkEnd] = [:]
  // Connections of others to a life that was cut off.
  var halfOpen: [LinkEnd] = []
  var line: Deque<LinkEnd> = []
  var lineIsFreeAt: NIODeadline
  var isLinePlanned = false
  var holdsReads = false
  var marked: [LinkEnd] = []
  var batch: [TorrentAction] = []
  /// Who sent what was wrong in this life.
  var evidence = Evidence()
  var lastAnnounce = NIODeadline.distantPast
  var ticks = 0
  private var nextHandle = 0

  init(index: Int, plan: HostPlan, torrent: SimulatedTorrent, peerID: PeerID) {
    self.index = index
    self.plan = plan
    self.peerID = peerID
    address = PeerAddress(ipv4: 0x2d00_0000 + UInt32(index + 1) * 257, port: 6_881)
    behaviour = plan.behaviour?()
    disk = SimulatedDisk(torrent, plan.disk)
    lineIsFreeAt = .distantPast
  }

  /// Whether it follows the rules.
  package var isHonest: Bool { behaviour == nil }
  /// Whether its core is alive.
  package var isUp: Bool { core != nil }
  /// Whether every piece is on its disk.
  package var isComplete: Bool { disk.have.isFull }

  /// Its connections, oldest first.
  package var handles: [PeerHandle] { ends.keys.sorted { $0.number < $1.number } }

  /// The host at the other end of a connection; nil when that is closed.
  package func index(behind handle: PeerHandle) -> Int? { ends[handle]?.other.host.index }

  func makeHandle() -> PeerHandle {
    defer { nextHandle += 1 }
    return PeerHandle(nextHandle)
  }
}
