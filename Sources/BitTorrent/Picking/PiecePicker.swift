package import NIOCore

/// Decides which block is asked of which peer, and keeps account of every block that is under way.
///
/// Pieces that nobody has begun lie in one array a priority, sorted by how many peers have them,
/// so that a `have` costs one swap. Pieces that are begun have a slot with a word a block. A peer
/// that came with everything is one counter. A piece costs eleven bytes and four bits.
package struct PiecePicker {
  /// The priority of a piece for which none was set.
  package static let usualPriority = 4
  /// How many pieces are picked by chance before the rarest: to have something to trade soon.
  package static let randomPieces = 4
  /// A peer that brings a piece within this many seconds gets whole pieces.
  package static let wholePieceSeconds = 20

  /// The pieces that are verified.
  package private(set) var have: Bitfield
  /// The pieces that are to be fetched: neither verified nor skipped.
  package private(set) var wanted: Bitfield
  /// Whether pieces are begun in their order rather than the rarest first.
  package var isSequential = false
  /// Bytes of begun pieces above which even fast peers join pieces rather than begin others.
  package var shareAbove = 32 << 20

  let lengths: PieceLengths
  var order: PieceOrder
  var partial: PartialPieces
  private(set) var priorities: [UInt8]
  private(set) var deadlines: [Deadline] = []
  // Peers that came with every piece, and are not counted piece by piece.
  private var seeds: Set<PeerHandle> = []
  // No piece before it is wanted.
  private var firstWanted = 0

  struct Deadline {
    var piece: Int
    var time: NIODeadline
  }

  /// A picker for pieces whose lengths in bytes `length` tells, at the usual priority, none had.
  ///
  /// A piece of no length (padding only) counts as verified from the start.
  package init(
    pieceCount: Int, length: (Int) -> Int, using random: inout some RandomNumberGenerator
  ) {
    let lengths = PieceLengths(pieceCount: pieceCount, length: length)
    var wanted = Bitfield(bitCount: lengths.pieceCount, filled: true)
    var have = Bitfield(bitCount: lengths.pieceCount)
    for piece in 0..<lengths.pieceCount where lengths[piece] <= 0 {
      wanted.remove(piece)
      have.insert(piece)
    }
    order = PieceOrder(
      pieceCount: lengths.pieceCount, priority: Self.usualPriority, using: &random
    ) { wanted[$0] }
    partial = PartialPieces(stride: lengths.greatestBlockCount)
    priorities = Array(repeating: UInt8(Self.usualPriority), count: lengths.pieceCount)
    self.lengths = lengths
    self.wanted = wanted
    self.have = have
  }

  /// How many pieces there are.
  package var pieceCount: Int { lengths.pieceCount }
  /// How many pieces are begun and not verified.
  package var begunCount: Int { partial.count }
  /// Whether no piece is to be fetched.
  package var isDone: Bool { wanted.isEmpty }
  /// Whether there is no such piece.
  func isForeign(_ piece: Int) -> Bool { piece < 0 || piece >= pieceCount }
}

// MARK: - What peers have

extension PiecePicker {
  /// A peer's pieces became known; its bitfield is empty, full, or anything between.
  package mutating func peerArrived(_ peer: PeerHandle, having pieces: Bitfield) {
    guard pieces.bitCount == pieceCount else { return }
    if pieces.isFull {
      seeds.insert(peer)
    } else {
      order.count(pieces, isGone: false) { [priorities] in Int(priorities[$0]) }
    }
  }

  /// A peer that has these pieces by now is gone; its requests are released by `releaseAll`.
  package mutating func peerLeft(_ peer: PeerHandle, having pieces: Bitfield) {
    guard seeds.remove(peer) == nil, pieces.bitCount == pieceCount else { return }
    order.count(pieces, isGone: true) { [priorities] in Int(priorities[$0]) }
  }

  /// A peer got a piece that it did not have.
  package mutating func peerGained(_ piece: Int) {
    guard !isForeign(piece) else { return }
    order.increment(piece, priority: Int(priorities[piece]))
  }

  /// A peer lost a piece that it had (BEP 54).
  package mutating func peerLost(_ piece: Int, _ peer: PeerHandle) {
    guard !isForeign(piece) else { return }
    if seeds.remove(peer) != nil {
      // From now on the peer is counted piece by piece.
      order.count(Bitfield(bitCount: pieceCount, filled: true), isGone: false) { [priorities] in
        Int(priorities[$0])
      }
    }
    order.decrement(piece, priority: Int(priorities[piece]))
    if let slot = partial.slot(of: piece) { letGo(slot, by: peer) }
  }

  /// How many peers have the piece.
  package func availability(of piece: Int) -> Int {
    isForeign(piece) ? 0 : Int(order.peerCounts[piece]) + seeds.count
  }

  /// Whether some peer has everything.
  var hasSeeds: Bool { !seeds.isEmpty }

  /// Whether the peer that has these pieces has one that is to be fetched.
  package func isInteresting(_ pieces: Bitfield) -> Bool { wanted.intersects(pieces) }
}

// MARK: - What is wanted

extension PiecePicker {
  /// The piece's priority: 0 is skipped, 4 is usual, 7 comes before all others.
  package func priority(of piece: Int) -> Int { isForeign(piece) ? 0 : Int(priorities[piece]) }

