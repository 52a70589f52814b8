internal import Crypto
public import Primitives

/// What the bytes of a piece hash to.
public struct PieceDigest: Sendable, Equatable {
  /// The v1 hash, if it was wanted.
  public let sha1: SHA1Hash?
  /// The hashes of the blocks of data, 32 bytes each, if the v2 side was wanted.
  public let leaves: [UInt8]

  /// A digest with those hashes.
  public init(sha1: SHA1Hash?, leaves: [UInt8]) {
    self.sha1 = sha1
    self.leaves = leaves
  }

  /// The root of the leaves in a tree of `leafCount` leaves, a power of two; nil without leaves.
  public func root(leafCount: Int) -> Hash256? {
    MerkleTree.root(of: leaves, width: leafCount, baseLayer: 0)
  }

  /// The v2 hash of one block, at most 16 KiB.
  public static func leaf(_ block: UnsafeRawBufferPointer) -> Hash256 {
    Hash256(SHA256.digest(block))
  }
}

/// Whether a piece is what the torrent says.
public enum PieceVerdict: Sendable, Equatable {
  /// Every hash that is known is right.
  case valid
  /// A hash is wrong.
  case invalid
  /// Bytes of the piece are not there.
  case missing
  /// No hash of the piece is known yet: the file's piece layer has not come.
  case unverifiable
}

extension PieceExpectation {
  /// Whether one side of a hybrid torrent calls a piece's bytes right and the other calls them
  /// wrong: no bytes will please both.
  package func isContradicted(by digest: PieceDigest) -> Bool {
    guard let sha1, let tree, let root = tree.root else { return false }
    return (digest.sha1 == sha1) != (digest.root(leafCount: tree.leafCount) == root)
  }

  /// Compares the hashes of a piece's bytes with those that it must have: all that are known.
  public func verdict(on digest: PieceDigest) -> PieceVerdict {
    guard isVerifiable else { return .unverifiable }
    if let sha1, digest.sha1 != sha1 { return .invalid }
    if let tree, let root = tree.root, digest.root(leafCount: tree.leafCount) != root {
      return .invalid
    }
    return .valid
  }
}
