internal import Crypto
internal import Metainfo
internal import Primitives

/// The hashes of one piece, as far as its bytes have come by.
///
/// v1 is one SHA-1 over the bytes in their order. v2 is a SHA-256 per block, in any order, and a
/// tree over these (BEP 52).
struct PieceHasher {
  let length: Int
  let dataLength: Int
  private var sha1: Insecure.SHA1?
  private var leaves: [Hash256]
  private var hasLeaf: Bitfield

  /// Of no bytes yet.
  init(_ expectation: PieceExpectation) {
    length = expectation.length
    dataLength = expectation.dataLength
    if expectation.sha1 != nil { sha1 = Insecure.SHA1() }
    let blockCount = (dataLength + BlockRequest.blockLength - 1) / BlockRequest.blockLength
    let leafCount = expectation.tree == nil ? 0 : blockCount
    leaves = Array(repeating: .zero, count: leafCount)
    hasLeaf = Bitfield(bitCount: leafCount)
  }

  /// Whether a block's bytes are still needed when all blocks before it went by.
  func needsBytes(ofBlock block: Int) -> Bool { sha1 != nil || !hasLeaf[block] }

  /// Takes a block at once, in any order: its leaf.
  mutating func takeLeaf(_ bytes: UnsafeRawBufferPointer, block: Int) {
    guard leaves.indices.contains(block), hasLeaf.insert(block) else { return }
    leaves[block] = Self.leaf(bytes)
  }

  /// Takes the blocks in their order, one by one.
  mutating func takeNext(_ bytes: UnsafeRawBufferPointer, block: Int) {
    sha1?.update(bufferPointer: bytes)
    takeLeaf(bytes, block: block)
  }

  /// Whether all blocks, which went by now, are right.
  func matches(_ expectation: PieceExpectation) -> Bool {
    guard expectation.isVerifiable else { return false }
    if let wanted = expectation.sha1 {
      guard var sha1 else { return false }
      Self.padding(length - dataLength) { sha1.update(bufferPointer: $0) }
      let digest = sha1.finalize()
      guard wanted.withUnsafeBytes({ bytes in digest.withUnsafeBytes { $0.elementsEqual(bytes) } })
      else { return false }
    }
    guard let tree = expectation.tree, let root = tree.root else { return true }
    return hasLeaf.isFull && Self.root(of: leaves, leafCount: tree.leafCount) == root
  }

  /// The leaf of a block, when it went by.
  func digest(ofBlock block: Int) -> BlockDigest? {
    hasLeaf[block] ? BlockDigest(leaf: leaves[block]) : nil
  }

  static func leaf(_ bytes: UnsafeRawBufferPointer) -> Hash256 {
    var hasher = SHA256()
    hasher.update(bufferPointer: bytes)
    let digest = hasher.finalize()
    return Hash256 { target in digest.withUnsafeBytes { target.copyMemory(from: $0) } }
  }

  /// The root over leaves, of which those after the last are zero.
  static func root(of leaves: [Hash256], leafCount: Int) -> Hash256 {
    var layer = leaves
    var padding = Hash256.zero
    var width = leafCount
    while width > 1 {
      if layer.count % 2 == 1 { layer.append(padding) }
      for index in 0..<layer.count / 2 {
        layer[index] = parent(layer[2 * index], layer[2 * index + 1])
      }
      layer.removeLast(layer.count / 2)
      padding = parent(padding, padding)
      width /= 2
    }
    return layer.first ?? padding
  }

  private static func parent(_ left: Hash256, _ right: Hash256) -> Hash256 {
    var hasher = SHA256()
    left.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    right.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    let digest = hasher.finalize()
    return Hash256 { target in digest.withUnsafeBytes { target.copyMemory(from: $0) } }
  }

  private static let zeros = [UInt8](repeating: 0, count: BlockRequest.blockLength)

  private static func padding(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    var left = count
    zeros.withUnsafeBytes { zeros in
      while left > 0 {
        body(UnsafeRawBufferPointer(rebasing: zeros[..<min(left, zeros.count)]))
        left -= zeros.count
      }
    }
  }
}
