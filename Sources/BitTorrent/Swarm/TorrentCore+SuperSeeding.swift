internal import Metainfo
internal import NIOCore

// Super seeding (BEP 16): a seed that is alone shows each peer other pieces, so that they get the
// first copy of all out of it with little more than that sent.
extension TorrentCore {
  /// Whether peers that come now are shown single pieces instead of all.
  var isSuperSeeding: Bool { configuration.superSeeding && isComplete }

  /// Whether a peer may ask for a piece that is here.
  func isShown(_ piece: Int, to peer: Peer) -> Bool { peer.shown?.pieces[piece] ?? true }

  /// A peer that is shown single pieces told that it has one.
  func superSeedGained(_ piece: Int, by peer: Peer) {
    guard isSuperSeeding else { return }
    peer.shown?.taken(piece, at: now)
    for other in peers where other.shown?.open.contains(where: { $0.piece == piece }) == true {
      showPieces(to: other)
    }
    showPieces(to: peer)
  }

  /// Shows a peer all that is here, as super seeding is over.
  func showAll(to peer: Peer) {
    guard let shown = peer.shown else { return }
    peer.shown = nil
    picker.have.forEachSet { piece in
      if !shown.pieces[piece], !peer.pieces[piece] { send(.have(piece: piece), to: peer) }
    }
  }

  /// Shows a peer further pieces, as far as those shown before are seen elsewhere.
  ///
  /// Nothing that a peer does makes another piece fit to be shown, only time and those who leave:
  /// where a search found none, the next one waits until `afresh`, at the next tick.
  func showPieces(to peer: Peer, afresh: Bool = false) {
    // With the fast extension every peer says what it has, be it nothing.
    guard isSuperSeeding, var shown = peer.shown, peer.hasToldPieces || !peer.isFast else {
      return
    }
    if afresh { shown.isExhausted = false }
    shown.close { offer in
      var someLack = false
      for other in peers where other !== peer && other.pieces.bitCount > 0 && !other.isSeed {
        if other.pieces[offer.piece] { return true }
        someLack = true
      }
      // Nobody else could show that it has it: then having it must do.
      guard let takenAt = offer.takenAt else { return false }
      return !someLack || now - takenAt >= ShownPieces.patience
    }
    while shown.hasRoom, !shown.isExhausted {
      guard let piece = nextToShow(to: peer, shown) else {
        shown.isExhausted = true
        break
      }
      shown.show(
        piece, length: info?.layout.dataLength(ofPiece: piece) ?? 0, at: now,
        isLeftToOthers: isLeftToOthers(piece))
      timesShown[piece] += 1
      send(.have(piece: piece), to: peer)
    }
    peer.shown = shown
  }

  /// A peer that is shown single pieces was sent a block.
  func superSeedSent(_ block: BlockRequest, to peer: Peer) {
    guard peer.shown != nil else { return }
    peer.shown?.sent(block.length, of: block.piece, at: now)
    showPieces(to: peer)
  }

  // Whether a piece went out from here and came to somebody. What others only claim to have, and
  // never had from us, is shown all the same: else one liar would starve everybody.
  private func isLeftToOthers(_ piece: Int) -> Bool {
    timesShown[piece] > 0 && picker.availability(of: piece) > 0
  }

  // The piece that was shown least of those not left to others; where several are alike, chance
  // decides. What others have is left to them for a while.
  private func nextToShow(to peer: Peer, _ shown: ShownPieces) -> Int? {
    let count = picker.have.bitCount
    if timesShown.count != count { timesShown = [Int](repeating: 0, count: count) }
    guard count > 0 else { return nil }
    let isImpatient = shown.isImpatient(at: now)
    let start = Int.random(in: 0..<count, using: &random)
    var best: (piece: Int, copies: Int)?
    for offset in 0..<count {
      let piece = (start + offset) % count
      guard picker.have[piece], !shown.pieces[piece], !peer.pieces[piece] else { continue }
      guard isImpatient || !isLeftToOthers(piece) else { continue }
      let copies = timesShown[piece] + picker.availability(of: piece)
      if best.map({ copies < $0.copies }) ?? true { best = (piece, copies) }
      if copies == 0 { break }
    }
    return best?.piece
  }
}
