internal import Keys
internal import Primitives
internal import Testing

@Suite struct EIP712Tests {
  /// The example of EIP-712, whose hashes its text states.
  @Test func `gives the hashes that EIP-712 states for its example`() throws {
    let domain = EIP712Domain(
      name: "Ether Mail", version: "1", chainID: 1,
      verifyingContract: try Address(hex: "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"))
    #expect(
      domain.separator.hex == "0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f")
    func person(_ name: String, _ wallet: String) throws -> Hash256 {
      EIP712.structHash(
        type: "Person(string name,address wallet)",
        [
          Keccak256.hash(Array(name.utf8)),
          try #require(UInt256(bigEndian: Address(hex: wallet).bytes)).word,
        ])
    }
    let mail = EIP712.structHash(
      type: "Mail(Person from,Person to,string contents)Person(string name,address wallet)",
      [
        try person("Cow", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"),
        try person("Bob", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"),
        Keccak256.hash(Array("Hello, Bob!".utf8)),
      ])
    #expect(mail.hex == "0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e")
    let digest = EIP712.digest(domainSeparator: domain.separator, structHash: mail)
    #expect(digest.hex == "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2")
    // The example's key is the hash of "cow".
    let key = try PrivateKey(bytes: Keccak256.hash(Array("cow".utf8)).bytes)
    #expect(key.address.checksummed == "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826")
    #expect(
      try key.sign(digest).description
        == "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d"
        + "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c")
  }

  @Test func `leaves out of a domain what is nil`() {
    #expect(
      EIP712Domain(chainID: 199, salt: .zero).separator
        == EIP712.structHash(
          type: "EIP712Domain(uint256 chainId,bytes32 salt)", [UInt256(199 as UInt64).word, .zero]))
  }
}