  /// Sets a piece's priority; what is under way of a piece that is skipped now still arrives.
  package mutating func setPriority(_ priority: Int, of piece: Int) {
    guard !isForeign(piece) else { return }
    let priority = min(max(priority, 0), PieceOrder.greatestPriority)
    let old = Int(priorities[piece])
    guard priority != old else { return }
    if order.contains(piece) { order.remove(piece, priority: old) }
    priorities[piece] = UInt8(priority)
    guard !have[piece] else { return }
    if priority == 0 {
      wanted.remove(piece)
    } else {
      want(piece)
    }
  }

  /// Wants the piece by then, before all pieces without deadline; nil takes a deadline away.
  package mutating func setDeadline(_ deadline: NIODeadline?, of piece: Int) {
    deadlines.removeAll { $0.piece == piece }
    guard let deadline, !isForeign(piece), !have[piece] else { return }
    let place = deadlines.firstIndex { $0.time > deadline } ?? deadlines.count
    deadlines.insert(Deadline(piece: piece, time: deadline), at: place)
  }

  /// The first piece that is to be fetched.
  mutating func nextWanted() -> Int {
    firstWanted = wanted.firstSet(from: firstWanted) ?? pieceCount
    return firstWanted
  }

  // Enters a piece that is not verified among those to be fetched.
  private mutating func want(_ piece: Int) {
    wanted.insert(piece)
    firstWanted = min(firstWanted, piece)
    if partial.slot(of: piece) == nil {
      order.insert(piece, priority: Int(priorities[piece]))
    }
  }
}

// MARK: - Whole pieces

extension PiecePicker {
  /// Who sent each block of a begun piece, in order; nil for a block that nobody sent.
  package func senders(of piece: Int) -> [PeerHandle?] {
    guard let slot = partial.slot(of: piece) else { return [] }
    return (0..<partial.slots[slot].blockCount).map { block in
      let state = partial[slot, block]
      return state.isReceived ? state.peer : nil
    }
  }

  /// The blocks of a begun piece that are here.
  package func receivedBlocks(of piece: Int) -> Bitfield? {
    guard let slot = partial.slot(of: piece) else { return nil }
    var blocks = Bitfield(bitCount: partial.slots[slot].blockCount)
    for block in 0..<blocks.bitCount where partial[slot, block].isReceived { blocks.insert(block) }
    return blocks
  }

  /// The piece's hash is right and it is written.
  package mutating func pieceVerified(_ piece: Int) {
    guard !isForeign(piece), have.insert(piece) else { return }
    wanted.remove(piece)
    if let slot = partial.slot(of: piece) { partial.end(slot) }
    if order.contains(piece) { order.remove(piece, priority: Int(priorities[piece])) }
    if !deadlines.isEmpty { deadlines.removeAll { $0.piece == piece } }
  }

  /// The piece's hash is wrong: `badBlocks` are fetched anew, or all of them if none is named.
  package mutating func pieceFailed(_ piece: Int, badBlocks: [Int]) {
    guard !isForeign(piece), let slot = partial.slot(of: piece) else { return }
    for block in badBlocks where block >= 0 && block < partial.slots[slot].blockCount {
      partial.set(slot, block, to: .free)
    }
    // Nothing is kept of a piece that is all bad, or of which no block is named.
    if partial.slots[slot].free == 0 || !partial.slots[slot].isTouched { abandon(slot) }
  }

  /// The piece's blocks go to one peer alone from now on, until it lets them go.
  package mutating func bind(_ piece: Int, to peer: PeerHandle) {
    guard !isForeign(piece), wanted[piece] else { return }
    let slot = partial.slot(of: piece) ?? begin(piece, for: peer, isExclusive: true, speed: 0)
    partial.setOwner(slot, peer, isExclusive: true, speed: partial.slots[slot].speed)
  }

  /// A verified piece can't be read any more: it is wanted again.
  package mutating func pieceLost(_ piece: Int) {
    guard !isForeign(piece), lengths[piece] > 0, have.remove(piece) else { return }
    if priorities[piece] > 0 { want(piece) }
  }

  /// A piece that was begun in an earlier run: the blocks set in `blocks` are here.
  ///
  /// Tells whether that is all of them, so that the piece is to be verified.
  package mutating func restore(_ piece: Int, blocks: Bitfield) -> Bool {
    guard !isForeign(piece), !have[piece], partial.slot(of: piece) == nil, !blocks.isEmpty,
      blocks.bitCount == lengths.blockCount(piece)
    else { return false }
    let slot = begin(piece, for: nil, isExclusive: false, speed: 0)
    blocks.forEachSet { partial.set(slot, $0, to: .restored) }
    return blocks.isFull
  }

  mutating func begin(
    _ piece: Int, for peer: PeerHandle?, isExclusive: Bool, speed: Int
  ) -> Int {
    if order.contains(piece) { order.remove(piece, priority: Int(priorities[piece])) }
    return partial.begin(
      piece, blockCount: lengths.blockCount(piece), owner: peer, isExclusive: isExclusive,
      speed: speed)
  }

  // Makes a begun piece one that nobody has begun.
  mutating func abandon(_ slot: Int) {
    let piece = partial.slots[slot].piece
    partial.end(slot)
    if wanted[piece] { order.insert(piece, priority: Int(priorities[piece])) }
  }
}
