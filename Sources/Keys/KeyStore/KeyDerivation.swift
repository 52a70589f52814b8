internal import Crypto
internal import CryptoExtras

/// How a password becomes an encryption key, with parameters that are within bounds.
enum KeyDerivation: Hashable, Sendable {
  /// RFC 7914.
  case scrypt(n: Int, r: Int, p: Int, salt: [UInt8])
  /// RFC 8018 with HMAC-SHA256.
  case pbkdf2(rounds: Int, salt: [UInt8])

  /// The length of a derived key: 16 bytes encrypt, 16 authenticate.
  static let keyLength = 32

  /// scrypt's main buffer is 128 · N · r bytes, here at most 1 GiB.
  static let maximumMemory = 1 << 30

  /// The most work scrypt may do, as N · r · p: sixteen times that of the standard parameters.
  static let maximumWork = 1 << 25

  /// The most rounds of PBKDF2, about forty times the usual.
  static let maximumRounds = 10_000_000

  /// The most bytes of salt.
  static let maximumSalt = 1024

  /// scrypt, or nil when a parameter is out of bounds.
  ///
  /// A file decides on them, so that they are checked before a byte is allocated.
  static func scrypt(checkedN n: Int, r: Int, p: Int, salt: [UInt8]) -> KeyDerivation? {
    guard n > 1, n & (n - 1) == 0, r > 0, p > 0, (1...maximumSalt).contains(salt.count),
      n <= maximumMemory / 128, r <= maximumMemory / 128 / n, p <= maximumWork / (n * r)
    else { return nil }
    return .scrypt(n: n, r: r, p: p, salt: salt)
  }

  /// PBKDF2, or nil when a parameter is out of bounds.
  static func pbkdf2(checkedRounds rounds: Int, salt: [UInt8]) -> KeyDerivation? {
    guard (1...maximumRounds).contains(rounds), (1...maximumSalt).contains(salt.count) else {
      return nil
    }
    return .pbkdf2(rounds: rounds, salt: salt)
  }

  /// The key of 32 bytes, or nil when the library refuses, as it does without memory.
  func derive(from password: String) -> SymmetricKey? {
    let password = Array(password.utf8)
    switch self {
    case .scrypt(let n, 1, let p, let salt) where n >= 1 << 16:
      return LegacyScrypt.derive(from: password, salt: salt, n: n, p: p).map {
        SymmetricKey(data: $0)
      }
    case .scrypt(let n, let r, let p, let salt):
      return try? KDF.Scrypt.deriveKey(
        from: password, salt: salt, outputByteCount: Self.keyLength, rounds: n, blockSize: r,
        parallelism: p)
    case .pbkdf2(let rounds, let salt):
      return try? KDF.Insecure.PBKDF2.deriveKey(
        from: password, salt: salt, using: .sha256, outputByteCount: Self.keyLength,
        unsafeUncheckedRounds: rounds)
    }
  }
}
