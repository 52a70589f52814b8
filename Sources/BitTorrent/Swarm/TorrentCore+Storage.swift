internal import Metainfo
internal import NIOCore

// What the storage found out about pieces, and about itself.
extension TorrentCore {
  func handle(_ event: StorageEvent) {
    switch event {
    case .blocksJudged(let piece, let right, let wrong): judged(piece, right: right, wrong: wrong)
    case .pieceVerified(let piece): verified(piece)
    case .pieceFailed(let piece, let digests, let badBlocks):
      pieceFailed(piece, digests: digests, badBlocks: badBlocks)
    case .pieceLost(let piece):
      pieceLost(piece)
    case .pieceContradicts(let piece): pieceContradicts(piece)
    case .pieceDigests(let piece, let digests):
      punish(smartBan.pieceRight(piece, digests: digests), piece: piece)
      judgeCopies(of: piece, digests)
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

  /// Blocks of a piece were held against its leaves.
  private func judged(_ piece: Int, right: [Int], wrong: [Int]) {
    guard let layout = info?.layout, piece >= 0, piece < picker.have.bitCount, !picker.have[piece]
    else { return }
    let senders = picker.senders(of: piece)
    let length = layout.dataLength(ofPiece: piece)
    for block in right where leaves.tell(block, of: piece) {
      credit(piece, block..<block + 1, senders, length, isRight: true, isProven: true)
    }
    guard !wrong.isEmpty else { return }
    for block in wrong {
      failed += Int64(min(BlockRequest.blockLength, length - block * BlockRequest.blockLength))
      credit(piece, block..<block + 1, senders, length, isRight: false, isProven: true)
    }
    // The storage has let go of them, and of no other.
    picker.pieceFailed(piece, badBlocks: wrong)
    hasReleasedBlocks = true
    let verdict = smartBan.pieceFailed(piece, senders: senders, digests: [], badBlocks: wrong)
    punish(verdict, piece: piece)
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
    leavesEnded(piece)
    checkCompletion()
  }

  private func pieceFailed(_ piece: Int, digests: [BlockDigest], badBlocks: [Int]) {
    guard piece >= 0, piece < picker.have.bitCount, !picker.have[piece] else { return }
    let senders = picker.senders(of: piece)
    // All of it is fetched anew: the storage keeps nothing of a piece that failed.
    defer { leavesEnded(piece) }
    picker.pieceFailed(piece, badBlocks: [])
    actions.append(.discard(piece: piece))
    hasReleasedBlocks = true
    // Without a digest it was the disk that lost the piece, and nobody lied.
    guard !digests.isEmpty || !badBlocks.isEmpty else { return }
    failed += Int64(info?.layout.dataLength(ofPiece: piece) ?? 0)
    credit(piece, senders, isRight: false, badBlocks: badBlocks)
    let verdict = smartBan.pieceFailed(
      piece, senders: senders, digests: digests, badBlocks: badBlocks)
    punish(verdict, piece: piece)
  }

  /// Blocks that were written are gone from the disk: the piece is fetched anew.
  private func pieceLost(_ piece: Int) {
    guard piece >= 0, piece < picker.have.bitCount, !picker.have[piece] else { return }
    leavesEnded(piece)
    picker.pieceFailed(piece, badBlocks: [])
    actions.append(.discard(piece: piece))
    hasReleasedBlocks = true
  }

  /// One side of a hybrid torrent calls a piece right and the other wrong: nobody lied.
  ///
  /// Nobody can do better either, so it is not fetched, or bought, again; what leaves proved right
  /// is paid for.
  private func pieceContradicts(_ piece: Int) {
    guard piece >= 0, piece < picker.have.bitCount, !picker.have[piece] else { return }
    let senders = picker.senders(of: piece)
    picker.pieceFailed(piece, badBlocks: [])
    actions.append(.discard(piece: piece))
    credit(piece, senders, isRight: false, isBlaming: false)
    leavesEnded(piece)
    isContradictory = true
    isWantedStale = true
  }

  // MARK: Copies

  /// A block came that is here already: where a strategy may owe its sender for it, it is found out
  /// all the same whether it is right.
  func cameAgain(_ block: BlockRequest, _ data: ByteBuffer, from peer: Peer) {
    guard strategy != nil, info?.hasV2 == true else { return }
    let copy = CopyJudge.Copy(
      block: block, digest: data.withUnsafeReadableBytes { BlockDigest(hashing: $0) },
      sender: peer.handle)
    if let isRight = copies.judge(copy, unfinished: !picker.have[block.piece]) {
      told(copy, isRight: isRight)
    }
  }

  private func judgeCopies(of piece: Int, _ digests: [BlockDigest]) {
    guard strategy != nil, info?.hasV2 == true else { return }
    for (copy, isRight) in copies.pieceRight(piece, digests) { told(copy, isRight: isRight) }
  }

  private func told(_ copy: CopyJudge.Copy, isRight: Bool) {
    guard let peer = peers[copy.sender] else { return }
    let (piece, bytes) = (copy.block.piece, copy.block.length)
    guard !isRight else { return observe(.copied(copy.block, from: copy.sender), peer) }
    observe(.failed(piece: piece, bytes: bytes, from: copy.sender, isProven: true), peer)
    punish(SmartBan.Verdict(banned: [copy.sender]), piece: piece)
  }

  // MARK: Verdicts

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

  // Tells each sender's share of a piece that was judged, without what leaves told before.
  private func credit(
    _ piece: Int, _ senders: [PeerHandle?], isRight: Bool, badBlocks: [Int] = [],
    isBlaming: Bool = true
  ) {
    guard let length = info?.layout.dataLength(ofPiece: piece) else { return }
    let told = leaves.told(piece)
    let isBad = { (block: Int) in !badBlocks.isEmpty && badBlocks.contains(block) }
    // Who sent all of a piece sent what is wrong in it.
    let isFromOne = senders.first.map { first in first != nil && senders.allSatisfy { $0 == first }
    }
    var block = 0
    while block < senders.count {
      guard told?[block] != true else {
        block += 1
        continue
      }
      // Blocks of one sender mostly lie together.
      var end = block + 1
      while end < senders.count, senders[end] == senders[block], told?[end] != true,
        isBad(end) == isBad(block)
      {
        end += 1
      }
      credit(
        piece, block..<end, senders, length, isRight: isRight,
        isProven: isBlaming && (badBlocks.isEmpty ? isFromOne == true : isBad(block)))
      block = end
    }
  }

  private func credit(
    _ piece: Int, _ blocks: Range<Int>, _ senders: [PeerHandle?], _ length: Int, isRight: Bool,
    isProven: Bool
  ) {
    guard senders.indices.contains(blocks.lowerBound), let sender = senders[blocks.lowerBound],
      let peer = peers[sender]
    else { return }
    let start = blocks.lowerBound * BlockRequest.blockLength
    let bytes = min(blocks.upperBound * BlockRequest.blockLength, length) - start
    guard bytes > 0 else { return }
    if isRight { peer.verified += bytes }
    observe(
      isRight
        ? .verified(piece: piece, bytes: bytes, from: sender)
        : .failed(piece: piece, bytes: bytes, from: sender, isProven: isProven), peer)
  }

  // We did not listen for a while, so nobody is to blame for having been silent.
  private func resumeAsking() {
    blameless = now
    hasReleasedBlocks = true
  }
}
