internal import Metainfo
internal import NIOCore

// What the storage found out about pieces, and about itself.
extension TorrentCore {
  func handle(_ event: StorageEvent) {
    switch event {
    case .pieceVerified(let piece): verified(piece)
    case .pieceFailed(let piece, let digests, let badBlocks):
      pieceFailed(piece, digests: digests, badBlocks: badBlocks)
    case .pieceLost(let piece):
      pieceLost(piece)
    case .pieceDigests(let piece, let digests):
      punish(smartBan.pieceRight(piece, digests: digests), piece: piece)
    case .full:
      isStorageFull = true
      storageFullAt = now
    case .relieved:
      isStorageFull = false
      storageFullAt = now
      resumeAsking()
    case .failed: isStorageFailed = true
    case .recovered:
      isStorageFailed = false
      resumeAsking()
    }
  }

  private func verified(_ piece: Int) {
    guard piece >= 0, piece < picker.have.bitCount, !picker.have[piece] else { return }
    let senders = picker.senders(of: piece)
    let wasWanted = picker.wanted[piece]
    picker.pieceVerified(piece)
    countedBytes = nil
    lastVerified = now
    smartBan.pieceVerified(piece, senders: senders)
    freshPieces.append(piece)
    for peer in peers where wasWanted && peer.pieces[piece] {
      peer.interesting -= 1
      updateInterest(in: peer)
    }
    credit(piece, senders, isRight: true)
    checkCompletion()
  }

  private func pieceFailed(_ piece: Int, digests: [BlockDigest], badBlocks: [Int]) {
    guard piece >= 0, piece < picker.have.bitCount, !picker.have[piece] else { return }
    let senders = picker.senders(of: piece)
    // All of it is fetched anew: the storage keeps nothing of a piece that failed.
    picker.pieceFailed(piece, badBlocks: [])
    actions.append(.discard(piece: piece))
    hasReleasedBlocks = true
    // Without a digest it was the disk that lost the piece, and nobody lied.
    guard !digests.isEmpty || !badBlocks.isEmpty else { return }
    failed += Int64(info?.layout.dataLength(ofPiece: piece) ?? 0)
    credit(piece, senders, isRight: false)
    let verdict = smartBan.pieceFailed(
      piece, senders: senders, digests: digests, badBlocks: badBlocks)
    punish(verdict, piece: piece)
  }

  /// Blocks that were written are gone from the disk: the piece is fetched anew.
  private func pieceLost(_ piece: Int) {
    guard piece >= 0, piece < picker.have.bitCount, !picker.have[piece] else { return }
    picker.pieceFailed(piece, badBlocks: [])
    actions.append(.discard(piece: piece))
    hasReleasedBlocks = true
  }

  /// Bans those proven to lie, also when they have left since.
  private func punish(_ verdict: SmartBan.Verdict, piece: Int) {
    for liar in verdict.banned {
      if let peer = peers[liar] {
        disconnect(peer, .fault(.badData(piece: piece)))
      } else if let address = book.address(of: liar) {
        // It may have come back since.
        for handle in book.ban(address) {
          if let peer = peers[handle] { disconnect(peer, .banned) }
        }
      }
    }
  }

  // Tells each sender's share of a piece that was judged.
  private func credit(_ piece: Int, _ senders: [PeerHandle?], isRight: Bool) {
    guard let layout = info?.layout else { return }
    let length = layout.dataLength(ofPiece: piece)
    var index = 0
    while index < senders.count {
      // Blocks of one sender mostly lie together.
      var end = index + 1
      while end < senders.count, senders[end] == senders[index] { end += 1 }
      let bytes = min(end * BlockRequest.blockLength, length) - index * BlockRequest.blockLength
      if let sender = senders[index], let peer = peers[sender], bytes > 0 {
        if isRight { peer.verified += bytes }
        observe(
          isRight
            ? .verified(piece: piece, bytes: bytes, from: sender)
            : .failed(piece: piece, bytes: bytes, from: sender), peer)
      }
      index = end
    }
  }

  // We did not listen for a while, so nobody is to blame for having been silent.
  private func resumeAsking() {
    blameless = now
    hasReleasedBlocks = true
  }
}
