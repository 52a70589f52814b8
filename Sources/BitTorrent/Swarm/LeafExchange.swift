internal import Metainfo
internal import NIOCore
internal import Primitives

/// Fetching the leaves of v2 pieces that are under way (BEP 52), so that each of their blocks is
/// judged by itself.
///
/// The leaves of a piece are asked of the peer that is asked for its blocks, once, before them; where
/// they do not come the piece is judged as a whole. An answer is proven up to the piece's root.
struct LeafExchange {
  /// What was asked.
  struct Ask {
    fileprivate var peer: PeerHandle
    fileprivate var request: HashRequest
    fileprivate var sent: NIODeadline
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

  private var asks: [Ask] = []
  private var asked: Set<Int> = []
  // The pieces whose leaves are known, with the blocks that were told to be right.
  private var pieces: [Int: Bitfield] = [:]

  /// Whether a piece's leaves were asked for since it was begun.
  func isAsked(_ piece: Int) -> Bool { asked.contains(piece) }

  /// What to ask for a piece's leaves; nil where the piece is one leaf, is of a file without a
  /// tree, or has more leaves than one answer.
  mutating func ask(
    _ piece: Int, of info: TorrentInfo, _ layers: PieceLayers, peer: PeerHandle, at now: NIODeadline
  ) -> HashRequest? {
    asked.insert(piece)
    guard let tree = info.expectation(ofPiece: piece, layers: layers).tree, let root = tree.root,
      tree.leafCount > 1, tree.leafCount <= MerkleRange.lengthLimit,
      let place = info.fileAndIndex(ofPiece: piece), let file = info.files[place.file].piecesRoot
    else { return nil }
    let request = HashRequest(
      piecesRoot: file, baseLayer: 0, index: place.index * tree.leafCount, length: tree.leafCount,
      proofLayers: 0)
    asks.append(
      Ask(
        peer: peer, request: request, sent: now, piece: piece, root: root,
        blockCount: info.layout.blockCount(ofPiece: piece)))
    return request
  }

  /// The peer answered, or said that it will not; nil where it was not asked for leaves.
  mutating func answered(_ request: HashRequest, by peer: PeerHandle) -> Ask? {
    asks.firstIndex { $0.peer == peer && $0.request == request }.map { asks.remove(at: $0) }
  }

  /// A piece's leaves are known.
  mutating func known(_ piece: Int, blockCount: Int) {
    pieces[piece] = Bitfield(bitCount: blockCount)
  }

  /// A block was found right by its leaf; false where that was told before.
  mutating func tell(_ block: Int, of piece: Int) -> Bool {
    guard let told = pieces[piece], block >= 0, block < told.bitCount else { return false }
    return pieces[piece]?.insert(block) == true
  }

  /// The blocks of a piece that were told to be right.
  func told(_ piece: Int) -> Bitfield? { pieces[piece] }

  /// The piece is whole, or begins anew.
  mutating func ended(_ piece: Int) {
    guard asked.remove(piece) != nil else { return }
    pieces[piece] = nil
  }

  /// Gives up what has been open since before `limit`.
  mutating func expire(askedBefore limit: NIODeadline) {
    asks.removeAll { $0.sent < limit }
  }

  /// The connection ended: another peer may be asked for what it owed.
  mutating func left(_ peer: PeerHandle) {
    for ask in asks where ask.peer == peer { asked.remove(ask.piece) }
    asks.removeAll { $0.peer == peer }
  }
}
