public import Primitives

/// A point of secp256k1 other than infinity.
public struct PublicKey: Hashable, Sendable {
  /// The big-endian x coordinate.
  public let x: Hash256
  /// The big-endian y coordinate.
  public let y: Hash256

  init(uncheckedX x: Hash256, y: Hash256) {
    self.x = x
    self.y = y
  }

  /// Reads the compressed form of 33 bytes, the uncompressed one of 65, or x‖y of 64.
  ///
  /// The hybrid form of 65 bytes (first byte 6 or 7) is refused.
  public init(bytes: some Collection<UInt8>) throws(KeyError) {
    var form = [UInt8](bytes)
    switch (form.count, form.first) {
    case (33, 2), (33, 3), (65, 4): break
    case (64, _): form.insert(4, at: 0)
    case (33, _), (65, _): throw .invalidPublicKey
    case (let count, _): throw .wrongPublicKeyLength(count)
    }
    guard let key = form.withUnsafeBytes({ Secp256k1.publicKey(parsing: $0) }) else {
      throw .invalidPublicKey
    }
    self = key
  }

  /// x‖y, 64 bytes.
  public var bytes: [UInt8] { x.bytes + y.bytes }

  /// 04‖x‖y, 65 bytes.
  public var uncompressed: [UInt8] { [4] + x.bytes + y.bytes }

  /// 02‖x or 03‖x by the parity of y, 33 bytes.
  public var compressed: [UInt8] { [2 | y[31] & 1] + x.bytes }

  /// The account: the last 20 bytes of the hash of x‖y.
  public var address: Address {
    let point = (x, y)
    return Address(truncating: withUnsafeBytes(of: point) { Keccak256.hash($0) })
  }

  /// Whether the key made `signature` over `digest`; the recovery identifier plays no part.
  public func verify(_ signature: Signature, digest: Hash256) -> Bool {
    Secp256k1.verify(r: signature.r, s: signature.s, digest: digest, key: self)
  }

  /// Whether the key made a signature given in strict DER with a low s.
  public func verify(der signature: some Collection<UInt8>, digest: Hash256) -> Bool {
    // 72 bytes is the longest DER form of two numbers below 2^256.
    guard signature.count <= 72 else { return false }
    return [UInt8](signature).withUnsafeBytes {
      Secp256k1.verify(der: $0, digest: digest, key: self)
    }
  }
}

extension PublicKey: CustomStringConvertible {
  /// The compressed form in hex.
  public var description: String { Hex.encode(compressed) }
}
