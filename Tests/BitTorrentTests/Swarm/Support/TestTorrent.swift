internal import BitTorrent
internal import Crypto
internal import Metainfo
internal import NIOCore
internal import Primitives
internal import TestSupport
internal import Testing

/// A torrent of one file with random bytes, and everything that is to be known of it.
struct TestTorrent {
  let info: TorrentInfo
  let layers: PieceLayers
  let payload: [UInt8]

  init(
    _ version: TorrentInfo.Version = .v1, pieces: Int = 8, pieceLength: Int = 32_768,
    tail: Int = 5_000, seed: UInt64 = 1
  ) throws {
    var random = SeededGenerator(seed: seed)
    let length = (pieces - 1) * pieceLength + tail
    let payload = [UInt8](unsafeUninitializedCapacity: length + 8) { buffer, count in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      for offset in stride(from: 0, to: length, by: 8) {
        bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
      }
      count = length
    }
    self.payload = payload
    var entries: [BencodeItem.Entry] = [
      .init("name", "file"), .init("piece length", .integer(pieceLength)),
    ]
    if version != .v2 {
      let hashes = stride(from: 0, to: length, by: pieceLength).flatMap {
        Array(Insecure.SHA1.hash(data: payload[$0..<min($0 + pieceLength, length)]))
      }
      entries += [.init("length", .integer(length)), .init("pieces", .bytes(hashes))]
    }
    var layer: (root: Hash256, hashes: [UInt8])?
    if version != .v1 {
      let leaves = stride(from: 0, to: length, by: 16_384).flatMap {
        Array(SHA256.hash(data: payload[$0..<min($0 + 16_384, length)]))
      }
      let tree = try #require(MerkleTree(base: leaves))
      let level = (pieceLength / 16_384).trailingZeroBitCount
      if pieces > 1 {
        let hashes = try (0..<pieces).map { try #require(tree.hash(layer: level, index: $0)) }
        layer = (tree.root, hashes.flatMap(\.bytes))
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

  var pieceCount: Int { info.layout.pieceCount }
  var full: Bitfield { Bitfield(bitCount: pieceCount, filled: true) }
  var none: Bitfield { Bitfield(bitCount: pieceCount) }

  /// The blocks of a piece, in order.
  func blocks(of piece: Int) -> [BlockRequest] {
    let length = info.layout.dataLength(ofPiece: piece)
    return stride(from: 0, to: length, by: BlockRequest.blockLength).map {
      BlockRequest(piece: piece, offset: $0, length: min(BlockRequest.blockLength, length - $0))
    }
  }

  /// A block's right bytes.
  func bytes(_ block: BlockRequest) -> ByteBuffer {
    let start = block.piece * info.layout.pieceLength + block.offset
    return ByteBuffer(bytes: payload[start..<start + block.length])
  }

  /// The message that brings a block.
  func message(_ block: BlockRequest) -> PeerMessage {
    .piece(piece: block.piece, offset: block.offset, data: bytes(block))
  }
}
