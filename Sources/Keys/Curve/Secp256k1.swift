internal import CSecp256k1
internal import Primitives

/// The only file that calls libsecp256k1.
///
/// Its structures stay on the stack: recovering a sender is the hottest loop of block import, and
/// nothing here allocates.
enum Secp256k1 {
  /// n, the number of points.
  static let order = UInt256(
    high: 0xFFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFE,
    low: 0xBAAE_DCE6_AF48_A03B_BFD2_5E8C_D036_4141)

  /// n / 2 rounded down, the greatest s that EIP-2 takes.
  static let halfOrder = order >> 1

  /// Made and blinded once before its first use, only read after that, so that threads share it.
  private nonisolated(unsafe) static let context: OpaquePointer = {
    // Out of memory, the library stops the process by itself rather than return a null pointer.
    let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)).unsafelyUnwrapped
    var generator = SystemRandomNumberGenerator()
    var seed = (generator.next(), generator.next(), generator.next(), generator.next())
    withUnsafeBytes(of: &seed) { seed in
      // Blinding hardens signing against side channels; it cannot fail on a signing context.
      if let seed = seed.baseAddress { _ = secp256k1_context_randomize(context, seed) }
    }
    return context
  }()

  /// The form 04‖x‖y at the last byte of the prefix, which puts x and y on word boundaries.
  private struct Uncompressed {
    var prefix: UInt64 = 0
    var x = Hash256.zero
    var y = Hash256.zero

    init() {}

    init(_ key: PublicKey) {
      prefix = UInt64(0x04).bigEndian
      x = key.x
      y = key.y
    }

    static let offset = 7
    static let count = 65
  }

  // MARK: - Keys

  /// The public key of a secret of 32 bytes, or nil unless 0 < secret < n.
  static func publicKey(secret: UnsafeRawPointer) -> PublicKey? {
    var key = secp256k1_pubkey()
    guard secp256k1_ec_pubkey_create(context, &key, secret) == 1 else { return nil }
    return serialize(&key)
  }

  /// The key in a 33-byte or 65-byte form, or nil when that is no point of the curve.
  static func publicKey(parsing bytes: UnsafeRawBufferPointer) -> PublicKey? {
    var key = secp256k1_pubkey()
    guard let base = bytes.baseAddress,
      secp256k1_ec_pubkey_parse(context, &key, base, bytes.count) == 1
    else { return nil }
    return serialize(&key)
  }

  private static func serialize(_ key: inout secp256k1_pubkey) -> PublicKey {
    var output = Uncompressed()
    var count = Uncompressed.count
    _ = withUnsafeMutablePointer(to: &output) { output in
      secp256k1_ec_pubkey_serialize(
        context, UnsafeMutableRawPointer(output) + Uncompressed.offset, &count, &key,
        UInt32(SECP256K1_EC_UNCOMPRESSED))
    }
    return PublicKey(uncheckedX: output.x, y: output.y)
  }

  private static func parse(_ key: PublicKey, into parsed: inout secp256k1_pubkey) -> Bool {
    var input = Uncompressed(key)
    return withUnsafePointer(to: &input) { input in
      secp256k1_ec_pubkey_parse(
        context, &parsed, UnsafeRawPointer(input) + Uncompressed.offset, Uncompressed.count)
    } == 1
  }

  /// Adds a tweak to a secret in place, modulo n; false when the sum is no valid secret.
  static func add(_ tweak: UnsafeRawPointer, toSecret secret: UnsafeMutableRawPointer) -> Bool {
    secp256k1_ec_seckey_tweak_add(context, secret, tweak) == 1
  }

  /// The point of a key plus tweak · G, or nil when that is none.
  static func add(_ tweak: UnsafeRawPointer, to key: PublicKey) -> PublicKey? {
    var parsed = secp256k1_pubkey()
    guard parse(key, into: &parsed),
      secp256k1_ec_pubkey_tweak_add(context, &parsed, tweak) == 1
    else { return nil }
    return serialize(&parsed)
  }

  // MARK: - Signatures

  /// r, s and the recovery identifier of the RFC 6979 signature, s low.
  static func sign(
    _ digest: Hash256, secret: UnsafeRawPointer
  ) -> (r: UInt256, s: UInt256, recoveryID: Int32)? {
    var signature = secp256k1_ecdsa_recoverable_signature()
    let signed = withUnsafePointer(to: digest) { digest in
      secp256k1_ecdsa_sign_recoverable(
        context, &signature, UnsafeRawPointer(digest), secret, nil, nil)
    }
    guard signed == 1 else { return nil }
    var compact = (Hash256.zero, Hash256.zero)
    var recoveryID: Int32 = 0
    _ = withUnsafeMutablePointer(to: &compact) { compact in
      secp256k1_ecdsa_recoverable_signature_serialize_compact(
        context, UnsafeMutableRawPointer(compact), &recoveryID, &signature)
    }
    return (UInt256(compact.0), UInt256(compact.1), recoveryID)
  }

  /// The key that made a signature, or nil when there is none; s may be high.
  static func recover(
    digest: Hash256, r: UInt256, s: UInt256, recoveryID: UInt8
  ) -> PublicKey? {
    guard recoveryID < 4 else { return nil }
    var compact = (r.word, s.word)
    var signature = secp256k1_ecdsa_recoverable_signature()
    let parsed = withUnsafePointer(to: &compact) { compact in
      secp256k1_ecdsa_recoverable_signature_parse_compact(
        context, &signature, UnsafeRawPointer(compact), Int32(recoveryID))
    }
    guard parsed == 1 else { return nil }
    var key = secp256k1_pubkey()
    let recovered = withUnsafePointer(to: digest) { digest in
      secp256k1_ecdsa_recover(context, &key, &signature, UnsafeRawPointer(digest))
    }
    guard recovered == 1 else { return nil }
    return serialize(&key)
  }

  /// Whether r and s sign the digest under a key; a high s never does.
  static func verify(r: UInt256, s: UInt256, digest: Hash256, key: PublicKey) -> Bool {
    var compact = (r.word, s.word)
    var signature = secp256k1_ecdsa_signature()
    let parsed = withUnsafePointer(to: &compact) { compact in
      secp256k1_ecdsa_signature_parse_compact(context, &signature, UnsafeRawPointer(compact))
    }
    return parsed == 1 && verify(&signature, digest: digest, key: key)
  }

  /// Whether a strict DER signature signs the digest under a key; a high s never does.
  static func verify(der: UnsafeRawBufferPointer, digest: Hash256, key: PublicKey) -> Bool {
    var signature = secp256k1_ecdsa_signature()
    guard let base = der.baseAddress,
      secp256k1_ecdsa_signature_parse_der(context, &signature, base, der.count) == 1
    else { return false }
    return verify(&signature, digest: digest, key: key)
  }

  private static func verify(
    _ signature: inout secp256k1_ecdsa_signature, digest: Hash256, key: PublicKey
  ) -> Bool {
    var parsed = secp256k1_pubkey()
    guard parse(key, into: &parsed) else { return false }
    return withUnsafePointer(to: digest) { digest in
      secp256k1_ecdsa_verify(context, &signature, UnsafeRawPointer(digest), &parsed)
    } == 1
  }
}
