internal import CryptoExtras

/// scrypt with r = 1 and N ≥ 2^16, which RFC 7914 forbids.
///
/// swift-crypto refuses it, rightly, but the first Ethereum programs wrote key files with
/// N = 262144, r = 1, p = 8, and who has one wants to open it.
enum LegacyScrypt {
  /// The key of 32 bytes, or nil when swift-crypto refuses its part.
  static func derive(from password: [UInt8], salt: [UInt8], n: Int, p: Int) -> [UInt8]? {
    guard
      var blocks = Cryptography.pbkdf2(
        .sha256, password: password, salt: salt, rounds: 1, count: p * 128)
    else { return nil }
    // One table of N blocks serves all lanes; N · 128 is bounded by `KeyDerivation`.
    let table = UnsafeMutablePointer<UInt32>.allocate(capacity: n * 32)
    defer { table.deallocate() }
    var block = [UInt32](repeating: 0, count: 32)
    for lane in 0..<p {
      for word in 0..<32 {
        block[word] = (0..<4).reduce(0) {
          $0 | UInt32(blocks[lane * 128 + word * 4 + $1]) << ($1 * 8)
        }
      }
      block.withUnsafeMutableBufferPointer { block in
        if let block = block.baseAddress { mix(block, table: table, n: n) }
      }
      for byte in 0..<128 {
        blocks[lane * 128 + byte] = UInt8(truncatingIfNeeded: block[byte / 4] >> (byte % 4 * 8))
      }
    }
    return Cryptography.pbkdf2(
      .sha256, password: password, salt: blocks, rounds: 1, count: KeyDerivation.keyLength)
  }

  /// scryptROMix, section 5, with r = 1.
  private static func mix(
    _ block: UnsafeMutablePointer<UInt32>, table: UnsafeMutablePointer<UInt32>, n: Int
  ) {
    var index = 0
    while index < n {
      (table + index &* 32).update(from: block, count: 32)
      mixBlock(block)
      index &+= 1
    }
    index = 0
    while index < n {
      let other = table + (Int(block[16]) & (n &- 1)) &* 32
      xor(other, into: block)
      xor(other + 16, into: block + 16)
      mixBlock(block)
      index &+= 1
    }
  }

  /// scryptBlockMix, section 4, with r = 1.
  private static func mixBlock(_ block: UnsafeMutablePointer<UInt32>) {
    xor(block + 16, into: block)
    salsa(block)
    xor(block, into: block + 16)
    salsa(block + 16)
  }

  private static func xor(
    _ source: UnsafeMutablePointer<UInt32>, into target: UnsafeMutablePointer<UInt32>
  ) {
    let source = UnsafeMutableRawPointer(source)
    let target = UnsafeMutableRawPointer(target)
    var offset = 0
    while offset < 64 {
      let mixed =
        source.load(fromByteOffset: offset, as: UInt64.self)
        ^ target.load(fromByteOffset: offset, as: UInt64.self)
      target.storeBytes(of: mixed, toByteOffset: offset, as: UInt64.self)
      offset &+= 8
    }
  }

  /// The core of Salsa20/8 (section 3): the rows are turned so that each step works on four words.
  private static func salsa(_ words: UnsafeMutablePointer<UInt32>) {
    func diagonal(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> SIMD4<UInt32> {
      SIMD4(words[a], words[b], words[c], words[d])
    }
    let (a0, b0) = (diagonal(0, 5, 10, 15), diagonal(4, 9, 14, 3))
    let (c0, d0) = (diagonal(8, 13, 2, 7), diagonal(12, 1, 6, 11))
    var (a, b, c, d) = (a0, b0, c0, d0)
    for _ in 0..<4 {
      quarter(&a, &b, &c, &d)
      // Columns to rows: b, c and d turn by three, two and one words.
      (b, c, d) = (b[lanes: 3, 0, 1, 2], c[lanes: 2, 3, 0, 1], d[lanes: 1, 2, 3, 0])
      quarter(&a, &d, &c, &b)
      (b, c, d) = (b[lanes: 1, 2, 3, 0], c[lanes: 2, 3, 0, 1], d[lanes: 3, 0, 1, 2])
    }
    func put(_ row: SIMD4<UInt32>, _ a: Int, _ b: Int, _ c: Int, _ d: Int) {
      (words[a], words[b], words[c], words[d]) = (row[0], row[1], row[2], row[3])
    }
    put(a &+ a0, 0, 5, 10, 15)
    put(b &+ b0, 4, 9, 14, 3)
    put(c &+ c0, 8, 13, 2, 7)
    put(d &+ d0, 12, 1, 6, 11)
  }

  @inline(__always)
  private static func quarter(
    _ a: inout SIMD4<UInt32>, _ b: inout SIMD4<UInt32>, _ c: inout SIMD4<UInt32>,
    _ d: inout SIMD4<UInt32>
  ) {
    b ^= rotate(a &+ d, 7)
    c ^= rotate(b &+ a, 9)
    d ^= rotate(c &+ b, 13)
    a ^= rotate(d &+ c, 18)
  }

  @inline(__always)
  private static func rotate(_ value: SIMD4<UInt32>, _ places: UInt32) -> SIMD4<UInt32> {
    value &<< SIMD4(repeating: places) | value &>> SIMD4(repeating: 32 - places)
  }
}

extension SIMD4 {
  @inline(__always)
  fileprivate subscript(lanes a: Int, b: Int, c: Int, d: Int) -> SIMD4 {
    SIMD4(self[a], self[b], self[c], self[d])
  }
}
