internal import NIOCore

// Who may ask us.
extension TorrentCore {
  /// Gives slots that are free, and when a round is over, or if `anew`, all of them anew.
  func giveSlots(anew: Bool = false) {
    areSlotsOpen = false
    guard info != nil, !isPaused else { return }
    let pieceCount = max(picker.have.bitCount, 1)
    let candidates = peers.map { peer in
      var candidate = UploadCandidate(peer: peer.handle)
      candidate.isInterested = peer.isInterested
      candidate.isSnubbing = peer.pipeline.isSnubbed
      candidate.downloaded = peer.downloaded
      candidate.uploaded = peer.uploaded
      candidate.progress = peer.pieces.setCount * 1_000 / pieceCount
      candidate.rank = strategy?.rank(of: peer.handle, figures: peer.figures)
      peer.weight = candidate.rank?.weight ?? 1
      return candidate
    }
    slotChanges.removeAll(keepingCapacity: true)
    choker.update(
      candidates, isSeeding: isComplete, anew: anew, at: now, using: &random, into: &slotChanges)
    for change in slotChanges {
      guard let peer = peers[change.peer] else { continue }
      if change.isUnchoked { unchoke(peer) } else { choke(peer) }
    }
  }
}
