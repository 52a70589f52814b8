internal import ChainTypes
internal import Keys
internal import Primitives
internal import Testing

// The expected values come from Python's eth-abi and eth-account.
@Suite struct ChannelTypesTests {
  static let key = try? PrivateKey(
    hex: "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")

  static func descriptor(chainID: UInt64) throws -> ChannelDescriptor {
    let key = try #require(key)
    return ChannelDescriptor(
      payer: try Address(hex: "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"),
      payee: try Address(hex: "0x00112233445566778899aAbBcCdDeEfF00112233"),
      signer: chainID == 199 ? .zero : key.address,
      salt: try #require(Hash256([UInt8](repeating: chainID == 199 ? 0 : 0x11, count: 32))),
      graceSeconds: 86_400, graceBlocks: 720, openCount: chainID == 199 ? 0 : 7, chainID: chainID)
  }

  @Test(arguments: [
    (199 as UInt64, "6b2d247dc723c62cf8196ad5d99ef9fee5483de9f50325a27ff0a1a622bd160b"),
    (1_029, "3ad258b63f27550836e103b61cc2c7f0a591c40b8d903a29d7f138c44b79c866"),
  ])
  func `an id is the hash of the encoded descriptor`(chainID: UInt64, id: String) throws {
    #expect(try Self.descriptor(chainID: chainID).id == ChannelID(hex: id))
  }

  @Test func `domains hash as eth-account has them`() throws {
    let separators = [
      199: "f51b42edb3a46e8a076422c22ef20323aabc4fc16371e5b15f34ed5aae27a77e",
      1_029: "771cd3173e1e9f3c1e1c7fc1d016add35f3a0aebbd7a69210e72fe97a43c56c2",
    ]
    for (chainID, separator) in separators {
      #expect(try ChannelDomain(chainID: UInt64(chainID)).separator == Hash256(hex: separator))
    }
  }

  struct VoucherCase: Sendable {
    var chainID: UInt64
    var amount: UInt128
    var digest: String
    var signature: String
  }

  @Test(arguments: [
    VoucherCase(
      chainID: 199, amount: 1,
      digest: "091a6a720b6a0c39c66d71ada6b605447279fc7004853ea63b2a89f64cb1f7d5",
      signature: """
        dab7b5ee7b2197de320681aa89bb220c59b594c576a2fbd253df5dc856ab67a8\
        169e223bca65d72616eebbb506942bafbf1e43ca30c85b8d5345e85e59d42ebf1c
        """),
    VoucherCase(
      chainID: 199, amount: 340_282_366_920_938_463_463_374_607_431_768_211_455,
      digest: "a745c6bb4730a2ffdef9f8e99559ca56310a9113398ef288892f29a767d76d3b",
      signature: """
        86c5a54053efa55859efac412996cb8f4f094e6a7e103c4738603dfb275f36a9\
        50951178a4c47ea23a1f1b3c1eeac38c3c85cd4bbe96598a04ccf33cbe9b95641b
        """),
    VoucherCase(
      chainID: 1_029, amount: 1_000_000_000_000_000_000,
      digest: "5864e0c7c37808e6d94a0b2b9dc7bf7dd2853a74df0f33a1c9d5dda5e1ae2415",
      signature: """
        21165ea1d896a7aa4e6cdc749ef68014f16ee85b123a66c14ce4a897e3263d90\
        4b06ff6180579da1eae6017174ab4e3fb1b40273baf082cf01caf8e4f399417e1c
        """),
    VoucherCase(
      chainID: 1_029, amount: 5_192_296_858_534_827_628_530_496_329_220_095,
      digest: "d3f651360776890df8366143017d905b92eb4dd9cb64a6781baac6aa8d64fc9f",
      signature: """
        5bba3ffc072c473424d85887ad1de0122a4b3cb996f6e57c3d35abe1b7a9ca47\
        1d55a12e456a81412341c1fb15643a187ad7229614a7d948173b4d9cd5cb8f521c
        """),
  ])
  func `vouchers are signed as eth-account signs them`(_ expected: VoucherCase) throws {
    let key = try #require(Self.key)
    let domain = ChannelDomain(chainID: expected.chainID)
    let voucher = Voucher(
      channelID: try Self.descriptor(chainID: expected.chainID).id,
      cumulativeAmount: expected.amount)
    #expect(try voucher.digest(in: domain) == Hash256(hex: expected.digest))
    let signed = try voucher.signed(by: key, in: domain)
    #expect(try signed.signature.bytes == Hex.decode(expected.signature))
    #expect(signed.isSigned(by: key.address, in: domain))
    #expect(try SignedVoucher(decoding: signed.encoded) == signed)
    #expect(signed.encoded.count == SignedVoucher.encodedCount)
  }

