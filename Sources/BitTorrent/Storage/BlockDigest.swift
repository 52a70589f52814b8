internal import Crypto
package import Primitives

/// The SHA-256 of one block, by which the blocks of a failed piece are compared with the right ones.
///
/// It is a cryptographic digest so that nobody can send a wrong block that passes for the right one.
package struct BlockDigest: Hashable, Sendable {
  private let hash: Hash256

  /// The digest of a block.
  package init(hashing bytes: UnsafeRawBufferPointer) {
    var hasher = SHA256()
    hasher.update(bufferPointer: bytes)
    let digest = hasher.finalize()
    hash = Hash256 { target in digest.withUnsafeBytes { target.copyMemory(from: $0) } }
  }

  /// The digest that a v2 torrent's leaf already is.
  package init(leaf: Hash256) { hash = leaf }
}
