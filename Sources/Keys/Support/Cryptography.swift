internal import Crypto
internal import CryptoExtras

/// What keys need of swift-crypto besides `KeyDerivation`.
enum Cryptography {
  /// AES-128 in counter mode, which is its own inverse.
  static func aes128CTR(_ bytes: [UInt8], key: some Collection<UInt8>, iv: [UInt8]) -> [UInt8]? {
    guard let nonce = try? AES._CTR.Nonce(nonceBytes: iv),
      let output = try? AES._CTR.encrypt(
        bytes, using: SymmetricKey(data: [UInt8](key)), nonce: nonce)
    else { return nil }
    return [UInt8](output)
  }

  /// HMAC-SHA512.
  static func hmacSHA512(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    [UInt8](HMAC<SHA512>.authenticationCode(for: bytes, using: SymmetricKey(data: key)))
  }

  /// SHA-256.
  static func sha256(_ bytes: [UInt8]) -> [UInt8] { [UInt8](SHA256.hash(data: bytes)) }

  /// PBKDF2 with HMAC-SHA256 or HMAC-SHA512, or nil when the library refuses.
  static func pbkdf2(
    _ function: KDF.Insecure.PBKDF2.HashFunction, password: [UInt8], salt: [UInt8], rounds: Int,
    count: Int
  ) -> [UInt8]? {
    let key = try? KDF.Insecure.PBKDF2.deriveKey(
      from: password, salt: salt, using: function, outputByteCount: count,
      unsafeUncheckedRounds: rounds)
    return key?.withUnsafeBytes { [UInt8]($0) }
  }

  /// Equality in a time that depends on the lengths only.
  static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
