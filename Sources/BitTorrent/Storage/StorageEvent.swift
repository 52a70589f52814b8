/// What a torrent's storage reports to its core.
package enum StorageEvent: Sendable {
  /// Blocks of a piece whose leaves are known: those that are right, and those that are wrong and
  /// are forgotten again.
  case blocksJudged(Int, right: [Int], wrong: [Int])
  /// The piece's hash is right and its bytes are written.
  case pieceVerified(Int)
  /// The piece's hash is wrong. `digests` holds each block's own digest, in order, so that the
  /// blocks can be compared with the right ones later; `badBlocks` those proven wrong (v2).
  case pieceFailed(Int, digests: [BlockDigest], badBlocks: [Int])
  /// Blocks of the piece that were written already are gone from the disk: it has to be fetched
  /// anew, and no peer is to blame.
  case pieceLost(Int)
  /// One side of a hybrid torrent says that the piece is right, the other that it is wrong.
  case pieceContradicts(Int)
  /// Digests of the blocks of a piece that is right now: where it failed before, and in v2.
  case pieceDigests(Int, [BlockDigest])
  /// The store has reached its bound: reading from peers stops until `relieved`.
  case full
  /// The store has room again.
  case relieved
  /// Writing or reading failed; the torrent pauses until `recovered`.
  case failed(StorageError)
  /// What failed works again.
  case recovered
}
