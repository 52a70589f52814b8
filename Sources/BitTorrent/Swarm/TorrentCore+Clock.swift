internal import NIOCore

// What only time brings about. Whatever makes transfers fast is done by events, not here.
extension TorrentCore {
  func tick() {
    book.isComplete = isComplete
    for peer in peers { look(after: peer) }
    metadata?.expire(askedBefore: now - Self.metadataTimeout, at: now)
    layerExchange?.expire(askedBefore: now - Self.metadataTimeout, at: now)
    for piece in leaves.expire(awaitedBefore: now - Self.leafTimeout) { askAnotherForLeaves(piece) }
    isMetadataWanted = metadata != nil
    areHashesWanted = layerExchange != nil
    if now >= choker.nextRound { areSlotsOpen = true }
    let value = { (handle: PeerHandle) in self.peers[handle].map(Self.worth) ?? 0 }
    for handle in book.turnover(at: now, isStarved: isStarved(), value: value) {
      if let peer = peers[handle] { disconnect(peer, .turnover) }
    }
    mayConnect = true
    askForPeers()
    if let strategy { strategy.tick(strategyFigures(), wishes: &wishes) }
  }

  // Whether nothing came for long that somebody could have given.
  private func isStarved() -> Bool {
    let isAsking = info == nil ? !isPaused : canAsk && !isComplete
    if !isAsking || now - downloadLimitedAt < Self.starvedAfter { lastGain = now }
    return now - max(lastGain, blameless) >= Self.starvedAfter
  }

  private func look(after peer: Peer) {
    peer.downloadRate = peer.pipeline.rate(at: now)
    peer.uploadRate = peer.uploadMeter.rate(at: now)
    let silence = now - max(peer.lastReceived, blameless)
    if silence >= configuration.silenceLimit, !isStorageFull {
      return disconnect(peer, .silent)
    }
    // What a strategy kept may go by now.
    if strategy != nil, isComplete { closeIfBothComplete(peer) }
    guard !peer.isGone else { return }
    if !peer.isInterested, !peer.amInterested, now - peer.lastUseful >= configuration.idleLimit {
      return disconnect(peer, .inactive)
    }
    checkRequests(of: peer)
    tellPeers(to: peer)
    showPieces(to: peer, afresh: true)
    if now - peer.lastSent >= configuration.keepAliveInterval { send(.keepAlive, to: peer) }
    // Who waits for a rate limit, or for a block that somebody has asked for in vain.
    if peer.amInterested || !peer.uploads.isEmpty { touch(peer) }
  }

  // Those whom neither side gains from go first.
  private static func worth(_ peer: Peer) -> Int {
    peer.downloadRate + peer.uploadRate + (peer.amInterested ? 1 : 0) + (peer.isInterested ? 1 : 0)
  }

  private func askForPeers() {
    guard !isPaused, now >= nextWantPeers, !isComplete || peers.isEmpty,
      peers.count < configuration.fewConnections, book.count - peers.count <= 0
    else { return }
    nextWantPeers = now + Self.wantPeersInterval
    actions.append(.wantPeers)
  }

  // Longer than it takes to find out that a peer does not answer.
  private static let starvedAfter: TimeAmount = .seconds(60)
  private static let metadataTimeout: TimeAmount = .seconds(5)
  // Long before a seller takes who waits for them for one who does not pay.
  private static let leafTimeout: TimeAmount = .seconds(2)
  private static let wantPeersInterval: TimeAmount = .seconds(60)
}
