internal import BitTorrent
internal import DequeModule
internal import NIOCore

/// A connection between two hosts: bytes arrive in order, late or not at all, as TCP has it.
final class SimulatedLink {
  let number: Int
  /// The way from one end to the other.
  let latency: TimeAmount
  /// Nothing arrives before then.
  var stalledUntil: NIODeadline
  /// The end of whoever dialled, and the other; emptied when the run is over.
  var ends: [LinkEnd] = []

  init(number: Int, latency: TimeAmount, now: NIODeadline) {
    self.number = number
    self.latency = latency
    stalledUntil = now
  }
}

/// One end of a link: a host's socket.
final class LinkEnd {
  let link: SimulatedLink
  let host: SimulatedHost
  let handle: PeerHandle
  var isOpen = false
  var output = PeerOutput()
  var decoder: PeerMessageDecoder
  /// Bytes sent and not read at the other end.
  var inFlight = 0
  /// When the last bytes on the way arrive at the other end.
  var lastArrival: NIODeadline
  /// Bytes that arrived while the host does not read.
  var inbox: Deque<ByteBuffer> = []
  /// Whether it stands in line for its host's line.
  var isInLine = false
  /// Whether there is something to send and the other end does not read.
  var isBlocked = false
  var isMarked = false

  init(
    _ link: SimulatedLink, _ host: SimulatedHost, _ handle: PeerHandle,
    features: PeerFeatures, isV2: Bool, now: NIODeadline
  ) {
    self.link = link
    self.host = host
    self.handle = handle
    decoder = PeerMessageDecoder(features: features, isV2: isV2)
    lastArrival = now
  }

  /// The end that it is joined to.
  var other: LinkEnd { link.ends[link.ends[0] === self ? 1 : 0] }

  /// Nothing is sent or read here any more.
  func close() {
    isOpen = false
    output = PeerOutput()
    decoder = PeerMessageDecoder(features: [], isV2: false)
    inbox = []
    host.ends[handle] = nil
  }
}
