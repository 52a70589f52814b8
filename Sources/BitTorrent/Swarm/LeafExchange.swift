internal import Metainfo
internal import NIOCore
internal import Primitives

/// Fetching the leaves of v2 pieces that are under way (BEP 52), so that each of their blocks is
/// judged by itself.
///
/// The leaves of a piece are asked of the peer that is asked for its blocks, before them; where it
/// refuses or is silent, of another, a few in all. Where none come the piece is judged as a whole.
/// An answer is proven up to the piece's root, and counts however late it comes.
struct LeafExchange {
  /// What was asked.
  struct Ask {
    fileprivate var peer: PeerHandle
    fileprivate var request: HashRequest
    /// The piece whose leaves they are.
    fileprivate(set) var piece: Int
    fileprivate var root: Hash256
    fileprivate var blockCount: Int

    /// The leaves of the piece's blocks, or nil where the answer does not lead to its root.
    func leaves(in answer: ByteBuffer) -> [UInt8]? {
      guard answer.readableBytes == request.length * 32 else { return nil }
      let leaves = [UInt8](answer.readableBytesView)
      guard PieceDigest(sha1: nil, leaves: leaves).root(leafCount: request.length) == root else {
        return nil
      }
      return Array(leaves.prefix(blockCount * 32))
    }
  }

  private struct Piece {
    /// Those who were asked since it was begun.
    var asked: [PeerHandle] = []
    /// Of whom an answer is awaited, and since when.
    var awaited: PeerHandle?
    var since: NIODeadline
    /// Somebody was silent for too long: nobody waits for the leaves any more.
    var isLate = false
    /// The blocks that were told to be right, once the leaves are known.
    var told: Bitfield?
  }

  // All that may still be answered.
  private var asks: [Ask] = []
  private var pieces: [Int: Piece] = [:]

  private static let greatestTries = 4
  private static let greatestOpen = 64

  /// Whether a peer may be asked for a piece's leaves: nobody else is, and they are not known.
  func mayAsk(_ piece: Int, of peer: PeerHandle) -> Bool {
    guard let state = pieces[piece] else { return true }
    return state.told == nil && state.awaited == nil && state.asked.count < Self.greatestTries
      && !state.asked.contains(peer) && asks.count { $0.peer == peer } < Self.greatestOpen
  }

  /// Whether a piece's leaves were asked for in vain, so far.
  func areMissed(_ piece: Int) -> Bool {
    pieces[piece].map { $0.told == nil && $0.awaited == nil } ?? false
  }

  /// Whether a piece's leaves are known, or will be soon.
  func areComing(_ piece: Int) -> Bool {
    guard let state = pieces[piece] else { return false }
    return state.told != nil || state.awaited != nil && !state.isLate
  }

  /// What to ask for a piece's leaves; nil where the piece is one leaf, is of a file without a
  /// tree, or has more leaves than one answer.
  mutating func ask(
    _ piece: Int, of info: TorrentInfo, _ layers: PieceLayers, peer: PeerHandle, at now: NIODeadline
  ) -> HashRequest? {
    var state = pieces[piece] ?? Piece(since: now)
    defer { pieces[piece] = state }
    state.asked.append(peer)
    guard let tree = info.expectation(ofPiece: piece, layers: layers).tree, let root = tree.root,
      tree.leafCount > 1, tree.leafCount <= MerkleRange.lengthLimit,
      let place = info.fileAndIndex(ofPiece: piece), let file = info.files[place.file].piecesRoot
    else { return nil }
    let request = HashRequest(
      piecesRoot: file, baseLayer: 0, index: place.index * tree.leafCount, length: tree.leafCount,
      proofLayers: 0)
    asks.append(
      Ask(
        peer: peer, request: request, piece: piece, root: root,
        blockCount: info.layout.blockCount(ofPiece: piece)))
    // Who is asked after a refusal has what is left of the time.
    if state.isLate { state.since = now }
    state.awaited = peer
    return request
  }

  /// The peer answered, or said that it will not; nil where it was not asked for leaves.
  mutating func answered(_ request: HashRequest, by peer: PeerHandle) -> Ask? {
    guard let index = asks.firstIndex(where: { $0.peer == peer && $0.request == request }) else {
      return nil
    }
    let ask = asks.remove(at: index)
    if pieces[ask.piece]?.awaited == peer { pieces[ask.piece]?.awaited = nil }
    return ask
  }

  /// A piece's leaves came; false where they are known, or nobody wants them any more.
  mutating func known(_ piece: Int, blockCount: Int) -> Bool {
    guard let state = pieces[piece], state.told == nil else { return false }
    pieces[piece]?.told = Bitfield(bitCount: blockCount)
    pieces[piece]?.awaited = nil
    return true
  }

  /// A block was found right by its leaf; false where that was told before.
  mutating func tell(_ block: Int, of piece: Int) -> Bool {
    guard let told = pieces[piece]?.told, block >= 0, block < told.bitCount else { return false }
    return pieces[piece]?.told?.insert(block) == true
  }

  /// The blocks of a piece that were told to be right.
  func told(_ piece: Int) -> Bitfield? { pieces[piece]?.told }

  /// The piece is whole, or begins anew; false where its leaves were never asked for.
  mutating func ended(_ piece: Int) -> Bool { pieces.removeValue(forKey: piece) != nil }

  /// The pieces whose leaves were awaited since before `limit`: others may be asked for them.
  mutating func expire(awaitedBefore limit: NIODeadline) -> [Int] {
    let late = pieces.filter { $0.value.awaited != nil && $0.value.since < limit }.keys.sorted()
    for piece in late {
      pieces[piece]?.awaited = nil
      pieces[piece]?.isLate = true
    }
    return late
  }

  /// The connection ended: others may be asked for what it owed, which are these pieces.
  mutating func left(_ peer: PeerHandle) -> [Int] {
    asks.removeAll { $0.peer == peer }
    let owed = pieces.filter { $0.value.awaited == peer }.keys.sorted()
    for piece in owed { pieces[piece]?.awaited = nil }
    return owed
  }
}
