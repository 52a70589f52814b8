internal import DequeModule

/// Blocks that came although a copy of them was here: each is held against the digest of the right
/// block, which is known once its piece is right (BEP 52), so that nobody has to keep its bytes.
struct CopyJudge {
  /// A block that came again.
  struct Copy {
    var block: BlockRequest
    var digest: BlockDigest
    var sender: PeerHandle
  }

  // Digests of pieces that are right, the latest, and what waits for those of others.
  private var digests: [Int: [BlockDigest]] = [:]
  private var order: Deque<Int> = []
  private var digestCount = 0
  private var waiting: [Int: [Copy]] = [:]
  private var waitingCount = 0

  private static let greatestDigestCount = 16_384
  private static let greatestWaitingCount = 4_096

  /// Whether a copy is right; nil where that is not known, or not yet as its piece is `unfinished`.
  mutating func judge(_ copy: Copy, unfinished: Bool) -> Bool? {
    let piece = copy.block.piece
    if let digests = digests[piece] { return Self.isRight(copy, by: digests) }
    guard unfinished, waitingCount < Self.greatestWaitingCount else { return nil }
    waiting[piece, default: []].append(copy)
    waitingCount += 1
    return nil
  }

  /// A piece is right; which of the copies that waited for it are.
  mutating func pieceRight(_ piece: Int, _ right: [BlockDigest]) -> [(Copy, Bool)] {
    if let old = digests.updateValue(right, forKey: piece) {
      digestCount -= old.count
    } else {
      order.append(piece)
    }
    digestCount += right.count
    while digestCount > Self.greatestDigestCount, let oldest = order.popFirst() {
      digestCount -= digests.removeValue(forKey: oldest)?.count ?? 0
    }
    let copies = waiting.removeValue(forKey: piece) ?? []
    waitingCount -= copies.count
    return copies.compactMap { copy in Self.isRight(copy, by: right).map { (copy, $0) } }
  }

  /// Nobody cares any more for what this peer sent.
  mutating func peerLeft(_ peer: PeerHandle) {
    guard waitingCount > 0 else { return }
    waiting = waiting.mapValues { $0.filter { $0.sender != peer } }.filter { !$0.value.isEmpty }
    waitingCount = waiting.values.reduce(0) { $0 + $1.count }
  }

  private static func isRight(_ copy: Copy, by digests: [BlockDigest]) -> Bool? {
    let index = copy.block.offset / BlockRequest.blockLength
    return digests.indices.contains(index) ? digests[index] == copy.digest : nil
  }
}