  @Test(arguments: [
    (
      199 as UInt64, "87041ec4947f43ae0b6326b431353933eb5050eba41695a3d0ba3c8c95d480f5",
      """
      1fb59e85249e893ef8c5c54d7e1e33cf664216c6fdc093f0d2f3f769ab33efd4\
      3e7c4163623f58f61b6b0e12e03a911ac08f3b05b90ea3060fafef98eaf604d41c
      """
    ),
    (
      1_029, "1af581ddaea47d5ecb250d9f18f7b507ad23c91323049397cc3fdb1182ea519e",
      """
      08b29ad34abd7ef10a0b5aba06e6a81c3e55433b623ba9aa55ea84f10285ffd4\
      62d8beb7a6f5a32df2ab3b6f9750a0e2283a9105fa4b0bbf2df31b9fbd9a08091c
      """
    ),
  ])
  func `releases are signed as eth-account signs them`(
    chainID: UInt64, digest: String, signature: String
  ) throws {
    let key = try #require(Self.key)
    let domain = ChannelDomain(chainID: chainID)
    let release = Release(
      channelID: try Self.descriptor(chainID: chainID).id, capture: 500_000_000_000_000_000,
      validUntil: 1_790_000_000)
    #expect(try release.digest(in: domain) == Hash256(hex: digest))
    let signed = try release.signed(by: key, in: domain)
    #expect(try signed.signature.bytes == Hex.decode(signature))
    #expect(signed.isSigned(by: key.address, in: domain))
  }

