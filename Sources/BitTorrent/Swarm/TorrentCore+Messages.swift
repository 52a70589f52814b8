internal import NIOCore

// What a peer's message changes. Indices are checked here: the decoder does not know the torrent.
extension TorrentCore {
  func receive(_ message: PeerMessage, from peer: Peer) {
    switch message {
    case .piece(let piece, let offset, let data):
      received(
        BlockRequest(piece: piece, offset: offset, length: data.readableBytes), data, from: peer)
    case .request(let block): requested(block, by: peer)
    case .have(let piece): gained(piece, by: peer)
    case .bitfield(let bits): told(bits, by: peer)
    case .haveAll: toldAll(by: peer)
    case .haveNone: toldNone(by: peer)
    case .choke: choked(by: peer)
    case .unchoke: unchoked(by: peer)
    case .interested: becameInterested(peer)
    case .notInterested: lostInterest(peer)
    case .cancel(let block): cancelled(block, by: peer)
    case .reject(let block): rejected(block, by: peer)
    case .suggest(let piece): suggested(piece, by: peer)
    case .allowedFast(let piece): allowedFast(piece, by: peer)
    case .extended(let id, let payload): extended(id, payload, from: peer)
    case .hashRequest(let request): hashesRequested(request, by: peer)
    case .hashes(let request, let hashes): hashesArrived(request, hashes, from: peer)
    case .hashReject(let request): hashesRejected(request, by: peer)
    case .keepAlive, .port: break
    }
  }

  // MARK: What it has

  private func gained(_ piece: Int, by peer: Peer) {
    peer.hasToldPieces = true
    guard info != nil else {
      guard peer.unknownPieces.insert(piece) else { return fault(.noSuchPiece(piece), of: peer) }
      return learnedUnknown(of: peer)
    }
    guard piece >= 0, piece < peer.pieces.bitCount else {
      return fault(.noSuchPiece(piece), of: peer)
    }
    guard peer.pieces.insert(piece) else { return }
    picker.peerGained(piece)
    superSeedGained(piece, by: peer)
    if picker.wanted[piece] {
      peer.interesting += 1
      updateInterest(in: peer)
      touch(peer)
    }
    if peer.isSeed { closeIfBothComplete(peer) }
  }

  private func told(_ bits: ByteBuffer, by peer: Peer) {
    let isLate = peer.hasToldPieces
    peer.hasToldPieces = true
    guard info != nil else {
      if !peer.hasToldAll { peer.unknownPieces.set(bits) }
      return learnedUnknown(of: peer)
    }
    guard let pieces = try? Bitfield(wire: bits.readableBytesView, bitCount: picker.have.bitCount)
    else { return fault(.invalidBitfield, of: peer) }
    // A late one stands for many haves, and takes nothing back: requests may rest on it.
    guard isLate else { return learn(pieces, of: peer) }
    pieces.forEachSet { gained($0, by: peer) }
  }

  private func toldAll(by peer: Peer) {
    // Once a peer: it is dear to take in, and has five bytes.
    guard !peer.hasToldAll else { return fault(.outOfTurn(id: 14), of: peer) }
    (peer.hasToldPieces, peer.hasToldAll) = (true, true)
    guard info != nil else {
      peer.unknownPieces.setAll()
      return updateInterest(in: peer)
    }
    learn(Bitfield(bitCount: picker.have.bitCount, filled: true), of: peer)
  }

  private func toldNone(by peer: Peer) {
    guard !peer.hasToldPieces else { return fault(.outOfTurn(id: 15), of: peer) }
    peer.hasToldPieces = true
    if info != nil { grantFast(to: peer) }
    showPieces(to: peer)
  }

  /// Takes in what a peer has, once both it and the torrent's info are known.
  func learn(_ pieces: Bitfield, of peer: Peer) {
    picker.peerLeft(peer.handle, having: peer.pieces)
    peer.pieces = pieces
    picker.peerArrived(peer.handle, having: pieces)
    peer.interesting = pieces.commonCount(with: picker.wanted)
    updateInterest(in: peer)
    areHashesWanted = areHashesWanted || layerExchange != nil
    touch(peer)
    grantFast(to: peer)
    // What it had already it will never tell that it got.
    peer.shown?.close { pieces[$0.piece] }
    showPieces(to: peer)
    closeIfBothComplete(peer)
  }

  /// A peer gave a piece up (BEP 54).
  func lost(_ piece: Int, by peer: Peer) {
    guard info != nil else {
      if !peer.unknownPieces.remove(piece) { fault(.noSuchPiece(piece), of: peer) }
      return
    }
    guard piece >= 0, piece < peer.pieces.bitCount else {
      return fault(.noSuchPiece(piece), of: peer)
    }
    guard peer.pieces.remove(piece) else { return }
    picker.peerLost(piece, peer.handle)
    let gone = peer.requests.removeAll { $0.piece == piece }
    giveUp(gone, of: peer)
    if picker.wanted[piece] {
      peer.interesting -= 1
      updateInterest(in: peer)
    }
  }

  // All that peers said before the info is known stays within one bound.
  private func learnedUnknown(of peer: Peer) {
    let total = peers.reduce(0) { $0 + $1.unknownPieces.byteCount }
    guard total <= configuration.maximumUnknownBytes else { return disconnect(peer, .noRoom) }
    updateInterest(in: peer)
  }

  // MARK: Interest

  /// Tells the peer whether we want to ask it, if that changed.
  func updateInterest(in peer: Peer) {
    let isInterested = !isContradictory && (peer.interesting > 0 || wantsUnknown(of: peer))
    guard isInterested != peer.amInterested else { return }
    peer.amInterested = isInterested
    peer.lastUseful = now
    send(isInterested ? .interested : .notInterested, to: peer)
  }

  // Before we know what is to be fetched we ask for the right to fetch it: it saves a round trip.
  private func wantsUnknown(of peer: Peer) -> Bool {
    if info == nil { return peer.unknownPieces.namesAny }
    return isWithholding && !peer.pieces.isEmpty
  }

  private func becameInterested(_ peer: Peer) {
    guard !peer.isInterested else { return }
    peer.isInterested = true
    peer.lastUseful = now
    areSlotsOpen = true
  }

  private func lostInterest(_ peer: Peer) {
    guard peer.isInterested else { return }
    peer.isInterested = false
    peer.lastUseful = now
    areSlotsOpen = true
    closeIfBothComplete(peer)
  }

  // MARK: Its hints

  private func suggested(_ piece: Int, by peer: Peer) {
    guard info != nil else { return }
    guard piece >= 0, piece < peer.pieces.bitCount else {
      return fault(.noSuchPiece(piece), of: peer)
    }
    peer.suggested.removeAll { $0 == piece }
    if peer.suggested.count >= Self.maximumSuggested { peer.suggested.removeFirst() }
    peer.suggested.append(piece)
  }

  private func allowedFast(_ piece: Int, by peer: Peer) {
    guard piece >= 0, piece < UnknownPieces.maximumPieceCount else {
      return fault(.noSuchPiece(piece), of: peer)
    }
    // The set may come before the info is known; what is beyond the torrent is never picked.
    guard peer.allowedFast.count < Self.maximumAllowedFast, !peer.allowedFast.contains(piece)
    else { return }
    peer.allowedFast.append(piece)
    touch(peer)
  }

  private static let maximumSuggested = 16
  private static let maximumAllowedFast = 64
}
