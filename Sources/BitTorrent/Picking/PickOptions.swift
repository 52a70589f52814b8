/// How one peer's blocks are picked.
package struct PickOptions {
  /// How many blocks at most.
  package var count: Int
  /// The peer's rate, in bytes a second: fast peers get whole pieces, others share them with peers
  /// of like speed.
  package var downloadRate = 0
  /// The only pieces that may be picked: those allowed while the peer chokes (BEP 6).
  package var allowedOnly: [Int]?
  /// Pieces that the peer suggests: begun before others.
  package var suggested: [Int] = []
  /// A peer that let a request time out: it gets the most common pieces, and no deadlines.
  package var isSnubbed = false
  /// A peer that shares whole pieces with nobody: on parole, or bound by the strategy.
  package var isExclusive = false
  /// Whether nothing is outstanding at the peer: only then it is asked for what others were.
  package var isIdle = true
  /// What pieces of this peer are worth; the greatest of the rarest few is begun.
  package var value: ((Int) -> Int)?

  /// Options for up to `count` blocks.
  package init(count: Int) { self.count = count }
}
