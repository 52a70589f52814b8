internal import BitTorrent
internal import Crypto
internal import Metainfo
internal import NIOCore
internal import Primitives

/// A torrent's bytes in memory, with what the real storage tells its core.
struct VirtualStorage {
  let info: TorrentInfo
  private(set) var layers: PieceLayers
  private(set) var have: Bitfield
  private var pieces: [Int: [Int: ByteBuffer]] = [:]
  private var suspects: Set<Int> = []

  init(_ info: TorrentInfo, layers: PieceLayers) {
    self.info = info
    self.layers = layers
    have = Bitfield(bitCount: info.layout.pieceCount)
  }

  /// Takes in a whole torrent.
  mutating func fill(_ torrent: TestTorrent) {
    for piece in 0..<info.layout.pieceCount {
      for block in torrent.blocks(of: piece) {
        pieces[piece, default: [:]][block.offset] = torrent.bytes(block)
      }
    }
    have.fill()
  }

  mutating func insertLayer(_ hashes: [UInt8], root: Hash256) {
    try? layers.insert(hashes, root: root, of: info)
  }

  mutating func store(_ block: BlockRequest, _ data: ByteBuffer) -> [StorageEvent] {
    guard !have[block.piece] else { return [] }
    pieces[block.piece, default: [:]][block.offset] = data
    guard pieces[block.piece]?.count == info.layout.blockCount(ofPiece: block.piece) else {
      return []
    }
    return judge(block.piece)
  }

  mutating func discard(_ piece: Int) {
    pieces[piece] = nil
    have.remove(piece)
  }

  func read(_ block: BlockRequest) -> ByteBuffer? {
    guard have[block.piece] else { return nil }
    // Requests lie within one block in these tests, though not always at its beginning.
    let start = block.offset / BlockRequest.blockLength * BlockRequest.blockLength
    return pieces[block.piece]?[start]?.getSlice(at: block.offset - start, length: block.length)
  }

  /// All bytes, in order.
  var contents: [UInt8] {
    (0..<info.layout.pieceCount).flatMap { data(of: $0) }
  }

  private func data(of piece: Int) -> [UInt8] {
    var data = ByteBuffer()
    for (_, block) in (pieces[piece] ?? [:]).sorted(by: { $0.key < $1.key }) {
      data.writeImmutableBuffer(block)
    }
    return data.readBytes(length: data.readableBytes) ?? []
  }

  private mutating func judge(_ piece: Int) -> [StorageEvent] {
    let blocks = (pieces[piece] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    let digests = blocks.map { $0.withUnsafeReadableBytes { BlockDigest(hashing: $0) } }
    let expected = info.expectation(ofPiece: piece, layers: layers)
    if let sha1 = expected.sha1, SHA1Hash(hashing: data(of: piece)) != sha1 {
      return failed(piece, digests)
    }
    if let tree = expected.tree, let root = tree.root {
      let leaves = blocks.flatMap { block in
        block.withUnsafeReadableBytes { bytes in
          var hasher = SHA256()
          hasher.update(bufferPointer: bytes)
          return Array(hasher.finalize())
        }
      }
      guard MerkleTree(base: leaves, width: tree.leafCount)?.root == root else {
        return failed(piece, digests)
      }
    } else if expected.sha1 == nil {
      return failed(piece, digests)
    }
    have.insert(piece)
    return [.pieceVerified(piece)]
      + (suspects.remove(piece) == nil ? [] : [.pieceDigests(piece, digests)])
  }

  private mutating func failed(_ piece: Int, _ digests: [BlockDigest]) -> [StorageEvent] {
    suspects.insert(piece)
    pieces[piece] = nil
    return [.pieceFailed(piece, digests: digests, badBlocks: [])]
  }
}
