internal import NIOCore

// Whom to be connected with.
extension TorrentCore {
  // MARK: Addresses

  func found(_ addresses: [PeerAddress], by source: PeerSource) {
    if book.add(addresses, from: source, at: now) > 0 { mayConnect = true }
  }

  func connectFailed(_ address: PeerAddress) {
    book.connectFailed(address, at: now)
    mayConnect = true
  }

  /// Dials as many as there is room for.
  func connect() {
    mayConnect = false
    guard !isPaused else { return }
    while let address = book.nextToDial(at: now) { actions.append(.connect(address)) }
  }

  // MARK: A connection's beginning

  func connected(_ handle: PeerHandle, _ introduction: PeerIntroduction) {
    guard peers[handle] == nil else { return }
    switch book.opened(handle, introduction, ownID: configuration.peerID, at: now) {
    case .refuse(let reason):
      actions.append(.disconnect(handle, reason))
      mayConnect = true
      return
    case .replace(let twin):
      if let twin = peers[twin] { disconnect(twin, .duplicate) }
    case .admit: break
    }
    // What waits to be told is in what the new peer is told first.
    tellFreshPieces()
    let peer = Peer(handle: handle, introduction: introduction, now: now)
    peers.insert(peer)
    guard !isPaused else { return disconnect(peer, .paused) }
    if info != nil { peer.pieces = Bitfield(bitCount: picker.have.bitCount) }
    if isSuperSeeding { peer.shown = ShownPieces(pieceCount: picker.have.bitCount, at: now) }
    strategy?.connected(handle, introduction)
    tellPieces(to: peer)
    sendExtensions(to: peer)
    if introduction.features.contains(.dht), let port = configuration.nodePort {
      send(.port(port), to: peer)
    }
    // One that has nothing and may not say so keeps some waiting for the rest of the handshake:
    // rtorrent names it to nobody until it hears more, which without this is a keep-alive's time.
    if !peer.isFast, piecesShown(to: peer).isEmpty { send(.keepAlive, to: peer) }
    touch(peer)
  }

  // The first message says what we have; it must come before all others.
  private func tellPieces(to peer: Peer) {
    let have = piecesShown(to: peer)
    if peer.isFast, have.bitCount > 0, have.isFull {
      send(.haveAll, to: peer)
    } else if have.isEmpty {
      if peer.isFast { send(.haveNone, to: peer) }
    } else {
      send(.bitfield(ByteBuffer(bytes: have.wireBytes)), to: peer)
    }
  }

  private func piecesShown(to peer: Peer) -> Bitfield { peer.shown?.pieces ?? picker.have }

  // MARK: Its end

  /// The connection ended, by the peer or by the network.
  func closed(_ peer: Peer) { remove(peer, reason: nil) }

  /// Ends a connection; it is gone for the core from now on.
  func disconnect(_ peer: Peer, _ reason: PeerCloseReason) {
    guard !peer.isGone else { return }
    actions.append(.disconnect(peer.handle, reason))
    remove(peer, reason: reason)
    guard case .fault(let fault) = reason, fault.isBannable else { return }
    for twin in book.ban(peer.introduction.address) {
      if let twin = peers[twin] { disconnect(twin, .banned) }
    }
  }

  private func remove(_ peer: Peer, reason: PeerCloseReason?) {
    guard !peer.isGone else { return }
    peer.isGone = true
    _ = peers.remove(peer.handle)
    picker.releaseAll(of: peer.handle)
    picker.peerLeft(peer.handle, having: peer.pieces)
    metadata?.left(peer.handle)
    layerExchange?.left(peer.handle)
    smartBan.peerLeft(peer.handle)
    copies.peerLeft(peer.handle)
    if peer.isSeed { book.markSeed(peer.introduction.address) }
    book.closed(
      peer.handle, wasUseful: peer.downloaded > 0 || peer.uploaded > 0, reason: reason, at: now)
    strategy?.disconnected(peer.handle)
    for piece in leaves.left(peer.handle) { askAnotherForLeaves(piece) }
    hasReleasedBlocks = hasReleasedBlocks || !peer.requests.isEmpty
    isMetadataWanted = isMetadataWanted || metadata != nil
    areHashesWanted = areHashesWanted || layerExchange != nil
    areSlotsOpen = true
    mayConnect = true
  }
}
