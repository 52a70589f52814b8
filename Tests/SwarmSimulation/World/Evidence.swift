/// Who sent a host wrong blocks, and of whom it can know that.
///
/// A wrong block shows when its piece is hashed, and who sent it when the piece is right at last.
struct Evidence {
  // Of pieces that are not hashed yet, and of those that proved wrong.
  private var sent: [Int: Set<Int>] = [:]
  private var failed: [Int: Set<Int>] = [:]
  /// The hosts that can be known to have lied.
  private(set) var proven: Set<Int> = []

  /// A wrong block of a piece was taken from a host.
  mutating func took(_ piece: Int, from host: Int) { sent[piece, default: []].insert(host) }

  /// The piece was wrong.
  mutating func pieceFailed(_ piece: Int) {
    failed[piece, default: []].formUnion(sent.removeValue(forKey: piece) ?? [])
  }

  /// The piece is right.
  mutating func pieceVerified(_ piece: Int) {
    sent[piece] = nil
    proven.formUnion(failed.removeValue(forKey: piece) ?? [])
  }
}
