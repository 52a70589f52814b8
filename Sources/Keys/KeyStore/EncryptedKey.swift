internal import Crypto
public import Primitives

/// A private key under a password: version 3 of Web3 Secret Storage.
///
/// https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage
public struct EncryptedKey: Hashable, Sendable {
  /// How much work a guess of the password costs.
  public enum Strength: Hashable, Sendable {
    /// scrypt with N = 262144, r = 8, p = 1: 256 MiB and about a second.
    case standard
    /// scrypt with N = 4096, r = 8, p = 6: 4 MiB and less than a tenth of a second.
    case light
  }

  /// The account, which the format allows to leave out.
  public let address: Address?
  /// The file's UUID, which some writers leave out.
  public let id: String?

  let derivation: KeyDerivation
  let iv: [UInt8]
  let ciphertext: [UInt8]
  let mac: [UInt8]

  init(
    address: Address?, id: String?, derivation: KeyDerivation, iv: [UInt8], ciphertext: [UInt8],
    mac: [UInt8]
  ) {
    self.address = address
    self.id = id
    self.derivation = derivation
    self.iv = iv
    self.ciphertext = ciphertext
    self.mac = mac
  }

  /// Encrypts a key with a fresh salt, initial counter and identifier.
  ///
  /// This takes as long as `strength` says, and blocks.
  public init(
    _ key: PrivateKey, password: String, strength: Strength = .standard
  ) throws(KeyStoreError) {
    let salt = RandomBytes.make(32)
    let derivation: KeyDerivation =
      switch strength {
      case .standard: .scrypt(n: 262_144, r: 8, p: 1, salt: salt)
      case .light: .scrypt(n: 4096, r: 8, p: 6, salt: salt)
      }
    guard let derived = derivation.derive(from: password) else { throw .derivationFailed }
    let iv = RandomBytes.make(16)
    var secret = key.withUnsafeBytes { [UInt8]($0) }
    defer { SecretBytes.wipe(&secret) }
    guard let ciphertext = Self.apply(derived, iv: iv, to: secret) else {
      throw .derivationFailed
    }
    self.init(
      address: key.address, id: Self.makeID(), derivation: derivation, iv: iv,
      ciphertext: ciphertext, mac: Self.mac(derived, ciphertext: ciphertext))
  }

  /// The key, when the password is right.
  ///
  /// This takes as long as the file's parameters say, and blocks.
  public func decrypt(password: String) throws(KeyStoreError) -> PrivateKey {
    guard let derived = derivation.derive(from: password) else { throw .derivationFailed }
    guard Cryptography.isEqual(Self.mac(derived, ciphertext: ciphertext), mac) else {
      throw .wrongPassword(address)
    }
    guard var secret = Self.apply(derived, iv: iv, to: ciphertext) else {
      throw .derivationFailed
    }
    // Some writers dropped leading zeros.
    var padded = [UInt8](repeating: 0, count: max(0, 32 - secret.count)) + secret
    defer {
      SecretBytes.wipe(&secret)
      SecretBytes.wipe(&padded)
    }
    guard let key = try? PrivateKey(bytes: padded) else {
      throw .corrupt("it holds a number that is no private key")
    }
    if let address, address != key.address {
      throw .addressMismatch(file: address, key: key.address)
    }
    return key
  }

  private static func mac(_ derived: SymmetricKey, ciphertext: [UInt8]) -> [UInt8] {
    derived.withUnsafeBytes { Keccak256.hash([UInt8]($0.dropFirst(16)) + ciphertext).bytes }
  }

  private static func apply(_ derived: SymmetricKey, iv: [UInt8], to bytes: [UInt8]) -> [UInt8]? {
    derived.withUnsafeBytes { Cryptography.aes128CTR(bytes, key: $0.prefix(16), iv: iv) }
  }

  /// A random UUID, version 4 of RFC 9562.
  private static func makeID() -> String {
    var bytes = RandomBytes.make(16)
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = [bytes[..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10...]]
    return digits.map { Hex.encode($0, prefix: false) }.joined(separator: "-")
  }
}
