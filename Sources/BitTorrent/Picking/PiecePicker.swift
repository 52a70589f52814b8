package import NIOCore

/// Decides which block is asked of which peer, and keeps account of every block that is under way.
///
/// Pieces that nobody has begun lie in one array a priority, sorted by how many peers have them,
/// so that a `have` costs one swap. Pieces that are begun have a slot with a word a block. A peer
/// that has everything is one counter.
package struct PiecePicker {
  /// The pieces that are verified.
  package private(set) var have: Bitfield
  /// The pieces that are to be fetched: neither verified nor skipped.
  package private(set) var wanted: Bitfield
  /// Whether pieces are begun in their order rather than the rarest first.
  package var isSequential = false

  /// A picker for pieces whose lengths in bytes `length` tells, at normal priority, none had.
  package init(
    pieceCount: Int, length: (Int) -> Int, using random: inout some RandomNumberGenerator
  ) {
    have = Bitfield(bitCount: pieceCount)
    wanted = Bitfield(bitCount: pieceCount, filled: true)
  }

  // MARK: What peers have

  /// A peer's pieces became known; its bitfield is empty, full, or anything between.
  package mutating func peerArrived(having pieces: Bitfield) {}
  /// A peer that had these pieces is gone; its requests are released by `releaseAll`.
  package mutating func peerLeft(having pieces: Bitfield) {}
  /// A peer got one piece more.
  package mutating func peerGained(_ piece: Int) {}
  /// A peer lost a piece (BEP 54); `wasSeed` if it had all pieces by then.
  package mutating func peerLost(_ piece: Int, wasSeed: Bool) {}
  /// How many peers have the piece.
  package func availability(of piece: Int) -> Int { 0 }
  /// Whether the peer that has these pieces has one that is to be fetched.
  package func isInteresting(_ pieces: Bitfield) -> Bool { wanted.intersects(pieces) }

  // MARK: What is wanted

  /// The piece's priority: 0 is skipped, 4 is usual, 7 comes before all others.
  package func priority(of piece: Int) -> Int { 0 }
  /// Sets a piece's priority; blocks under way still arrive.
  package mutating func setPriority(_ priority: Int, of piece: Int) {}
  /// Wants the piece by then, before all pieces without deadline; nil takes a deadline away.
  package mutating func setDeadline(_ deadline: NIODeadline?, of piece: Int) {}

  // MARK: Requests

  /// Picks up to `options.count` blocks for a peer that has `pieces`, appends them to `requests`
  /// and counts them as asked of it.
  package mutating func pick(
    for peer: PeerHandle, having pieces: Bitfield, _ options: PickOptions, at now: NIODeadline,
    using random: inout some RandomNumberGenerator, into requests: inout [BlockRequest]
  ) {}
  /// A block came; it need not have been asked for, but must be a block's whole range.
  package mutating func received(_ block: BlockRequest, from peer: PeerHandle) -> BlockOutcome {
    BlockOutcome(kind: .unexpected)
  }
  /// The peer won't send the block: it rejected it, or it timed out.
  package mutating func release(_ block: BlockRequest, of peer: PeerHandle) {}
  /// The peer won't send any block: it choked us, or is gone.
  package mutating func releaseAll(of peer: PeerHandle) {}
  /// Whether a piece begun has a block that this peer was asked for.
  package func isRequested(_ block: BlockRequest, of peer: PeerHandle) -> Bool { false }
  /// Whether every wanted block is here or under way, so that blocks are asked for twice.
  package var isEndGame: Bool { false }

  // MARK: Whole pieces

  /// Who sent each block of a begun piece, in order; nil for a block that nobody sent.
  package func senders(of piece: Int) -> [PeerHandle?] { [] }
  /// The piece's hash is right and it is written.
  package mutating func pieceVerified(_ piece: Int) {}
  /// The piece's hash is wrong: `badBlocks` are fetched anew, or all of them if none is named.
  package mutating func pieceFailed(_ piece: Int, badBlocks: [Int]) {}
  /// The piece's blocks go to one peer alone from now on, until it lets them go.
  package mutating func bind(_ piece: Int, to peer: PeerHandle) {}
  /// A verified piece can't be read any more: it is wanted again.
  package mutating func pieceLost(_ piece: Int) {}
  /// A piece that was begun in an earlier run: the blocks set in `blocks` are here.
  package mutating func restore(_ piece: Int, blocks: Bitfield) {}
}
