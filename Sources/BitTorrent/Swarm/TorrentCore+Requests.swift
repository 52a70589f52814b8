internal import NIOCore

// Asking peers for blocks, and what becomes of what was asked.
extension TorrentCore {
  /// Whether blocks are asked for at all.
  var canAsk: Bool {
    info != nil && !isPaused && !isStorageFull && !isStorageFailed && !isContradictory
  }

  /// Asks for as many blocks as the peer has room for.
  func ask(_ peer: Peer) {
    guard canAsk, peer.amInterested, !peer.isChoking || !peer.allowedFast.isEmpty,
      peer.asksAgainAt <= now
    else { return }
    // A few at a time, so that a full pipeline does not go through the picker for every block.
    let room = peer.pipeline.room
    guard room > 0, peer.requests.isEmpty || room > peer.pipeline.depth / 16 else { return }
    let granted = claim(room * BlockRequest.blockLength, of: downloadLimits)
    let count = granted / BlockRequest.blockLength
    if count < room { downloadLimitedAt = now }
    picked.removeAll(keepingCapacity: true)
    if count > 0 { pick(count, for: peer) }
    var bytes = 0
    let wantsLeaves = peer.speaksV2 && strategy?.wantsLeaves(of: peer.handle) == true
    for block in picked {
      if wantsLeaves { askForLeaves(ofPiece: block.piece, peer) }
      bytes += block.length
      peer.requests.append(block, at: now)
      send(.request(block), to: peer)
      observe(.requested(block, of: peer.handle), peer)
    }
    peer.pipeline.asked(picked.count, at: now)
    refund(granted - bytes, to: downloadLimits)
  }

  private func pick(_ count: Int, for peer: Peer) {
    var options = PickOptions(count: count)
    options.downloadRate = peer.downloadRate
    if peer.isChoking { options.allowedOnly = peer.allowedFast }
    options.suggested = peer.suggested
    options.isIdle = peer.requests.isEmpty
    options.isSnubbed = peer.pipeline.isSnubbed
    var isBound = false
    if let strategy {
      let handle = peer.handle
      isBound = strategy.binds(handle)
      if strategy.valuesPieces { options.value = { strategy.value(of: $0, from: handle) } }
    }
    let isOnParole = smartBan.isOnParole(peer.handle)
    options.isExclusive = isBound || isOnParole
    picker.pick(
      for: peer.handle, having: peer.pieces, options, at: now, using: &random, into: &picked)
    // Liars may have begun all that is left, and keep it: then who is on parole may join in. A
    // bad block of theirs is found out all the same when the piece is right.
    guard picked.isEmpty, options.isIdle, isOnParole, !isBound,
      now - max(lastVerified, blameless) >= configuration.pieceTimeout
    else { return }
    options.isExclusive = false
    picker.pick(
      for: peer.handle, having: peer.pieces, options, at: now, using: &random, into: &picked)
  }

  // MARK: Answers

  /// A block came.
  func received(_ block: BlockRequest, _ data: ByteBuffer, from peer: Peer) {
    if peer.requests.remove(block) != nil {
      peer.pipeline.received(block.length, at: now)
    } else if let asked = peer.requests.matching(piece: block.piece, offset: block.offset) {
      return fault(.wrongBlockLength(asked), of: peer)
    } else if peer.forgiven > 0 {
      // It crossed our cancel, or comes after its time.
      peer.forgiven -= 1
    } else {
      wasted += Int64(block.length)
      return countUnrequested(from: peer)
    }
    peer.downloaded += block.length
    peer.lastUseful = now
    peer.rejects = 0
    downloadMeter.add(block.length, at: now)
    touch(peer)
    let outcome = picker.received(block, from: peer.handle)
    guard outcome.kind == .wanted else {
      wasted += Int64(block.length)
      observe(.duplicate(block, from: peer.handle), peer)
      if outcome.kind == .duplicate { cameAgain(block, data, from: peer) }
      return
    }
    lastGain = now
    actions.append(.store(block, data, from: peer.handle))
    for other in outcome.cancels { cancel(block, of: other) }
    observe(.received(block, from: peer.handle), peer)
  }

