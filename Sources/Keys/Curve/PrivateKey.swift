public import Primitives

/// A secret number of secp256k1, which controls an account.
///
/// Copies share one buffer, which is overwritten when the last of them goes. Descriptions,
/// mirrors and errors never show it.
public struct PrivateKey: Sendable {
  private let secret: SecretBytes

  /// The point that belongs to the secret.
  public let publicKey: PublicKey

  /// Takes 32 big-endian bytes of a number from 1 to n − 1.
  public init(bytes: some Collection<UInt8>) throws(KeyError) {
    guard bytes.count == 32 else { throw .wrongPrivateKeyLength(bytes.count) }
    let secret = SecretBytes(bytes)
    let key = secret.withUnsafeBytes { $0.baseAddress.flatMap(Secp256k1.publicKey(secret:)) }
    guard let key else { throw .privateKeyOutOfRange }
    self.secret = secret
    publicKey = key
  }

  /// Reads 64 digits, with or without `0x`.
  public init(hex: some StringProtocol) throws(KeyError) {
    var bytes: [UInt8]
    do {
      bytes = try Hex.decode(hex)
    } catch {
      throw .notHex(error)
    }
    defer { SecretBytes.wipe(&bytes) }
    try self.init(bytes: bytes)
  }

  /// A new key from the system's randomness.
  public static func generate() -> PrivateKey {
    while true {
      var bytes = RandomBytes.make(32)
      defer { SecretBytes.wipe(&bytes) }
      // All but 2^-128 of the numbers are keys.
      if let key = try? PrivateKey(bytes: bytes) { return key }
    }
  }

  /// The account that the key controls.
  public var address: Address { publicKey.address }

  /// The deterministic signature of RFC 6979 over a digest, with a low s.
  public func sign(_ digest: Hash256) throws(KeyError) -> Signature {
    let parts = secret.withUnsafeBytes { secret in
      secret.baseAddress.flatMap { Secp256k1.sign(digest, secret: $0) }
    }
    guard let parts, let recoveryID = UInt8(exactly: parts.recoveryID),
      let signature = try? Signature(r: parts.r, s: parts.s, recoveryID: recoveryID)
    else { throw .signingFailed }
    return signature
  }

  /// Calls `body` with the 32 secret bytes in place; they must not be kept or printed.
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try secret.withUnsafeBytes(body)
  }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The address, and nothing of the secret.
  public var description: String { "PrivateKey(of: \(address))" }

  /// The address, and nothing of the secret.
  public var debugDescription: String { description }

  /// The address, and nothing of the secret.
  public var customMirror: Mirror { Mirror(self, children: ["address": address]) }
}
