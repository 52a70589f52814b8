internal import Crypto
internal import Metainfo
internal import Primitives

/// The hashes of a piece whose blocks come in any order.
///
/// v1 is one SHA-1 over the bytes in their order, so it takes the blocks one after the other. v2 is
/// a tree over the SHA-256 of each block, so it takes them as they come (BEP 52).
struct BlockHasher {
  private let paddingLength: Int
  private var sha1: Insecure.SHA1?
  private var leaves: [UInt8]
  private var hasLeaf: Bitfield

  /// Of no blocks yet.
  init(_ expectation: PieceExpectation, blockCount: Int) {
    paddingLength = expectation.length - expectation.dataLength
    if expectation.sha1 != nil { sha1 = Insecure.SHA1() }
    let leafCount = expectation.tree == nil ? 0 : blockCount
    leaves = [UInt8](repeating: 0, count: leafCount * 32)
    hasLeaf = Bitfield(bitCount: leafCount)
  }

  /// Whether a block's bytes are still needed when all blocks before it went by.
  func needsBytes(ofBlock block: Int) -> Bool {
    sha1 != nil || (block < hasLeaf.bitCount && !hasLeaf[block])
  }

  /// Takes any block as it comes.
  mutating func takeAny(_ bytes: UnsafeRawBufferPointer, block: Int) {
    guard hasLeaf.insert(block) else { return }
    leaves.withUnsafeMutableBytes { leaves in
      PieceDigest.leaf(bytes).withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: leaves[block * 32..<block * 32 + 32])
          .copyMemory(from: $0)
      }
    }
  }

  /// Whether a block's leaf is what `leaves` says, 32 bytes for each block; nil where one of the
  /// two is unknown.
  func isRight(_ block: Int, by leaves: [UInt8]) -> Bool? {
    let range = block * 32..<block * 32 + 32
    guard block < hasLeaf.bitCount, hasLeaf[block], range.upperBound <= leaves.count else {
      return nil
    }
    return self.leaves[range] == leaves[range]
  }

  /// Forgets a block that was wrong; false where it is part of the v1 hash already.
  mutating func forget(_ block: Int, before hashedBlocks: Int) -> Bool {
    guard sha1 == nil || block >= hashedBlocks else { return false }
    return hasLeaf.remove(block)
  }

  /// Takes the block that follows the last one that it took in order.
  mutating func takeNext(_ bytes: UnsafeRawBufferPointer, block: Int) {
    sha1?.update(bufferPointer: bytes)
    takeAny(bytes, block: block)
  }

  /// What the piece comes to, when all blocks went by.
  func digest() -> PieceDigest {
    var sha1 = sha1
    var padding = paddingLength
    while padding > 0 {
      let step = min(padding, Self.zeros.count)
      Self.zeros.withUnsafeBytes { sha1?.update(bufferPointer: .init(rebasing: $0[..<step])) }
      padding -= step
    }
    let hash = sha1.flatMap { sha1 in sha1.finalize().withUnsafeBytes { SHA1Hash($0) } }
    return PieceDigest(sha1: hash, leaves: leaves)
  }

  /// The digest of a block whose leaf is known.
  func digest(ofBlock block: Int) -> BlockDigest? {
    guard hasLeaf[block], let leaf = Hash256(leaves[block * 32..<block * 32 + 32]) else {
      return nil
    }
    return BlockDigest(leaf: leaf)
  }

  private static let zeros = [UInt8](repeating: 0, count: BlockRequest.blockLength)
}
