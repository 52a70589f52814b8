internal import COpenSSL

/// What message stream encryption needs of OpenSSL's libcrypto.
package enum LibCrypto {
  /// An RC4 key stream, and how far it is used up.
  ///
  /// It is confined to whoever owns the connection; copies of a reference share the position.
  package final class RC4Stream {
    private let key = UnsafeMutablePointer<RC4_KEY>.allocate(capacity: 1)

    /// The stream of a key, from its first byte.
    package init(key bytes: [UInt8]) {
      RC4_set_key(key, Int32(clamping: bytes.count), bytes)
    }

    deinit { key.deallocate() }

    /// Encrypts or decrypts bytes where they lie.
    package func apply(to bytes: UnsafeMutableRawBufferPointer) {
      guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
      RC4(key, bytes.count, start, start)
    }
  }

  /// `base` to the power of `exponent` modulo the odd `modulus`, as many bytes as the modulus has.
  ///
  /// All are numbers with the highest byte first. It is nil only for want of memory.
  package static func power(
    _ base: [UInt8], _ exponent: [UInt8], modulo modulus: [UInt8]
  ) -> [UInt8]? {
    func number(_ bytes: [UInt8]) -> OpaquePointer? {
      BN_bin2bn(bytes, Int32(clamping: bytes.count), nil)
    }
    let numbers = (base: number(base), exponent: number(exponent), modulus: number(modulus))
    let (result, context) = (BN_new(), BN_CTX_new())
    defer {
      BN_free(numbers.base)
      BN_clear_free(numbers.exponent)
      BN_free(numbers.modulus)
      BN_clear_free(result)
      BN_CTX_free(context)
    }
    var bytes = [UInt8](repeating: 0, count: modulus.count)
    guard numbers.base != nil, numbers.exponent != nil, numbers.modulus != nil, result != nil,
      context != nil,
      BN_mod_exp_mont_consttime(
        result, numbers.base, numbers.exponent, numbers.modulus, context, nil) == 1,
      BN_bn2binpad(result, &bytes, Int32(clamping: bytes.count)) == bytes.count
    else { return nil }
    return bytes
  }
}
