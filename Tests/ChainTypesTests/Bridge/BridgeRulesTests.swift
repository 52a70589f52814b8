import ChainTypes
import Foundation
import JSON
import Primitives
import Testing

@Suite("A genesis file with a bridge")
struct BridgeRulesTests {
  static let valid = GenesisTests.valid
    .replacingOccurrences(
      of: "\"0x0000000000000000000000000000000000001010\": \"btt\"",
      with: """
        "0x0000000000000000000000000000000000001001": "stateReceiver",
        "0x0000000000000000000000000000000000001010": "btt"
        """
    )
    .replacingOccurrences(
      of: "\"forks\": {}",
      with: """
        "bridge": {
          "home": "eth",
          "roots": {
            "eth": {
              "chainId": 1,
              "stateSender": "0x00000000000000000000000000000000000000a1",
              "checkpoints": "0x00000000000000000000000000000000000000a2",
              "manager": "0x00000000000000000000000000000000000000a3",
              "btt": "0x00000000000000000000000000000000000000a4"
            },
            "bsc": {
              "chainId": 56,
              "stateSender": "0x00000000000000000000000000000000000000b1",
              "checkpoints": "0x00000000000000000000000000000000000000b2",
              "manager": "0x00000000000000000000000000000000000000b3",
              "btt": "0x00000000000000000000000000000000000000b4"
            }
          }
        },
        "forks": {}
        """)

  @Test("names each root chain's contracts, and reads back from what is written")
  func reads() throws {
    let genesis = try GenesisTests.read(Self.valid)
    let bridge = try #require(genesis.bridge)
    #expect(bridge.home == .eth && bridge.roots.count == 2)
    #expect(
      bridge.root(3)
        == .init(
          chainID: 56, stateSender: Address(0xb1), checkpoints: Address(0xb2),
          manager: Address(0xb3), btt: Address(0xb4)))
    #expect(bridge.root(1) == nil && bridge.root(9) == nil)
    #expect(try Genesis(json: genesis.json().serialized) == genesis)
    #expect(try GenesisTests.read(GenesisTests.valid).bridge == nil)
  }

  @Test(
    "has another hash when any of it differs",
    arguments: [
      ("\"chainId\": 56", "\"chainId\": 57"), ("\"home\": \"eth\"", "\"home\": \"bsc\""),
      ("00b1", "00c1"), ("00a2", "00c2"), ("00a3", "00c3"), ("00b4", "00c4"),
      ("\"bsc\": {", "\"tron\": {"),
    ])
  func hash(_ old: String, _ new: String) throws {
    let changed = Self.valid.replacingOccurrences(of: old, with: new)
    #expect(changed != Self.valid)
    let hashes = try [Self.valid, changed, GenesisTests.valid].map {
      try GenesisTests.read($0).parametersHash
    }
    #expect(Set(hashes).count == 3)
  }

  @Test(
    "is refused with the member at fault",
    arguments: [
      ("\"home\": \"eth\"", "\"home\": \"tron\"", "btt.bridge.home"),
      ("\"home\": \"eth\"", "\"home\": \"sol\"", "btt.bridge.home"),
      ("\"bsc\": {", "\"base\": {", "btt.bridge.roots.base"),
      ("\"chainId\": 56", "\"chainId\": 0", "btt.bridge.roots.bsc.chainId"),
      ("\"chainId\": 56", "\"chainId\": 1", "btt.bridge.roots"),
      ("00b1", "00b2", "btt.bridge.roots.bsc"), ("00b1", "0000", "btt.bridge.roots.bsc"),
      ("\"home\": \"eth\",", "\"home\": \"eth\", \"hone\": 1,", "btt.bridge.hone"),
      ("\"chainId\": 56,", "\"chainId\": 56, \"vault\": 1,", "btt.bridge.roots.bsc.vault"),
      ("\"stateReceiver\"", "\"bridgedToken\"", "*"),
      ("0000001001\": \"stateReceiver\"", "0000001002\": \"stateReceiver\"", "btt.modules"),
      ("\"bridge\": {", "\"comment\": {", "btt.bridge"),
      ("0000001000\": \"validatorSet\"", "0000000999\": \"validatorSet\"", "btt.modules"),
    ])
  func refusals(_ old: String, _ new: String, _ path: String) throws {
    let text = Self.valid.replacingOccurrences(of: old, with: new)
    #expect(text != Self.valid)
    let error = #expect(throws: GenesisError.self) { try GenesisTests.read(text) }
    if path != "*" { #expect(error?.path == path, "\(error?.description ?? "")") }
  }
}
