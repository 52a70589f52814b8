internal import DequeModule
internal import Metainfo
internal import NIOCore
internal import Primitives

/// The hash trees from which hash requests are answered (BEP 52).
package struct HashTrees {
  /// Trees of piece layers that are kept; a tree takes twice the bytes of its layer.
  private static let keptTrees = 4
  /// Pieces that may be read at the same time for the hashes of their blocks.
  private static let readLimit = 4

  /// Answers that may wait for those reads, in all and for one peer.
  private static let waitLimit = 256
  private static let waitLimitOfPeer = 8

  private var trees: [(root: Hash256, tree: MerkleTree)] = []
  private var reads = 0
  private var waiting: Deque<(peer: PeerHandle, body: () -> Void)> = []

  /// Nothing is kept, and nothing waits.
  package init() {}

  /// The tree above a file's pieces, if its layer is known.
  mutating func tree(of file: TorrentFile, _ info: TorrentInfo, _ layers: PieceLayers)
    -> MerkleTree?
  {
    guard let root = file.piecesRoot else { return nil }
    if let index = trees.firstIndex(where: { $0.root == root }) {
      trees.append(trees.remove(at: index))
      return trees.last?.tree
    }
    guard let hashes = layers[root],
      let tree = MerkleTree(base: hashes, baseLayer: info.pieceLayer)
    else { return nil }
    if trees.count == Self.keptTrees { trees.removeFirst() }
    trees.append((root, tree))
    return tree
  }

  /// Has a piece read for a peer, at once or in its turn, unless too many wait.
  ///
  /// ``endRead(isHere:)`` must follow.
  package mutating func read(for peer: PeerHandle, _ body: @escaping () -> Void) -> Bool {
    guard reads >= Self.readLimit else {
      reads += 1
      body()
      return true
    }
    guard waiting.count < Self.waitLimit,
      waiting.count(where: { $0.peer == peer }) < Self.waitLimitOfPeer
    else { return false }
    waiting.append((peer, body))
    return true
  }

  /// Says that a piece has been read; what comes next, for a peer that is still here, is for the
  /// caller to begin.
  package mutating func endRead(isHere: (PeerHandle) -> Bool) -> (() -> Void)? {
    while let next = waiting.popFirst() {
      if isHere(next.peer) { return next.body }
    }
    reads -= 1
    return nil
  }
}

extension TorrentDriver {
  /// Answers a request for hashes: from a piece layer, or from the blocks of one piece on disk.
  func answer(_ request: HashRequest, for peer: PeerHandle) {
    let range = MerkleRange(
      baseLayer: request.baseLayer, index: request.index, length: request.length,
      proofLayers: request.proofLayers)
    guard let info, range.isWellFormed,
      let file = info.files.first(where: { $0.piecesRoot == request.piecesRoot })
    else { return send(.hashReject(request), to: peer) }
    let height = min(info.pieceLayer, info.treeHeight(of: file))
    let upper = info.hasLayer(file) ? hashTrees.tree(of: file, info, layers) : nil
    guard range.baseLayer < height else {
      guard let hashes = upper?.hashes(range) else { return send(.hashReject(request), to: peer) }
      return send(.hashes(request, ByteBuffer(bytes: hashes)), to: peer)
    }
    answer(
      request, for: peer, range: range, height: height, upper: upper,
      pieces: info.layout.pieces(of: file))
  }

  /// Answers from the hashes of a piece's blocks.
  private func answer(
    _ request: HashRequest, for peer: PeerHandle, range: MerkleRange, height: Int,
    upper: MerkleTree?, pieces: Range<Int>
  ) {
    let pieceInFile = range.index >> (height - range.baseLayer)
    guard let storage, pieceInFile < pieces.count,
      range.length <= 1 << (height - range.baseLayer),
      hashTrees.read(
        for: peer,
        {
          storage.leaves(ofPiece: pieces.lowerBound + pieceInFile)
            .assumeIsolated().whenComplete { result in
              let lower = (try? result.get()).flatMap { MerkleTree(base: $0, width: 1 << height) }
              let answer = lower?.hashes(
                range, belowPiece: pieceInFile, height: height, upper: upper)
              self.send(answer.map { .hashes(request, $0) } ?? .hashReject(request), to: peer)
              self.hashTrees.endRead(isHere: { self.connections[$0] != nil })?()
              self.settle()
            }
        })
    else { return send(.hashReject(request), to: peer) }
  }

  private func send(_ message: PeerMessage, to peer: PeerHandle) {
    guard let handler = connections[peer] else { return }
    handler.send(message)
    mark(handler)
  }
}

extension MerkleTree {
  /// The hashes of a range in the tree of one piece, and their uncles there and in the tree above
  /// the pieces; nil where one of them is unknown.
  fileprivate func hashes(
    _ range: MerkleRange, belowPiece piece: Int, height: Int, upper: MerkleTree?
  ) -> ByteBuffer? {
    func lookUp(_ layer: Int, _ index: Int) -> Hash256? {
      layer < height
        ? hash(layer: layer, index: index - piece << (height - layer))
        : upper?.hash(layer: layer, index: index)
    }
    var wanted = (0..<range.length).map { (layer: range.baseLayer, index: range.index + $0) }
    let subtree = range.length.trailingZeroBitCount
    for step in 0..<range.uncleCount {
      wanted.append((range.baseLayer + subtree + step, range.index >> (subtree + step) ^ 1))
    }
    var buffer = ByteBufferAllocator().buffer(capacity: wanted.count * 32)
    for (layer, index) in wanted {
      guard let hash = lookUp(layer, index) else { return nil }
      _ = hash.withUnsafeBytes { buffer.writeBytes($0) }
    }
    return buffer
  }
}
