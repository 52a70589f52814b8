package import BitTorrent
internal import Crypto
package import Metainfo
package import NIOCore
internal import Primitives
internal import TestSupport

/// A torrent of one file with random bytes, and everything that is to be known of it.
package struct SimulatedTorrent {
  /// Its info dictionary.
  package let info: TorrentInfo
  /// Its piece layers; none in v1.
  package let layers: PieceLayers
  /// The right bytes.
  package let payload: ByteBuffer

  /// A torrent of a kind, of `pieces` pieces the last of which has `tail` bytes.
  package init(
    _ version: TorrentInfo.Version = .v1, pieces: Int = 64, pieceLength: Int = 32_768,
    tail: Int = 5_000, seed: UInt64 = 1
  ) throws {
    var random = SeededGenerator(seed: seed)
    let length = (pieces - 1) * pieceLength + tail
    var payload = ByteBufferAllocator().buffer(capacity: length + 8)
    while payload.readableBytes < length { payload.writeInteger(random.next()) }
    payload.moveWriterIndex(to: length)
    self.payload = payload
    func parts(_ step: Int) -> [[UInt8]] {
      stride(from: 0, to: length, by: step).compactMap {
        payload.getBytes(at: $0, length: min(step, length - $0))
      }
    }
    var entries: [BencodeItem.Entry] = [
      .init("name", "file"), .init("piece length", .integer(pieceLength)),
    ]
    if version != .v2 {
      let hashes = parts(pieceLength).flatMap { Array(Insecure.SHA1.hash(data: $0)) }
      entries += [.init("length", .integer(length)), .init("pieces", .bytes(hashes))]
    }
    var layer: (root: Hash256, hashes: [UInt8])?
    if version != .v1 {
      let leaves = parts(BlockRequest.blockLength).flatMap { Array(SHA256.hash(data: $0)) }
      guard let tree = MerkleTree(base: leaves) else { throw SimulationError.noSuchTorrent }
      let level = (pieceLength / BlockRequest.blockLength).trailingZeroBitCount
      if pieces > 1 {
        let hashes = (0..<pieces).compactMap { tree.hash(layer: level, index: $0)?.bytes }
        layer = (tree.root, hashes.flatMap(\.self))
      }
      let file: BencodeItem = [
        "": ["length": .integer(length), "pieces root": .bytes(tree.root.bytes)]
      ]
      entries += [.init("file tree", ["file": file]), .init("meta version", 2)]
    }
    info = try TorrentInfo(rawBytes: BencodeItem.dictionary(entries).encoded)
    var layers = PieceLayers()
    if let layer { try layers.insert(layer.hashes, root: layer.root, of: info) }
    self.layers = layers
  }

  /// How many pieces it has.
  package var pieceCount: Int { info.layout.pieceCount }

  /// The blocks of a piece, in order.
  package func blocks(of piece: Int) -> [BlockRequest] {
    let length = info.layout.dataLength(ofPiece: piece)
    return stride(from: 0, to: length, by: BlockRequest.blockLength).map {
      BlockRequest(piece: piece, offset: $0, length: min(BlockRequest.blockLength, length - $0))
    }
  }

  /// A block's right bytes; empty for one that is not in the torrent.
  package func bytes(_ block: BlockRequest) -> ByteBuffer {
    let start = block.piece * info.layout.pieceLength + block.offset
    return payload.getSlice(at: start, length: block.length) ?? ByteBuffer()
  }
}

/// Why a simulation could not begin.
package enum SimulationError: Error {
  /// A torrent of that shape cannot be.
  case noSuchTorrent
}
