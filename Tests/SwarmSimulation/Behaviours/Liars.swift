package import BitTorrent
package import NIOCore

/// Some of the blocks that it sends are wrong.
package final class Corruptor: Behaviour {
  private let oneIn: Int

  /// One of `oneIn` blocks is wrong.
  package init(oneIn: Int) { self.oneIn = oneIn }

  package func serves(
    _ block: BlockRequest, _ bytes: ByteBuffer, to peer: PeerHandle, _ seat: Seat
  ) -> Service {
    guard seat.chance(oneIn: oneIn), bytes.readableBytes > 0 else { return .send(bytes) }
    var bytes = bytes
    let index = bytes.readerIndex + seat.random(in: 0..<bytes.readableBytes)
    let byte: UInt8 = bytes.getInteger(at: index) ?? 0
    bytes.setInteger(byte ^ UInt8(1 + seat.random(in: 0..<255)), at: index)
    return .send(bytes)
  }
}

/// It lets others ask and never answers.
package final class Mute: Behaviour {
  /// A mute host.
  package init() {}

  package func serves(
    _ block: BlockRequest, _ bytes: ByteBuffer, to peer: PeerHandle, _ seat: Seat
  ) -> Service { .drop }
}

/// It says that it has everything, and lets others ask in vain: it refuses, or is silent.
package final class Boaster: Behaviour {
  private let isSilent: Bool

  /// A boaster that refuses what it is asked for, or does not answer.
  package init(isSilent: Bool) { self.isSilent = isSilent }

  package func sends(
    _ message: PeerMessage, to peer: PeerHandle, _ seat: Seat
  ) -> PeerMessage? {
    switch message {
    case .haveNone, .bitfield: .haveAll
    case .have: nil
    default: message
    }
  }

  package func hears(
    _ message: PeerMessage, from peer: PeerHandle, _ seat: Seat
  ) -> PeerMessage? {
    if isSilent, case .request = message { return nil }
    return message
  }
}

/// It claims pieces one by one and takes the claims back, over and over, and does not serve.
package final class HaveFlooder: Behaviour {
  private let perTick: Int

  /// A flooder that sends `perTick` claims to each peer every half second.
  package init(perTick: Int = 200) { self.perTick = perTick }

  package func ticks(_ seat: Seat) {
    for peer in seat.peers {
      for _ in 0..<perTick {
        let piece = seat.random(in: 0..<seat.pieceCount)
        let claim =
          seat.chance(oneIn: 4)
          ? DontHave(piece: piece).message(id: ExtensionHandshake.LocalID.dontHave)
          : PeerMessage.have(piece: piece)
        seat.send(claim, to: peer)
      }
    }
  }
}

/// It asks for the same block over and over, allowed or not.
package final class RequestFlooder: Behaviour {
  /// A flooder.
  package init() {}

  package func hears(
    _ message: PeerMessage, from peer: PeerHandle, _ seat: Seat
  ) -> PeerMessage? {
    // Its core did not ask for what its flood asks for.
    switch message {
    case .reject, .piece: nil
    default: message
    }
  }

  package func ticks(_ seat: Seat) {
    let block = BlockRequest(piece: 0, offset: 0, length: BlockRequest.blockLength)
    for peer in seat.peers {
      for _ in 0..<500 { seat.send(.request(block), to: peer) }
    }
  }
}

/// It lets others ask, and chokes them as soon as they do: their requests are neither served nor
/// refused.
package final class ChokeGamer: Behaviour {
  private var teased: Set<PeerHandle> = []

  /// A gamer.
  package init() {}

  package func hears(
    _ message: PeerMessage, from peer: PeerHandle, _ seat: Seat
  ) -> PeerMessage? {
    guard case .request = message else { return message }
    if teased.insert(peer).inserted { seat.send(.choke, to: peer) }
    return nil
  }

  package func ticks(_ seat: Seat) {
    for peer in seat.peers where teased.remove(peer) != nil { seat.send(.unchoke, to: peer) }
  }
}

/// It serves a block at a time, each just before it would be given up.
package final class SlowWalker: Behaviour {
  private let pause: TimeAmount

  /// A host that thinks for `pause` before each block.
  package init(pause: TimeAmount = .seconds(17)) { self.pause = pause }

  package func serves(
    _ block: BlockRequest, _ bytes: ByteBuffer, to peer: PeerHandle, _ seat: Seat
  ) -> Service { .sendLater(bytes, pause) }
}

/// It sends blocks that nobody asked for, with bytes that are wrong.
package final class Pusher: Behaviour {
  /// A pusher.
  package init() {}

  package func ticks(_ seat: Seat) {
    for peer in seat.peers {
      let block = ByteBuffer(repeating: 0x2a, count: BlockRequest.blockLength)
      seat.send(
        .piece(piece: seat.random(in: 0..<seat.pieceCount), offset: 0, data: block), to: peer)
    }
  }
}

/// It takes and never gives: nobody may ask it.
package final class FreeRider: Behaviour {
  /// A free rider.
  package init() {}

  package func sends(
    _ message: PeerMessage, to peer: PeerHandle, _ seat: Seat
  ) -> PeerMessage? { message == .unchoke ? nil : message }
}

/// It refuses every request while it lets others ask.
package final class Refuser: Behaviour {
  /// A refuser.
  package init() {}

  package func hears(
    _ message: PeerMessage, from peer: PeerHandle, _ seat: Seat
  ) -> PeerMessage? {
    guard case .request(let block) = message else { return message }
    seat.send(.reject(block), to: peer)
    return nil
  }
}
