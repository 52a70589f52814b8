package import BitTorrent
internal import Crypto
internal import Metainfo
package import NIOCore
internal import Primitives

// The leaves of v2 pieces, by which blocks are judged one by one.
extension SimulatedDisk {
  /// Takes the leaves of a piece; what came of it before is judged now.
  package mutating func know(_ leaves: [UInt8], of index: Int) -> [StorageEvent] {
    guard have.bitCount > index, !have[index] else { return [] }
    var piece = unfinished[index] ?? begin(index)
    guard !piece.isFinishing, piece.leaves.isEmpty, leaves.count == piece.held.count * 32 else {
      return []
    }
    piece.leaves = (0..<piece.held.count).compactMap { block in
      Hash256(leaves[block * 32..<block * 32 + 32]).map { BlockDigest(leaf: $0) }
    }
    var (right, wrong, gone) = ([Int](), [Int](), 0)
    for (block, data) in piece.held.enumerated() {
      guard let data else { continue }
      if digests([data]).first == piece.leaves[block] {
        right.append(block)
      } else {
        wrong.append(block)
        gone += data.readableBytes
        piece.held[block] = nil
      }
    }
    unfinished[index] = piece
    guard !right.isEmpty || !wrong.isEmpty else { return [] }
    return [.blocksJudged(index, right: right, wrong: wrong)] + release(gone)
  }

  /// The leaves that a request for a whole piece's asks for, filled up with zeros.
  package func leaves(_ request: HashRequest) -> ByteBuffer? {
    guard let info, request.baseLayer == 0, info.pieceLayer > 0, request.proofLayers == 0,
      let file = info.files.first(where: { $0.piecesRoot == request.piecesRoot }),
      request.length > 0, request.index % request.length == 0
    else { return nil }
    let pieces = info.layout.pieces(of: file)
    let piece = pieces.lowerBound + request.index / request.length
    guard pieces.contains(piece), have[piece],
      info.expectation(ofPiece: piece, layers: layers).tree?.leafCount == request.length
    else { return nil }
    var answer = ByteBuffer()
    for block in torrent.blocks(of: piece) {
      answer.writeBytes(SHA256.hash(data: [UInt8](buffer: torrent.bytes(block))))
    }
    answer.writeRepeatingByte(0, count: request.length * 32 - answer.readableBytes)
    return answer
  }
}
