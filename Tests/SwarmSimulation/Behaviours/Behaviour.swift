package import BitTorrent
package import NIOCore

/// What a host does otherwise than its core says: it stands between the core and the line.
///
/// A behaviour sees messages, never bytes of the wire, and has a host's life; it may keep state.
package protocol Behaviour: AnyObject {
  /// A message of its core to a peer: what goes out in its place, nil for nothing.
  func sends(_ message: PeerMessage, to peer: PeerHandle, _ seat: Seat) -> PeerMessage?
  /// A message from a peer: what its core hears, nil for nothing.
  func hears(_ message: PeerMessage, from peer: PeerHandle, _ seat: Seat) -> PeerMessage?
  /// A block that its core serves.
  func serves(_ block: BlockRequest, _ bytes: ByteBuffer, to peer: PeerHandle, _ seat: Seat)
    -> Service
  /// Half a second went by.
  func ticks(_ seat: Seat)
}

extension Behaviour {
  /// What the core says.
  package func sends(
    _ message: PeerMessage, to peer: PeerHandle, _ seat: Seat
  ) -> PeerMessage? { message }
  /// What the peer says.
  package func hears(
    _ message: PeerMessage, from peer: PeerHandle, _ seat: Seat
  ) -> PeerMessage? { message }
  /// The right bytes.
  package func serves(
    _ block: BlockRequest, _ bytes: ByteBuffer, to peer: PeerHandle, _ seat: Seat
  ) -> Service { .send(bytes) }
  /// Nothing.
  package func ticks(_ seat: Seat) {}
}

/// Messages go as they come: for a host that cheats elsewhere, and so is not counted as honest.
package final class Plain: Behaviour {
  /// A behaviour that changes nothing.
  package init() {}
}

/// What becomes of a block that is to be served.
package enum Service {
  /// These bytes go out.
  case send(ByteBuffer)
  /// These bytes go out after a while, and nothing before them.
  case sendLater(ByteBuffer, TimeAmount)
  /// Nothing goes out.
  case drop
}

/// What a behaviour can see and do.
package struct Seat {
  /// All of the swarm.
  package let swarm: SimulatedSwarm
  /// The host that misbehaves.
  package let host: SimulatedHost

  /// How many pieces the torrent has.
  package var pieceCount: Int { swarm.torrent.pieceCount }
  /// The open connections.
  package var peers: [PeerHandle] { host.handles }

  /// A number from `range`.
  package func random(in range: Range<Int>) -> Int { Int.random(in: range, using: &swarm.random) }

  /// Whether one of `count` equal chances comes.
  package func chance(oneIn count: Int) -> Bool { random(in: 0..<count) == 0 }

  /// Sends a message of its own.
  package func send(_ message: PeerMessage, to peer: PeerHandle) {
    swarm.put(message, on: peer, of: host)
  }
}
