internal import Metainfo
internal import NIOCore

// Serving peers. Every request is served or refused; none is forgotten.
extension TorrentCore {
  /// A peer asks for a block.
  func requested(_ block: BlockRequest, by peer: Peer) {
    peer.requested += 1
    guard let layout = info?.layout else { return refuse(block, of: peer) }
    guard block.piece >= 0, block.piece < layout.pieceCount, block.offset >= 0,
      (1...BlockRequest.blockLength).contains(block.length),
      block.offset <= layout.length(ofPiece: block.piece) - block.length
    else { return fault(.invalidRequest(block), of: peer) }
    guard !isPaused, picker.have[block.piece], isShown(block.piece, to: peer) else {
      return refuse(block, of: peer)
    }
    guard !peer.amChoking || takeGrant(for: block, of: peer) else {
      return refuseChoked(block, of: peer)
    }
    // Without the fast extension nothing can be refused singly, so more is kept.
    let limit = configuration.requestQueueLimit * (peer.isFast ? 1 : Self.unrefusableFactor)
    guard peer.uploads.count < limit else {
      return peer.isFast ? refuse(block, of: peer) : fault(.requestFlood, of: peer)
    }
    admit(block, of: peer)
    touch(peer)
  }

  private func admit(_ block: BlockRequest, of peer: Peer) {
    switch strategy?.admit(block, from: peer.handle) ?? .serve() {
    case .serve(let precedence): peer.uploads.append(block, precedence: precedence)
    case .hold: peer.uploads.hold(block)
    case .reject: refuse(block, of: peer)
    }
  }

  /// Asks the strategy again about what it held back.
  func reconsider(_ peer: Peer) {
    for block in peer.uploads.takeHeld() { admit(block, of: peer) }
    touch(peer)
  }

  /// A peer takes a request back.
  func cancelled(_ block: BlockRequest, by peer: Peer) {
    // Looking for a request costs more than naming one, so nobody may look for more than it made.
    peer.cancels += 1
    guard peer.cancels <= peer.requested + Self.maximumFutileCancels else {
      return fault(.flood, of: peer)
    }
    guard peer.uploads.cancel(block) else { return }
    observe(.dropped(block, of: peer.handle), peer)
    if peer.isFast { send(.reject(block), to: peer) }
  }

  // MARK: Serving

  /// Hands as many requests to the session as the peer's window and the limits allow.
  func serve(_ peer: Peer) {
    guard !peer.uploads.isEmpty, !isPaused else { return }
    var batch: [BlockRequest] = []
    let weight = min(max(peer.weight, 1), Self.maximumWeight)
    let window = configuration.uploadWindow * weight
    // Under a limit all get their turn before anybody gets a second one.
    let isLimited = uploadLimits.contains { $0.rate != nil }
    let most = isLimited ? Self.turnUnderLimit * weight : Int.max
    while peer.uploads.bytesInFlight < window, batch.count < most,
      let length = peer.uploads.nextLength
    {
      guard !isLimited || claimWhole(length) else { break }
      if let block = peer.uploads.next() { batch.append(block) }
    }
    guard !batch.isEmpty else { return }
    peer.lastSent = now
    actions.append(.upload(peer.handle, batch))
  }

  /// Takes so much of the upload rate, or nothing.
  func claimWhole(_ length: Int) -> Bool {
    let granted = claim(length, of: uploadLimits)
    guard granted < length else { return true }
    refund(granted, to: uploadLimits)
    return false
  }

  /// A block went to the peer's socket.
  func uploaded(_ block: BlockRequest, to peer: Peer) {
    peer.uploads.finished(block)
    peer.uploaded += block.length
    peer.uploadMeter.add(block.length, at: now)
    peer.lastUseful = now
    peer.refused = max(0, peer.refused - 1)
    // Who fetches blocks may have their leaves too.
    peer.hashesServed = max(0, peer.hashesServed - 1)
    uploadMeter.add(block.length, at: now)
    if !unreadable.isEmpty { unreadable[block.piece] = nil }
    superSeedSent(block, to: peer)
    touch(peer)
    observe(.sent(block, to: peer.handle), peer)
  }

