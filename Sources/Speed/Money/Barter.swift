/// What one side gives is set against what it takes at a price: of the difference, the most that
/// it ever was is billed.
///
/// Both sides take its steps at the same places of the stream from seller to buyer, which holds the
/// blocks and, before them, the receipts for what went the other way; so both come to the same.
struct Barter: Hashable {
  /// What the receipts said when the first quote was accepted; nil where nothing counts yet.
  var base: UInt64?
  /// Bytes of priced blocks that moved.
  private(set) var moved = 0
  /// Bytes of them that cost something.
  private(set) var billed = 0

  /// A priced block moves where the receipts say that `verified` bytes of the other way proved
  /// right; how many of its bytes cost something.
  mutating func step(_ bytes: Int, verified: UInt64) -> Int {
    let given = base.map { verified > $0 ? Int(clamping: verified - $0) : 0 } ?? 0
    moved += bytes
    let total = max(billed, moved - given)
    defer { billed = total }
    return total - billed
  }
}
