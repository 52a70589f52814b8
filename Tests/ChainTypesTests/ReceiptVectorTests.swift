import ChainTypes
import Foundation
import Primitives
import TestSupport
import Testing

/// Two blocks of Ethereum's main network with all their receipts.
@Suite(
  "Receipts of mainnet blocks",
  .enabled(if: Vectors.available("mainnet-receipts"), Vectors.absent))
struct ReceiptVectorTests {
  static func object(_ name: String) throws -> Any {
    try JSONSerialization.jsonObject(with: try Vectors.data("mainnet-receipts/\(name).json"))
  }

  /// Older libraries print numbers and booleans where newer ones print hex.
  static func number(_ value: Any?) throws -> UInt64 {
    if let text = value as? String {
      return try #require(UInt64(text.dropFirst(2), radix: 16))
    }
    return try #require(value as? NSNumber).uint64Value
  }

  static func bytes(_ value: Any?) throws -> [UInt8] {
    try Hex.decode(try #require(value as? String))
  }

  static func receipts(_ block: String) throws -> [Receipt] {
    let list = try #require(try object("\(block)-receipts") as? [[String: Any]])
    return try list.map { json in
      let logs = try #require(json["logs"] as? [[String: Any]]).map { log in
        Log(
          address: try #require(Address(try bytes(log["address"]))),
          topics: try #require(log["topics"] as? [String]).map {
            try #require(Hash256(try Hex.decode($0)))
          },
          data: try bytes(log["data"]))
      }
      let kind = try json["type"].map { try number($0) } ?? 0
      return Receipt(
        kind: try #require(Transaction.Kind(rawValue: UInt8(kind))),
        succeeded: try number(json["status"]) == 1,
        cumulativeGasUsed: try number(json["cumulativeGasUsed"]), logs: logs)
    }
  }

  @Test(
    "give each receipt's bloom, the header's bloom and its receipts root",
    arguments: ["10692962", "21925176"])
  func rootAndBloom(_ block: String) throws {
    let header = try #require(try Self.object("\(block)-block") as? [String: Any])
    let receipts = try Self.receipts(block)
    #expect(receipts.count > 200)
    var bloom = Bloom.empty
    let list = try #require(try Self.object("\(block)-receipts") as? [[String: Any]])
    for (receipt, json) in zip(receipts, list) {
      #expect(try Self.bytes(json["logsBloom"]) == receipt.bloom.bytes)
      bloom.formUnion(receipt.bloom)
      for log in receipt.logs {
        #expect(bloom.mayContain(log.address))
        for topic in log.topics { #expect(bloom.mayContain(topic)) }
      }
    }
    #expect(try Self.bytes(header["logsBloom"]) == bloom.bytes)
    #expect(try Self.bytes(header["receiptsRoot"]) == Receipt.root(receipts).bytes)
  }

  @Test("say no to almost all that is not in them")
  func misses() throws {
    // 2 048 bits, three a probe: a single receipt's filter is sparse.
    let receipt = try #require(try Self.receipts("21925176").first { !$0.logs.isEmpty })
    let hits = (0..<1_000).count { receipt.bloom.mayContain(Address(UInt32(0x9000 + $0))) }
    #expect(hits < 20)
    #expect(!Bloom.empty.mayContain(Address.zero))
    #expect(Bloom([UInt8](repeating: 0, count: 255)) == nil)
  }
}
