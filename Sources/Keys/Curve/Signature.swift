public import Primitives

/// An ECDSA signature over secp256k1 from which the signer can be recovered.
///
/// Every value is one that Ethereum takes since Homestead: 0 < r < n and 0 < s ≤ n/2 (EIP-2).
public struct Signature: Hashable, Sendable {
  /// The x coordinate of the nonce's point.
  public let r: UInt256
  /// The proof, at most n/2.
  public let s: UInt256
  /// The parity of the nonce's point, 0 or 1 (`yParity` of typed transactions).
  public let recoveryID: UInt8

  /// Takes three numbers in their ranges.
  public init(r: UInt256, s: UInt256, recoveryID: UInt8) throws(SignatureError) {
    guard recoveryID < 2 else { throw .invalidRecoveryID(recoveryID) }
    guard !r.isZero, r < Secp256k1.order else { throw .invalidR }
    guard !s.isZero, s < Secp256k1.order else { throw .invalidS }
    guard s <= Secp256k1.halfOrder else { throw .highS }
    self.r = r
    self.s = s
    self.recoveryID = recoveryID
  }

  /// Reads r‖s‖v of 65 bytes with v = 27 or 28, and nothing else.
  public init(bytes: some Collection<UInt8>) throws(SignatureError) {
    guard bytes.count == 65,
      let r = UInt256(bigEndian: bytes.prefix(32)),
      let s = UInt256(bigEndian: bytes.dropFirst(32).prefix(32)),
      let v = bytes.dropFirst(64).first
    else { throw .wrongLength(bytes.count) }
    guard v == 27 || v == 28 else { throw .invalidV(v) }
    try self.init(r: r, s: s, recoveryID: v - 27)
  }

  /// r‖s‖v, 65 bytes, v = 27 or 28.
  public var bytes: [UInt8] { compact + [v] }

  /// r‖s, 64 bytes.
  public var compact: [UInt8] { r.word.bytes + s.word.bytes }

  /// 27 plus the recovery identifier.
  public var v: UInt8 { 27 + recoveryID }

  /// The key that signed `digest`.
  public func recoverPublicKey(digest: Hash256) throws(SignatureError) -> PublicKey {
    guard let key = Secp256k1.recover(digest: digest, r: r, s: s, recoveryID: recoveryID) else {
      throw .notRecoverable
    }
    return key
  }

  /// The account that signed `digest`.
  public func recoverAddress(digest: Hash256) throws(SignatureError) -> Address {
    try recoverPublicKey(digest: digest).address
  }

  /// The account behind loose numbers, or nil when there is none.
  ///
  /// This is what the precompiled contract at address 1 asks: unlike a transaction's signature,
  /// s may be in the upper half.
  public static func recoverAddress(
    digest: Hash256, r: UInt256, s: UInt256, recoveryID: UInt8
  ) -> Address? {
    guard recoveryID < 2 else { return nil }
    return Secp256k1.recover(digest: digest, r: r, s: s, recoveryID: recoveryID)?.address
  }
}

extension Signature: CustomStringConvertible {
  /// The 65 bytes in hex.
  public var description: String { Hex.encode(bytes) }
}
