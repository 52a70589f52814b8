internal import Keys
internal import Primitives
internal import Testing

@Suite struct SignatureTests {
  /// Made with eth-keys 0.8.0: secret, digest, address, r‖s‖recovery identifier.
  static let signed: [(secret: String, digest: String, address: String, signature: String)] = [
    (
      "0000000000000000000000000000000000000000000000000000000000000001",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
      "a0b37f8fba683cc68f6574cd43b39f0343a50008bf6ccea9d13231d9e7e2e1e4"
        + "11edc8d307254296264aebfc3dc76cd8b668373a072fd64665b50000e9fcce5201"
    ),
    (
      "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
      "f42a8f0d81999bb1ebfa5ab96208ca5f4b2890db087c15371f7b840c5a70853c"
        + "46ae076d8999c080cda491c75eca1133ae94dc0282b778971b393d898f07b06e00"
    ),
    (
      "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      "0x80C0dbf239224071c59dD8970ab9d542E3414aB2",
      "a7f83b5963eaf5332c633327cc967be8f4166d3f1e0b77f9761d8f4e42211e9a"
        + "58aae31be1eb1e496923bbe8ca5e843cfb89f4d986d61d4edfd7d6fc3c9cf62c00"
    ),
  ]

  static let order = UInt256(
    high: 0xFFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFE,
    low: 0xBAAE_DCE6_AF48_A03B_BFD2_5E8C_D036_4141)

  @Test(arguments: signed.indices)
  func `signs as eth-keys does, and gives the signer back`(index: Int) throws {
    let vector = Self.signed[index]
    let key = try PrivateKey(hex: vector.secret)
    let digest = try Hash256(hex: vector.digest)
    #expect(key.address.checksummed == vector.address)
    let signature = try key.sign(digest)
    #expect(
      Hex.encode(signature.compact + [signature.recoveryID], prefix: false) == vector.signature)
    #expect(try signature.recoverPublicKey(digest: digest) == key.publicKey)
    #expect(try signature.recoverAddress(digest: digest) == key.address)
    #expect(key.publicKey.verify(signature, digest: digest))
    #expect(!key.publicKey.verify(signature, digest: Keccak256.hash(digest)))
  }

  @Test func `reads back its 65 bytes`() throws {
    let signature = try PrivateKey.generate().sign(Keccak256.hash([1, 2, 3]))
    #expect(signature.bytes.count == 65)
    #expect(signature.bytes[64] == 27 + signature.recoveryID)
    #expect(try Signature(bytes: signature.bytes) == signature)
  }

  @Test func `refuses another length`() throws {
    let bytes = try PrivateKey.generate().sign(.zero).bytes
    #expect(throws: SignatureError.wrongLength(64)) { try Signature(bytes: bytes.dropLast()) }
    #expect(throws: SignatureError.wrongLength(66)) { try Signature(bytes: bytes + [0]) }
    #expect(throws: SignatureError.wrongLength(0)) { try Signature(bytes: []) }
  }

  @Test(arguments: [0, 1, 2, 26, 29, 30, 35, 255] as [UInt8])
  func `refuses v other than 27 and 28`(v: UInt8) throws {
    let bytes = try PrivateKey.generate().sign(.zero).compact + [v]
    #expect(throws: SignatureError.invalidV(v)) { try Signature(bytes: bytes) }
  }

  @Test(arguments: [2, 3, 4, 255] as [UInt8])
  func `refuses recovery identifiers other than 0 and 1`(identifier: UInt8) {
    #expect(throws: SignatureError.invalidRecoveryID(identifier)) {
      try Signature(r: 1, s: 1, recoveryID: identifier)
    }
  }

  @Test func `takes r and s only between 1 and the order, and s only in the lower half`() throws {
    let order = Self.order
    let half = order >> 1
    _ = try Signature(r: order &- 1, s: half, recoveryID: 0)
    _ = try Signature(r: 1, s: 1, recoveryID: 1)
    #expect(throws: SignatureError.invalidR) { try Signature(r: 0, s: 1, recoveryID: 0) }
    #expect(throws: SignatureError.invalidR) { try Signature(r: order, s: 1, recoveryID: 0) }
    #expect(throws: SignatureError.invalidS) { try Signature(r: 1, s: 0, recoveryID: 0) }
    #expect(throws: SignatureError.invalidS) { try Signature(r: 1, s: order, recoveryID: 0) }
    #expect(throws: SignatureError.invalidS) { try Signature(r: 1, s: .max, recoveryID: 0) }
    #expect(throws: SignatureError.highS) { try Signature(r: 1, s: half &+ 1, recoveryID: 0) }
    #expect(throws: SignatureError.highS) { try Signature(r: 1, s: order &- 1, recoveryID: 0) }
  }

  @Test func `says when no key can have signed`() throws {
    // x = 5 is on no point of the curve.
    let signature = try Signature(r: 5, s: 1, recoveryID: 0)
    #expect(throws: SignatureError.notRecoverable) {
      try signature.recoverAddress(digest: .zero)
    }
  }

  @Test func `recovers from a high s only by the loose form, with the parity turned`() throws {
    let key = PrivateKey.generate()
    let digest = Keccak256.hash([7])
    let signature = try key.sign(digest)
    let high = Self.order &- signature.s
    #expect(
      Signature.recoverAddress(
        digest: digest, r: signature.r, s: high, recoveryID: 1 - signature.recoveryID)
        == key.address)
    #expect(
      Signature.recoverAddress(digest: digest, r: signature.r, s: high, recoveryID: 2) == nil)
    #expect(Signature.recoverAddress(digest: digest, r: .max, s: 1, recoveryID: 0) == nil)
    #expect(Signature.recoverAddress(digest: digest, r: 0, s: 1, recoveryID: 0) == nil)
  }
}
