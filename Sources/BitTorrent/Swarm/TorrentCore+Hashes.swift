internal import Metainfo
internal import NIOCore
internal import Primitives

// Hashes of v2 trees (BEP 52): fetching the piece layers that a magnet link lacks, giving ours.
extension TorrentCore {
  /// Asks peers for layers that are missing.
  func askForHashes() {
    areHashesWanted = false
    guard layerExchange != nil, !isPaused else { return }
    for peer in peers where peer.speaksV2 && !peer.pieces.isEmpty {
      guard layerExchange?.hasMore == true else { return }
      while let request = layerExchange?.next(for: peer.handle, at: now) {
        send(.hashRequest(request), to: peer)
      }
    }
  }

  func hashesArrived(_ request: HashRequest, _ hashes: ByteBuffer, from peer: Peer) {
    if let ask = leaves.answered(request, by: peer.handle) {
      guard let blocks = ask.leaves(in: hashes) else {
        fault(.badHashes, of: peer)
        return askAnotherForLeaves(ask.piece)
      }
      guard leaves.known(ask.piece, blockCount: blocks.count / 32) else { return }
      tellOfLeaves(ask.piece)
      return actions.append(.leavesArrived(piece: ask.piece, leaves: blocks))
    }
    switch layerExchange?.received(request, hashes, from: peer.handle) ?? .unexpected {
    case .unexpected: countUnrequested(from: peer)
    case .wrong: fault(.badHashes, of: peer)
    case .incomplete: areHashesWanted = true
    case .complete(let layer):
      peer.lastUseful = now
      complete(layer, root: request.piecesRoot)
    }
  }

  func hashesRejected(_ request: HashRequest, by peer: Peer) {
    if let ask = leaves.answered(request, by: peer.handle) {
      return askAnotherForLeaves(ask.piece)
    }
    if layerExchange?.rejected(request, by: peer.handle, at: now) == true { areHashesWanted = true }
  }

  private func complete(_ layer: [UInt8], root: Hash256) {
    guard let info, (try? layers.insert(layer, root: root, of: info)) != nil else { return }
    actions.append(.pieceLayerArrived(root: root, hashes: layer))
    for file in layerExchange?.files[root] ?? [] {
      for piece in info.layout.pieces(of: info.files[file]) {
        picker.setPriority(userPriority(of: piece), of: piece)
      }
    }
    if layerExchange?.isFinished == true { layerExchange = nil }
    areHashesWanted = layerExchange != nil
    isWantedStale = true
  }

  /// Withholds the pieces that nothing here could verify yet.
  func withholdUnverifiable() {
    guard let info, !info.hasV1, let layerExchange else { return }
    for files in layerExchange.files.values {
      for file in files {
        for piece in info.layout.pieces(of: info.files[file]) { picker.setPriority(0, of: piece) }
      }
    }
  }

  // MARK: Leaves

  /// Asks a peer for the leaves of a piece, unless they are here or somebody else was asked.
  func askForLeaves(ofPiece piece: Int, _ peer: Peer) {
    guard let info, leaves.mayAsk(piece, of: peer.handle) else { return }
    if let request = leaves.ask(piece, of: info, layers, peer: peer.handle, at: now) {
      send(.hashRequest(request), to: peer)
    }
    tellOfLeaves(piece)
  }

  /// Who was asked for a piece's leaves will not give them, or not soon: another is asked, best one
  /// that is asked for such blocks too.
  func askAnotherForLeaves(_ piece: Int) {
    guard leaves.areMissed(piece) else { return }
    var other: Peer?
    for peer in peers where peer.speaksV2 && piece < peer.pieces.bitCount && peer.pieces[piece] {
      guard leaves.mayAsk(piece, of: peer.handle) else { continue }
      other = other ?? peer
      guard strategy?.wantsLeaves(of: peer.handle) == true else { continue }
      other = peer
      break
    }
    guard let other else { return tellOfLeaves(piece) }
    askForLeaves(ofPiece: piece, other)
  }

  /// A piece is whole, or begins anew.
  func leavesEnded(_ piece: Int) {
    if leaves.ended(piece) { tellOfLeaves(piece) }
  }

  private func tellOfLeaves(_ piece: Int) {
    strategy?.leavesChanged(ofPiece: piece, areComing: leaves.areComing(piece))
  }

  // MARK: Giving

  /// A peer asks for hashes, which the session has; how much work that makes is bounded here.
  func hashesRequested(_ request: HashRequest, by peer: Peer) {
    renewService(of: peer)
    // Leaves are not kept: however few are wanted, all blocks of their piece are read and hashed.
    let blocks = (info?.layout.pieceLength ?? 0) / BlockRequest.blockLength
    let cost =
      request.baseLayer == 0 || 1 << min(request.baseLayer, 32) < blocks
      ? max(request.length, blocks, 1) : 1
    guard info?.hasV2 == true, !isPaused, request.length <= MerkleRange.lengthLimit,
      peer.hashesServed + cost <= Self.hashesPerMinute
    else {
      peer.refused += 1
      guard peer.refused <= configuration.requestQueueLimit else {
        return fault(.flood, of: peer)
      }
      return send(.hashReject(request), to: peer)
    }
    peer.hashesServed += cost
    peer.lastSent = now
    actions.append(.answerHashes(peer.handle, request))
  }

  /// Begins a new account of what the peer is served beside blocks, each minute.
  func renewService(of peer: Peer) {
    let minute = Int(clamping: (now - peer.connectedAt).nanoseconds / 60_000_000_000)
    guard minute != peer.minuteOfService else { return }
    peer.minuteOfService = minute
    peer.hashesServed = 0
    peer.metadataServed = 0
  }

  // In a minute, counted in blocks to be read and hashed, or layers to be looked up.
  private static let hashesPerMinute = 8_192
}
