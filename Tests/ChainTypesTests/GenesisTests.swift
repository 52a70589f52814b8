import ChainTypes
import Foundation
import JSON
import Primitives
import TestSupport
import Testing

@Suite("A genesis file")
struct GenesisTests {
  static let valid = """
    {
      "config": {"chainId": 1337}, "timestamp": "0x10", "gasLimit": "0xe4e1c00",
      "btt": {
        "name": "test", "supply": "1000000000000000000000",
        "validators": [
          {"address": "0x0000000000000000000000000000000000000022", "weight": 2},
          {"address": "0x0000000000000000000000000000000000000011", "weight": 1,
           "makesBlocks": false}
        ],
        "modules": {
          "0x0000000000000000000000000000000000001000": "validatorSet",
          "0x0000000000000000000000000000000000001010": "btt"
        },
        "fees": {"floor": "1000", "baseFee": "burn"}, "forks": {}
      },
      "alloc": {
        "0x00000000000000000000000000000000000000aa": {"balance": "0x64", "nonce": 3},
        "0x00000000000000000000000000000000000000bb": {"balance": 7}
      }
    }
    """

  static func read(_ text: String) throws -> Genesis { try Genesis(json: Array(text.utf8)) }

  @Test("is read with geth's ways of writing numbers")
  func reads() throws {
    let genesis = try Self.read(Self.valid)
    #expect(genesis.name == "test")
    #expect(genesis.chainID == 1_337)
    #expect(genesis.timestamp == 16)
    #expect(genesis.gasLimit == 240_000_000)
    #expect(genesis.supply == UInt256.powerOfTen(21))
    #expect(genesis.allocations[Address(0xaa)] == .init(balance: 100, nonce: 3))
    #expect(genesis.allocations[Address(0xbb)] == .init(balance: 7))
    #expect(genesis.validators.map(\.address) == [Address(0x11), Address(0x22)])
    #expect(genesis.makesBlocks(Address(0x22)))
    #expect(!genesis.makesBlocks(Address(0x11)))
    #expect(!genesis.makesBlocks(Address(0x33)))
    #expect(genesis.modules == [Address(0x1000): .validatorSet, Address(0x1010): .btt])
    #expect(genesis.fees.initialBaseFee == 1_000)
    #expect(genesis.fees.baseFeeDestination == .burn)
  }

  @Test("reads back from what is written, with the same hash over its rules")
  func roundTrip() throws {
    var files = [Self.valid]
    for name in ["bttc", "devnet"] {
      let url = Vectors.packageDirectory.appendingPathComponent("genesis/\(name).json")
      files.append(String(decoding: try Data(contentsOf: url), as: UTF8.self))
    }
    files.append(
      Self.valid.replacingOccurrences(
        of: "\"burn\"",
        with: "\"treasury\", \"treasury\": \"0x00000000000000000000000000000000000000cc\""))
    for file in files {
      var text = file
      if text.contains("\"validators\": []") {
        text = text.replacingOccurrences(
          of: "\"validators\": []",
          with: "\"validators\": [{\"address\": \"0x0000000000000000000000000000000000000022\", "
            + "\"weight\": 1}]")
      }
      let genesis = try Self.read(text)
      let again = try Genesis(json: genesis.json().serialized)
      #expect(again == genesis)
      let rules = try Genesis(json: genesis.json(withAllocations: false).serialized)
      #expect(rules.allocations.isEmpty)
      #expect(rules.parametersHash == genesis.parametersHash)
    }
  }

  @Test(
    "has another hash when any rule differs",
    arguments: [
      ("1337", "1338"), ("0xe4e1c00", "0xe4e1c01"), ("\"test\"", "\"tess\""),
      ("\"1000000000000000000000\"", "\"1000000000000000000001\""),
      ("\"weight\": 2", "\"weight\": 3"), ("\"makesBlocks\": false", "\"makesBlocks\": true"),
      ("\"floor\": \"1000\"", "\"floor\": \"1001\""), ("\"burn\"", "\"proposer\""),
      ("\"floor\": \"1000\"", "\"floor\": \"1000\", \"initial\": \"1001\""),
      ("0000001000\"", "0000001001\""), ("0000000022", "0000000023"),
    ])
  func parameters(_ old: String, _ new: String) throws {
    let changed = Self.valid.replacingOccurrences(of: old, with: new)
    #expect(changed != Self.valid)
    let hash = try Self.read(Self.valid).parametersHash
    #expect(try Self.read(changed).parametersHash != hash, "\(new)")
  }

