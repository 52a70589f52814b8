/// Finds out who sent bad data, and bans nobody else.
///
/// A failed piece that one peer sent alone proves it. Of a piece that several sent, each block's
/// digest is kept with its sender until the piece is right: whoever sent a block that differs is
/// proven to lie. Meanwhile the senders are on parole: what they send, they send as whole pieces.
/// In a v2 torrent the bad blocks are known at once.
package struct SmartBan {
  /// What follows from a failed or a right piece.
  package struct Verdict: Equatable {
    /// Peers proven to have sent bad data: disconnect, ban their addresses.
    package var banned: [PeerHandle] = []
    /// Peers that are on parole from now on.
    package var onParole: [PeerHandle] = []
  }

  /// How many blocks' digests are kept; the oldest pieces are forgotten beyond that.
  package static let greatestRecordCount = 16_384
  private static let greatestTrust = 8
  private static let leastTrust = -7

  private struct Record: Hashable {
    var block: Int
    var sender: PeerHandle
    var digest: BlockDigest
  }

  private var records: [Int: Set<Record>] = [:]
  private var failedPieces: [Int] = []
  private var recordCount = 0
  // How far connected peers are trusted, where that is not 0; and who is on parole.
  private var trust: [PeerHandle: Int] = [:]
  private var parole: Set<PeerHandle> = []

  /// Nobody is suspected.
  package init() {}

  /// Whether the peer may only send whole pieces.
  package func isOnParole(_ peer: PeerHandle) -> Bool {
    !parole.isEmpty && parole.contains(peer)
  }

  /// Whether a piece failed and has not been right since, so that its digests are wanted.
  package func isSuspect(_ piece: Int) -> Bool {
    !records.isEmpty && records[piece] != nil
  }

  /// A piece's hash was wrong; `senders` and `digests` are in the order of its blocks.
  package mutating func pieceFailed(
    _ piece: Int, senders: [PeerHandle?], digests: [BlockDigest], badBlocks: [Int]
  ) -> Verdict {
    var verdict = Verdict()
    if !badBlocks.isEmpty {
      for block in badBlocks where senders.indices.contains(block) {
        if let sender = senders[block] { ban(sender, in: &verdict) }
      }
      return verdict
    }
    let everyone = Set(senders.compactMap { $0 })
    // Only who sent all of it is proven by it: blocks without a sender are of an earlier run.
    if everyone.count == 1, let only = everyone.first, !senders.contains(nil) {
      ban(only, in: &verdict)
      return verdict
    }
    remember(piece, senders: senders, digests: digests)
    // A liar spoils many pieces at once: all that were under way when a peer came on parole count
    // against it as one, else those who shared them with him would be banned too.
    for peer in everyone.sorted(by: { $0.number < $1.number }) where !parole.contains(peer) {
      trust[peer, default: 0] -= 2
      if trust[peer, default: 0] <= Self.leastTrust {
        ban(peer, in: &verdict)
      } else {
        parole.insert(peer)
        verdict.onParole.append(peer)
      }
    }
    return verdict
  }

  /// A piece's hash was right: its senders are trusted more.
  package mutating func pieceVerified(_ piece: Int, senders: [PeerHandle?]) {
    guard !trust.isEmpty || !parole.isEmpty else { return }
    let everyone = Set(senders.compactMap { $0 })
    // A whole piece by one peer ends its parole.
    if everyone.count == 1, !senders.contains(nil), let only = everyone.first {
      parole.remove(only)
    }
    for peer in everyone {
      guard let points = trust[peer] else { continue }
      trust[peer] = points == -1 ? nil : min(points + 1, Self.greatestTrust)
    }
  }

  /// The digests of a piece that failed before and is right now.
  package mutating func pieceRight(_ piece: Int, digests: [BlockDigest]) -> Verdict {
    var verdict = Verdict()
    let records = forget(piece).sorted { $0.sender.number < $1.sender.number }
    for record in records where digests.indices.contains(record.block) {
      if digests[record.block] != record.digest { ban(record.sender, in: &verdict) }
    }
    return verdict
  }

  /// The connection ended; what the peer sent is still held against it.
  package mutating func peerLeft(_ peer: PeerHandle) {
    trust[peer] = nil
    parole.remove(peer)
  }

  private mutating func ban(_ peer: PeerHandle, in verdict: inout Verdict) {
    parole.remove(peer)
    trust[peer] = nil
    if !verdict.banned.contains(peer) { verdict.banned.append(peer) }
  }

  private mutating func remember(_ piece: Int, senders: [PeerHandle?], digests: [BlockDigest]) {
    var kept = forget(piece)
    for (block, digest) in digests.enumerated() where senders.indices.contains(block) {
      guard let sender = senders[block] else { continue }
      kept.insert(Record(block: block, sender: sender, digest: digest))
    }
    guard !kept.isEmpty, kept.count <= Self.greatestRecordCount else { return }
    records[piece] = kept
    failedPieces.append(piece)
    recordCount += kept.count
    while recordCount > Self.greatestRecordCount, let oldest = failedPieces.first {
      _ = forget(oldest)
    }
  }

  private mutating func forget(_ piece: Int) -> Set<Record> {
    guard let gone = records.removeValue(forKey: piece) else { return [] }
    failedPieces.removeAll { $0 == piece }
    recordCount -= gone.count
    return gone
  }
}