  private func cancel(_ block: BlockRequest, of handle: PeerHandle) {
    guard let peer = peers[handle], peer.requests.remove(block) != nil else { return }
    peer.pipeline.released(1)
    peer.forgiven += 1
    send(.cancel(block), to: peer)
    touch(peer)
    observe(.cancelled(block, of: handle), peer)
  }

  func choked(by peer: Peer) {
    guard !peer.isChoking else { return }
    peer.isChoking = true
    picker.letGo(peer.handle)
    // With the fast extension each request is rejected or served, whatever the choke (BEP 6).
    if !peer.isFast { giveUp(peer.requests.removeAll(), of: peer) }
    touch(peer)
  }

  func unchoked(by peer: Peer) {
    guard peer.isChoking else { return }
    peer.isChoking = false
    peer.pipeline.unchoked(at: now)
    peer.lastUseful = now
    touch(peer)
  }

  func rejected(_ block: BlockRequest, by peer: Peer) {
    guard peer.isFast else { return fault(.notNegotiated(id: 16), of: peer) }
    guard peer.requests.remove(block) != nil else {
      if peer.forgiven > 0 { peer.forgiven -= 1 } else { countUnrequested(from: peer) }
      return
    }
    peer.pipeline.released(1)
    picker.release(block, of: peer.handle)
    hasReleasedBlocks = true
    observe(.cancelled(block, of: peer.handle), peer)
    if peer.isChoking {
      peer.allowedFast.removeAll { $0 == block.piece }
    } else if peer.asksAgainAt <= now {
      // It lets us ask and then refuses: what it refuses now it would refuse again at once.
      peer.rejects = min(peer.rejects + 1, 7)
      peer.asksAgainAt = now + .milliseconds(250 << Int64(peer.rejects))
    }
  }

  /// A peer answered what nobody asked of it.
  func countUnrequested(from peer: Peer) {
    peer.unrequested += 1
    if peer.unrequested > Self.maximumUnrequested { fault(.unrequestedBlocks, of: peer) }
  }

  // MARK: Giving up

  /// Lets others have blocks that were taken out of the peer's requests; they may still come.
  func giveUp(_ blocks: [BlockRequest], of peer: Peer) {
    guard !blocks.isEmpty else { return }
    for block in blocks {
      picker.release(block, of: peer.handle)
      observe(.cancelled(block, of: peer.handle), peer)
    }
    peer.pipeline.released(blocks.count)
    peer.forgiven += blocks.count
    hasReleasedBlocks = true
  }

  /// Looks at how long the peer has owed us blocks.
  func checkRequests(of peer: Peer) {
    guard let oldest = peer.requests.oldest, now >= blameless, !isStorageFull else { return }
    if peer.pipeline.isOverdue(after: configuration.pieceTimeout, at: now),
      now - blameless >= configuration.pieceTimeout
    {
      return snub(peer)
    }
    let limit = configuration.requestTimeout
    guard now - oldest.sent >= limit, now - blameless >= limit else { return }
    let deadline = now - limit
    var late: [BlockRequest] = []
    while let entry = peer.requests.oldest, entry.sent <= deadline {
      _ = peer.requests.remove(entry.block)
      late.append(entry.block)
    }
    takeBack(late, of: peer)
  }

  // Nothing came for long: others get the blocks, and the peer one request at a time.
  private func snub(_ peer: Peer) {
    takeBack(peer.requests.removeAll(), of: peer)
    peer.pipeline.snub()
    areSlotsOpen = true
    touch(peer)
  }

  private func takeBack(_ blocks: [BlockRequest], of peer: Peer) {
    giveUp(blocks, of: peer)
    for block in blocks { send(.cancel(block), to: peer) }
  }

  private static let maximumUnrequested = 32
}

// MARK: - Rate limits

extension TorrentCore {
  /// Takes up to `bytes` of every limit; what one gives and another doesn't is given back.
  func claim(_ bytes: Int, of limits: [RateLimiter]) -> Int {
    var granted = bytes
    for limit in limits { granted = min(granted, limit.available(of: granted, at: now)) }
    for limit in limits { limit.spend(granted) }
    return granted
  }

  /// Gives back what was taken and not used.
  func refund(_ bytes: Int, to limits: [RateLimiter]) {
    guard bytes > 0 else { return }
    for limit in limits { limit.refund(bytes) }
  }
}