  /// What to put in place of what, and the member that the refusal names.
  static let refusals: [(old: String, new: String, path: String)] = [
    ("1337", "0", "config.chainId"),
    ("1337", "4611686018427387904", "config.chainId"),
    ("1337", "\"x\"", "config.chainId"),
    ("1337", "1.5", "config.chainId"),
    ("1337", "-1", "config.chainId"),
    ("{\"chainId\": 1337}", "{}", "config.chainId"),
    ("{\"chainId\": 1337}", "7", "config"),
    ("\"0x10\"", "\"0x10000000000000000\"", "timestamp"),
    ("\"0xe4e1c00\"", "999999", "gasLimit"),
    ("\"0xe4e1c00\"", "\"0x20000000000001\"", "gasLimit"),
    ("\"timestamp\"", "\"number\": 1, \"timestamp\"", "number"),
    ("\"timestamp\"", "\"difficulty\": \"0x1\", \"timestamp\"", "difficulty"),
    ("\"timestamp\"", "\"extraData\": \"0x01\", \"timestamp\"", "extraData"),
    ("\"forks\": {}", "\"forks\": {\"first\": 5}", "btt.forks.first"),
    ("\"forks\": {}", "\"spoons\": {}", "btt.spoons"),
    ("\"name\": \"test\"", "\"name\": \"\"", "btt.name"),
    ("\"name\": \"test\",", "", "btt.name"),
    (
      "\"1000000000000000000000\"", "\"0x1" + String(repeating: "0", count: 64) + "\"", "btt.supply"
    ),
    ("\"1000000000000000000000\"", "106", "alloc"),
    (
      "\"0x64\"", "\"" + String(repeating: "9", count: 78) + "\"",
      "alloc.0x00000000000000000000000000000000000000aa.balance"
    ),
    (
      "\"nonce\": 3", "\"nonce\": \"0x10000000000000000\"",
      "alloc.0x00000000000000000000000000000000000000aa.nonce"
    ),
    ("\"nonce\": 3", "\"code\": \"0x00\"", "alloc.0x00000000000000000000000000000000000000aa.code"),
    ("\"nonce\": 3", "\"nonec\": 3", "alloc.0x00000000000000000000000000000000000000aa.nonec"),
    ("0x00000000000000000000000000000000000000aa", "0x00aa", "alloc.0x00aa"),
    ("00000000bb\"", "00000000aa\"", "*"),
    (
      "0x00000000000000000000000000000000000000aa", "0x0000000000000000000000000000000000001010",
      "alloc.0x0000000000000000000000000000000000001010"
    ),
    ("\"weight\": 2", "\"weight\": 0", "btt.validators"),
    ("\"weight\": 2", "\"weight\": 4611686018427387904", "btt.validators"),
    ("\"weight\": 2", "\"weight\": 2, \"makesBlocks\": false", "btt.validators"),
    ("\"weight\": 2", "\"wait\": 2", "btt.validators[0].wait"),
    ("0000000011", "0000000022", "btt.validators"),
    ("0x0000000000000000000000000000000000000011", "0x11", "btt.validators[1].address"),
    ("\"validatorSet\"", "\"bridge\"", "btt.modules.0x0000000000000000000000000000000000001000"),
    ("\"validatorSet\"", "\"btt\"", "btt.modules"),
    ("0000001010\": \"btt\"", "0000001011\": \"btt\"", "btt.modules"),
    ("\"baseFee\": \"burn\"", "\"baseFee\": \"keep\"", "btt.fees.baseFee"),
    ("\"baseFee\": \"burn\"", "\"baseFee\": \"treasury\"", "btt.fees.treasury"),
    ("\"floor\": \"1000\"", "\"floor\": \"1000\", \"initial\": 999", "btt.fees.initial"),
    (
      "\"floor\": \"1000\"", "\"floor\": \"0x1" + String(repeating: "0", count: 32) + "\"",
      "btt.fees"
    ),
    ("\"floor\": \"1000\"", "\"flor\": \"1000\"", "btt.fees.flor"),
    ("\"floor\": \"1000\",", "", "btt.fees.floor"),
    ("\"config\"", "config", ""),
  ]

  @Test("is refused with the member at fault", arguments: refusals.indices)
  func refusal(_ index: Int) throws {
    let (old, new, path) = Self.refusals[index]
    let text = Self.valid.replacingOccurrences(of: old, with: new)
    #expect(text != Self.valid)
    let error = #expect(throws: GenesisError.self, "\(new)") { try Self.read(text) }
    if path != "*" { #expect(error?.path == path, "\(new): \(error?.description ?? "")") }
    #expect(error?.message.isEmpty == false)
  }

  @Test("refuses anything but an object, and an address whose checksum is wrong")
  func shapes() throws {
    for text in ["", "[]", "7", "null", "{}"] {
      #expect(throws: GenesisError.self) { try Self.read(text) }
    }
    let right = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    let wrong = "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    let place = "0x00000000000000000000000000000000000000aa"
    _ = try Self.read(Self.valid.replacingOccurrences(of: place, with: right))
    let error = #expect(throws: GenesisError.self) {
      try Self.read(Self.valid.replacingOccurrences(of: place, with: wrong))
    }
    #expect(error?.path == "alloc.\(wrong)")
  }
}
