internal import Crypto
package import Primitives

extension Hash256 {
  /// The SHA-256 digest of `bytes`.
  package init(hashing bytes: some Collection<UInt8>) {
    var hasher = SHA256()
    if bytes.withContiguousStorageIfAvailable({ hasher.update(bufferPointer: .init($0)) }) == nil {
      [UInt8](bytes).withUnsafeBytes { hasher.update(bufferPointer: $0) }
    }
    self.init(hasher.finalize())
  }

  init(_ digest: SHA256Digest) {
    self.init { buffer in digest.withUnsafeBytes { buffer.copyMemory(from: $0) } }
  }
}

extension HashFunction {
  /// The digest of bytes in place.
  static func digest(_ bytes: UnsafeRawBufferPointer) -> Digest {
    var hasher = Self()
    hasher.update(bufferPointer: bytes)
    return hasher.finalize()
  }
}
