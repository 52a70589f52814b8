import ChainTypes
import JSON
import Primitives
import Testing

@Suite("What genesis says of payment channels")
struct ChannelRulesTests {
  static let valid = GenesisTests.valid
    .replacing(
      "\"0x0000000000000000000000000000000000001010\": \"btt\"",
      with: """
        "0x0000000000000000000000000000000000001010": "btt",
        "0x0000000000000000000000000000000000002000": "channels"
        """
    )
    .replacing(
      "\"forks\"",
      with: """
        "channels": {
          "graceSeconds": {"least": 2, "most": 900, "standard": 60},
          "graceBlocks": {"least": 1, "most": 800, "standard": 3}
        }, "forks"
        """)

  @Test("is read, written back, and bound into the hash of the rules")
  func reads() throws {
    let genesis = try GenesisTests.read(Self.valid)
    #expect(
      genesis.channels
        == ChannelRules(
          graceSeconds: .init(2...900, standard: 60), graceBlocks: .init(1...800, standard: 3)))
    #expect(genesis.modules[ChannelModule.address] == .channels)
    #expect(try Genesis(json: genesis.json().serialized) == genesis)
    #expect(
      try GenesisTests.read(GenesisTests.valid).parametersHash != genesis.parametersHash)
    for (old, new) in [
      (": 2,", ": 3,"), ("900", "901"), ("60", "61"), (": 1, \"most\"", ": 2, \"most\""),
      ("800", "801"), ("\"standard\": 3", "\"standard\": 4"),
    ] {
      let changed = Self.valid.replacing(old, with: new)
      #expect(changed != Self.valid)
      #expect(try GenesisTests.read(changed).parametersHash != genesis.parametersHash, "\(new)")
    }
  }

  @Test("leaves the hash of chains without channels what it was")
  func olderChains() throws {
    // keccak256 of the RLP of the rules, computed with Python's rlp and eth-hash.
    #expect(
      try GenesisTests.read(GenesisTests.valid).parametersHash.hex
        == "0xe70bbcdcc0b1c0dcc368b372363784d20374a7f24f3ea02bba48543f316aeb10")
  }

  @Test(
    "is refused with the member at fault",
    arguments: [
      ("\"least\": 2", "\"least\": 0", "btt.channels.graceSeconds"),
      ("\"least\": 2", "\"least\": 61", "btt.channels.graceSeconds"),
      ("\"standard\": 60", "\"standard\": 901", "btt.channels.graceSeconds"),
      ("\"most\": 800", "\"most\": 2147483648", "btt.channels.graceBlocks"),
      ("\"most\": 800", "\"much\": 800", "btt.channels.graceBlocks.much"),
      ("\"graceBlocks\"", "\"graceRounds\"", "btt.channels.graceRounds"),
      ("0000002000\"", "0000002001\"", "btt.modules"),
      ("\"channels\": {", "\"canals\": {", "btt.canals"),
      ("0000002000\": \"channels\"", "0000002000\": \"validatorSet\"", "btt.channels"),
      (
        "\"1000000000000000000000\"", "\"340282366920938463463374607431768211456\"", "btt.supply"
      ),
    ])
  func refusals(_ old: String, _ new: String, _ path: String) throws {
    let text = Self.valid.replacing(old, with: new)
    #expect(text != Self.valid)
    let error = #expect(throws: GenesisError.self) { try GenesisTests.read(text) }
    #expect(error?.path == path)
  }

  @Test("must be there with the module")
  func missing() throws {
    let text = GenesisTests.valid.replacing("validatorSet", with: "channels")
      .replacing("0000001000\"", with: "0000002000\"")
    let error = #expect(throws: GenesisError.self) { try GenesisTests.read(text) }
    #expect(error?.path == "btt.channels")
  }
}