  @Test func `a voucher counts on no other chain, module, channel or amount`() throws {
    let key = try #require(Self.key)
    let descriptor = try Self.descriptor(chainID: 199)
    let signed = try Voucher(channelID: descriptor.id, cumulativeAmount: 5)
      .signed(by: key, in: descriptor.domain)
    #expect(signed.isSigned(by: key.address, in: descriptor.domain))
    #expect(!signed.isSigned(by: key.address, in: ChannelDomain(chainID: 200)))
    #expect(
      !signed.isSigned(by: key.address, in: ChannelDomain(chainID: 199, module: Address(0x2001))))
    var reopened = descriptor
    reopened.openCount += 1
    var other = signed
    other.voucher.channelID = reopened.id
    #expect(!other.isSigned(by: key.address, in: descriptor.domain))
    other = signed
    other.voucher.cumulativeAmount += 1
    #expect(!other.isSigned(by: key.address, in: descriptor.domain))
  }

  @Test func `the high-s twin, other v and the 64-byte form are refused`() throws {
    let key = try #require(Self.key)
    let descriptor = try Self.descriptor(chainID: 199)
    let bytes = try Voucher(channelID: descriptor.id, cumulativeAmount: 5)
      .signed(by: key, in: descriptor.domain).encoded
    let order = UInt256(
      high: 0xFFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFE,
      low: 0xBAAE_DCE6_AF48_A03B_BFD2_5E8C_D036_4141)
    let s = try #require(UInt256(bigEndian: bytes[80..<112]))
    let twin = bytes[..<80] + (order &- s).word.bytes + [bytes[112] ^ 7]
    #expect(throws: SignatureError.highS) { try SignedVoucher(decoding: [UInt8](twin)) }
    for v: UInt8 in [0, 1, 26, 29, 35] {
      #expect(throws: SignatureError.invalidV(v)) {
        try SignedVoucher(decoding: bytes.dropLast() + [v])
      }
    }
    #expect(throws: SignatureError.wrongLength(64)) {
      try SignedVoucher(decoding: bytes.dropLast())
    }
    #expect(throws: SignatureError.wrongLength(66)) { try SignedVoucher(decoding: bytes + [0]) }
    #expect(throws: SignatureError.wrongLength(0)) { try SignedVoucher(decoding: [UInt8]()) }
  }

  @Test func `a state survives its words, and no word is no channel`() throws {
    let states = [
      ChannelState(settled: 0, deposit: 1),
      ChannelState(settled: ChannelState.maximumAmount, deposit: ChannelState.maximumAmount),
      ChannelState(
        settled: 1 << 100, deposit: 1 << 111 | 7,
        closeRequest: .init(time: .max, roomBlocks: 1 << 40, height: .max)),
    ]
    for state in states {
      #expect(
        ChannelState(word: state.word, closeRequestWord: state.closeRequestWord ?? .zero) == state)
    }
    #expect(ChannelState(word: .zero, closeRequestWord: .zero) == nil)
    // settled · 2^144 + deposit · 2^32 + closeRequestedAt
    #expect(
      try ChannelState(
        settled: 1, deposit: 2, closeRequest: .init(time: 3, roomBlocks: 4, height: 5)
      )
      .word
        == Hash256(
          hex: "0x0000000000000000000000000001000000000000000000000000000200000003"))
  }

  @Test func `events survive their logs`() throws {
    let descriptor = try Self.descriptor(chainID: 199)
    let id = ABIValue.hash(descriptor.id.hash)
    let parties = [ABIValue.address(descriptor.payer), .address(descriptor.payee)]
    func log(_ event: ABIEvent, _ values: [ABIValue]) throws -> Log {
      let (topics, data) = try event.encode(values)
      return Log(address: ChannelModule.address, topics: topics, data: data)
    }
    let opened = try log(
      ChannelModule.channelOpened,
      [id] + parties + [
        .address(descriptor.signer), .hash(descriptor.salt), .uint(86_400), .uint(720), .uint(0),
        .uint(9),
      ])
    #expect(
      ChannelEvent(opened, in: descriptor.domain) == .opened(descriptor, deposit: 9))
    #expect(ChannelEvent(opened, in: ChannelDomain(chainID: 200)) == nil)
    let settled = try log(
      ChannelModule.channelSettled, [id] + parties + [.uint(2), .uint(5), .uint(9)])
    #expect(
      ChannelEvent(settled, in: descriptor.domain) == .settled(descriptor.id, paid: 2, settled: 5))
    let closed = try log(
      ChannelModule.channelClosed, [id] + parties + [.uint(1), .uint(6), .uint(3)])
    #expect(
      ChannelEvent(closed, in: descriptor.domain)
        == .closed(descriptor.id, paid: 1, settled: 6, refund: 3))
    let request = try log(
      ChannelModule.closeRequested,
      [id] + parties + [.uint(77), .uint(8), .uint(6), .uint(9)])
    #expect(
      ChannelEvent(request, in: descriptor.domain)
        == .closeRequested(descriptor.id, at: 77, roomBlocks: 8))
    var foreign = closed
    foreign.address = Address(0x2001)
    #expect(ChannelEvent(foreign, in: descriptor.domain) == nil)
  }

  @Test func `calls carry what they are told`() throws {
    let descriptor = try Self.descriptor(chainID: 199)
    let key = try #require(Self.key)
    let voucher = try Voucher(channelID: descriptor.id, cumulativeAmount: 5)
      .signed(by: key, in: descriptor.domain)
    let item = ChannelSettlement(
      channel: descriptor, cumulativeAmount: 5, signature: voucher.signature)
    let settle = try ChannelCall.settle([item, item]).encoded()
    let expected = ABIValue.tuple([
      descriptor.abiValue, .uint(5), .bytes(voucher.signature.bytes),
    ])
    #expect(try ChannelModule.settleMany.decodeCall(settle) == [.array([expected, expected])])
    let close = try ChannelCall.close(descriptor, capture: 0, voucher: nil).encoded()
    #expect(
      try ChannelModule.close.decodeCall(close)
        == [descriptor.abiValue, .uint(0), .uint(0), .bytes([])])
    let terms = ChannelTerms(payee: descriptor.payee, graceSeconds: 1, graceBlocks: 2, deposit: 3)
    #expect(
      try ChannelModule.open.decodeCall(ChannelCall.open([terms]).encoded()) == [terms.abiValue])
    #expect(
      try ChannelModule.openMany.decodeCall(ChannelCall.open([terms, terms]).encoded())
        == [.array([terms.abiValue, terms.abiValue])])
    #expect(
      terms.descriptor(payer: descriptor.payer, openCount: 4, in: descriptor.domain).openCount == 4)
  }
}