  /// A block could not be read.
  ///
  /// A disk may be in trouble for a moment, or files on the move: only a piece that fails again and
  /// again is one that we don't have any more.
  func uploadFailed(_ block: BlockRequest, to peer: Peer) {
    peer.uploads.finished(block)
    observe(.dropped(block, of: peer.handle), peer)
    refuse(block, of: peer)
    touch(peer)
    var failures = unreadable[block.piece] ?? ReadFailures(count: 0, since: now)
    failures.count += 1
    if failures.count >= Self.readFailuresOfLost, now - failures.since >= Self.timeOfLost {
      unreadable[block.piece] = nil
      lose(block.piece)
    } else {
      unreadable[block.piece] = failures
    }
  }

  // MARK: Refusing

  private func refuseChoked(_ block: BlockRequest, of peer: Peer) {
    // What was on its way when we choked is no offence, as long as it is no more than it may be.
    let isCrossing = now - peer.chokedAt < Self.crossingTime
    peer.refusedChoked += 1
    let limit = Self.maximumChoked + (isCrossing ? configuration.requestQueueLimit : 0)
    if peer.refusedChoked > limit { return fault(.requestFlood, of: peer) }
    // Without the fast extension the choke has said it already.
    if peer.isFast { send(.reject(block), to: peer) }
  }

  /// Tells a peer that a request is not served.
  func refuse(_ block: BlockRequest, of peer: Peer) {
    peer.refused += 1
    guard peer.refused <= configuration.requestQueueLimit + Self.maximumChoked else {
      return fault(.requestFlood, of: peer)
    }
    if peer.isFast {
      send(.reject(block), to: peer)
    } else if !peer.amChoking {
      // A choke is the only refusal that the old protocol knows; it ends all requests.
      for block in peer.uploads.removeAll() { observe(.dropped(block, of: peer.handle), peer) }
      send(.choke, to: peer)
      send(.unchoke, to: peer)
    }
  }

  // MARK: Choking

  /// Takes the peer's right to ask; what it asked for and was not promised is refused.
  func choke(_ peer: Peer) {
    guard !peer.amChoking else { return }
    peer.amChoking = true
    peer.chokedAt = now
    send(.choke, to: peer)
    let refused = peer.uploads.removeAll { block in
      !peer.grants.contains { $0.piece == block.piece }
    }
    for block in refused {
      observe(.dropped(block, of: peer.handle), peer)
      if peer.isFast { send(.reject(block), to: peer) }
    }
  }

  /// Lets the peer ask.
  func unchoke(_ peer: Peer) {
    guard peer.amChoking else { return }
    peer.amChoking = false
    peer.refusedChoked = 0
    peer.lastUseful = now
    send(.unchoke, to: peer)
    touch(peer)
  }

  // MARK: Allowed fast

  /// Tells a peer that has little which pieces it may ask for while choked (BEP 6).
  func grantFast(to peer: Peer) {
    guard let layout = info?.layout, peer.isFast, !peer.hasGrants, peer.amChoking,
      peer.shown == nil,
      peer.pieces.setCount < AllowedFastSet.defaultCount, !picker.have.isEmpty
    else { return }
    peer.hasGrants = true
    let pieces = AllowedFastSet.pieces(
      for: peer.introduction.address, infoHash: peer.introduction.infoHash,
      pieceCount: layout.pieceCount)
    for piece in pieces where picker.have[piece] && !peer.pieces[piece] {
      let blocks = max(layout.blockCount(ofPiece: piece), 1)
      peer.grants.append(
        AllowedFastGrant(piece: piece, blocksLeft: blocks * Self.servingsOfGrants))
      send(.allowedFast(piece: piece), to: peer)
    }
  }

  private func takeGrant(for block: BlockRequest, of peer: Peer) -> Bool {
    guard let index = peer.grants.firstIndex(where: { $0.piece == block.piece }),
      peer.grants[index].blocksLeft > 0
    else { return false }
    peer.grants[index].blocksLeft -= 1
    return true
  }

  private static let unrefusableFactor = 8
  private static let maximumChoked = 300
  private static let crossingTime: TimeAmount = .seconds(10)
  private static let servingsOfGrants = 3
  private static let maximumWeight = 8
  private static let turnUnderLimit = 4
  private static let readFailuresOfLost = 3
  private static let timeOfLost: TimeAmount = .seconds(10)
  private static let maximumFutileCancels = 1_000
}

/// How often a piece could not be read, since it last could.
struct ReadFailures {
  var count: Int
  var since: NIODeadline
}
