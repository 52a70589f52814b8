internal import Keys
internal import Primitives
internal import Testing

@Suite struct PublicKeyTests {
  /// The generator of the curve (SEC 2, section 2.4.1).
  static let generator = (
    x: "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    y: "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
  )

  @Test func `has the three forms of the standard`() throws {
    let key = try PrivateKey(bytes: UInt256.one.word.bytes).publicKey
    let (x, y) = Self.generator
    #expect(Hex.encode(key.bytes, prefix: false) == x + y)
    #expect(Hex.encode(key.uncompressed, prefix: false) == "04" + x + y)
    #expect(Hex.encode(key.compressed, prefix: false) == "02" + x)
    #expect("\(key)" == "0x02" + x)
    #expect(key.address.checksummed == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")
  }

  @Test func `reads each of its forms back, of either parity`() throws {
    var parities: Set<UInt8> = []
    for _ in 0..<16 {
      let key = PrivateKey.generate().publicKey
      parities.insert(key.compressed[0])
      #expect(try PublicKey(bytes: key.bytes) == key)
      #expect(try PublicKey(bytes: key.compressed) == key)
      #expect(try PublicKey(bytes: key.uncompressed) == key)
    }
    #expect(parities.isSubset(of: [2, 3]))
  }

  @Test func `refuses what is no point or no known form`() throws {
    let key = try PrivateKey(bytes: UInt256.one.word.bytes).publicKey
    #expect(throws: KeyError.invalidPublicKey) {
      try PublicKey(bytes: [UInt8](repeating: 0, count: 64))
    }
    #expect(throws: KeyError.invalidPublicKey) {
      try PublicKey(bytes: key.bytes.dropLast() + [0])
    }
    for prefix in [0, 1, 4, 5, 6, 7] as [UInt8] {
      #expect(throws: KeyError.invalidPublicKey) { try PublicKey(bytes: [prefix] + key.x.bytes) }
    }
    for prefix in [0, 2, 6, 7] as [UInt8] {
      #expect(throws: KeyError.invalidPublicKey) { try PublicKey(bytes: [prefix] + key.bytes) }
    }
    for count in [0, 1, 32, 34, 63, 66, 1000] {
      #expect(throws: KeyError.wrongPublicKeyLength(count)) {
        try PublicKey(bytes: [UInt8](repeating: 2, count: count))
      }
    }
  }
}
