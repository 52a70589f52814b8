// The account of blocks that are under way.
extension PiecePicker {
  /// A block came.
  ///
  /// It is wanted whether or not it was asked for, if it is missing, one whole block, and of a
  /// piece that is wanted or begun; a sender of what nobody asked for is for the caller to judge.
  package mutating func received(_ request: BlockRequest, from peer: PeerHandle) -> BlockOutcome {
    guard let block = lengths.block(of: request) else { return BlockOutcome(kind: .unexpected) }
    let piece = request.piece
    if have[piece] { return BlockOutcome(kind: .duplicate) }
    let slot: Int
    if let begun = partial.slot(of: piece) {
      slot = begun
    } else if wanted[piece] {
      slot = begin(piece, for: nil, isExclusive: false, speed: 0)
    } else {
      return BlockOutcome(kind: .unexpected)
    }
    let state = partial[slot, block]
    if state.isReceived { return BlockOutcome(kind: .duplicate) }
    var outcome = BlockOutcome(kind: .wanted)
    if let asked = state.peer, asked != peer { outcome.cancels.append(asked) }
    if !partial.duplicates.isEmpty {
      partial.duplicates.removeAll { duplicate in
        guard duplicate.slot == slot, duplicate.block == block else { return false }
        if duplicate.peer != peer { outcome.cancels.append(duplicate.peer) }
        return true
      }
    }
    partial.set(slot, block, to: .received(peer))
    outcome.completesPiece = partial.slots[slot].received == partial.slots[slot].blockCount
    return outcome
  }

  /// The peer won't send the block: it rejected it, or it timed out.
  ///
  /// Others may go on with the piece from now on.
  package mutating func release(_ request: BlockRequest, of peer: PeerHandle) {
    guard let block = lengths.block(of: request), let slot = partial.slot(of: request.piece) else {
      return
    }
    if !partial.duplicates.isEmpty {
      partial.duplicates.removeAll {
        $0.slot == slot && $0.block == block && $0.peer == peer
      }
    }
    guard partial[slot, block] == .requested(peer) else { return }
    release(slot, block, of: peer)
    if partial.slots[slot].owner == peer {
      letGo(slot, by: peer)
    } else if !partial.slots[slot].isTouched {
      abandon(slot)
    }
  }

  /// The peer goes on with no piece, though blocks that were asked of it may still come: it chokes
  /// us.
  package mutating func letGo(_ peer: PeerHandle) {
    for slot in partial.open + partial.full { letGo(slot, by: peer) }
  }

  /// The peer won't send any block: it choked us, or is gone.
  ///
  /// Its pieces are anybody's from now on.
  package mutating func releaseAll(of peer: PeerHandle) {
    if !partial.duplicates.isEmpty { partial.duplicates.removeAll { $0.peer == peer } }
    for slot in partial.open + partial.full {
      let free = partial.slots[slot].free
      for block in 0..<partial.slots[slot].blockCount { release(slot, block, of: peer) }
      if partial.slots[slot].owner == peer {
        letGo(slot, by: peer)
      } else if partial.slots[slot].free != free, !partial.slots[slot].isTouched {
        // A piece that another peer is bound to, and has not begun, stays with it.
        abandon(slot)
      }
    }
  }

  /// Whether this peer was asked for the block, and the block is not here.
  package func isRequested(_ request: BlockRequest, of peer: PeerHandle) -> Bool {
    guard let block = lengths.block(of: request), let slot = partial.slot(of: request.piece) else {
      return false
    }
    return partial[slot, block] == .requested(peer)
      || partial.duplicates.contains { $0.slot == slot && $0.block == block && $0.peer == peer }
  }

  // If the peer goes on with a piece, it does so no more.
  mutating func letGo(_ slot: Int, by peer: PeerHandle) {
    guard partial.slots[slot].owner == peer else { return }
    partial.setOwner(slot, nil, isExclusive: false, speed: partial.slots[slot].speed)
    if !partial.slots[slot].isTouched { abandon(slot) }
  }

  // The second peer that was asked takes the first one's place; else the block is free.
  private mutating func release(_ slot: Int, _ block: Int, of peer: PeerHandle) {
    guard partial[slot, block] == .requested(peer) else { return }
    let second = partial.duplicates.firstIndex { $0.slot == slot && $0.block == block }
    guard let second else {
      partial.set(slot, block, to: .free)
      return
    }
    partial.set(slot, block, to: .requested(partial.duplicates.remove(at: second).peer))
  }
}
