import ChainTypes
import Foundation
import JSON
import Primitives
import TestSupport
import Testing
import Trie

/// Blocks of Ethereum's main chain, with all their receipts.
@Suite("Receipts of real blocks")
struct MainnetReceiptTests {
  static let folder = "mainnet-receipts"
  static let blocks = ["10692962", "21925176"]
  /// Keccak over all nodes of all proofs of each block, in order, as Python's `trie` makes them.
  static let proofHashes = [
    "10692962": "0x5acb45ef8581953be42275fd36594d978e93a25081fea4da5af4c3367d3e2b98",
    "21925176": "0x78e61a6a7ed1d919550eeb803037314b6b67a5b28785df7c7746ec8857f18a7a",
  ]

  /// A number as any web3 library prints it.
  static func number(_ value: JSONValue?) throws -> UInt256 {
    let text = value?.stringValue ?? value?.numberText ?? "?"
    return try #require(
      text.hasPrefix("0x") ? try Hex.decodeQuantity(text) : UInt256(decimal: text))
  }

  static func bytes(_ value: JSONValue?) throws -> [UInt8] {
    try Hex.decode(value?.stringValue ?? "?")
  }

  static func header(_ block: JSONValue) throws -> [UInt8] {
    try RLPEncoder.list { list in
      for name in [
        "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot",
        "logsBloom",
      ] { list.append(try bytes(block[name])) }
      for name in ["difficulty", "number", "gasLimit", "gasUsed", "timestamp"] {
        list.append(try number(block[name]))
      }
      for name in ["extraData", "mixHash", "nonce"] { list.append(try bytes(block[name])) }
      if let fee = block["baseFeePerGas"] { list.append(try number(fee)) }
      if let root = block["withdrawalsRoot"] { list.append(try bytes(root)) }
      if let used = block["blobGasUsed"] { list.append(try number(used)) }
      if let excess = block["excessBlobGas"] { list.append(try number(excess)) }
      if let root = block["parentBeaconBlockRoot"] { list.append(try bytes(root)) }
    }
  }

  static func receipt(_ value: JSONValue) throws -> RootReceipt {
    let logs = try (value["logs"]?.arrayValue ?? []).map { log in
      Log(
        address: try #require(Address(try bytes(log["address"]))),
        topics: try (log["topics"]?.arrayValue ?? []).map {
          try #require(Hash256(try bytes($0)))
        },
        data: try bytes(log["data"]))
    }
    let succeeded = value["status"] == "0x1" || value["status"] == true
    return RootReceipt(
      type: try value["type"].map { UInt8(try number($0).low) } ?? 0,
      outcome: succeeded ? .succeeded : .failed,
      cumulativeGasUsed: UInt64(try number(value["cumulativeGasUsed"]).low), logs: logs)
  }

  static func load(_ name: String) throws -> (block: JSONValue, receipts: [RootReceipt]) {
    let limits = JSONLimits(maximumDepth: 16, maximumValues: 1_000_000)
    let block = try JSONValue.parse(
      [UInt8](Vectors.data("\(folder)/\(name)-block.json")), limits: limits)
    let receipts = try JSONValue.parse(
      [UInt8](Vectors.data("\(folder)/\(name)-receipts.json")), limits: limits)
    return (block, try (receipts.arrayValue ?? []).map(receipt))
  }

  @Test(
    "give the header's hash, root and bloom, and each proof gives its receipt",
    .enabled(if: Vectors.available(folder), Vectors.absent), arguments: blocks)
  func roots(name: String) throws {
    let (block, receipts) = try Self.load(name)
    let header = try RootHeader(decoding: Self.header(block))
    #expect(header.hash.hex == block["hash"]?.stringValue)
    #expect(try UInt256(header.number) == Self.number(block["number"]))
    var bloom = Bloom.empty
    for receipt in receipts { bloom.formUnion(receipt.bloom) }
    #expect(bloom == header.logsBloom)
    let encoded = receipts.map(\.encoded)
    for (receipt, bytes) in zip(receipts, encoded) {
      #expect(try RootReceipt(decoding: bytes) == receipt)
    }
    let proofs = try #require(RootBlockProofs(header: header, receipts: encoded))
    #expect(proofs.count == receipts.count && receipts.count > 200)
    // The trie of any keys, which shares no code with the ordered one above its nodes.
    var trie = MerklePatriciaTrie()
    for (index, bytes) in encoded.enumerated() {
      trie[DepositProof.key(of: UInt64(index))] = bytes
    }
    for (index, bytes) in encoded.enumerated() {
      let nodes = try #require(proofs.nodes(transactionIndex: index))
      let key = DepositProof.key(of: UInt64(index))
      #expect(try TrieProof.verify(root: header.receiptsRoot, key: key, nodes: nodes) == bytes)
      if index % 7 == 0 { #expect(trie.prove(key) == nodes) }
      let other = DepositProof.key(of: UInt64((index + 1) % encoded.count))
      let wrong = try? TrieProof.verify(root: header.receiptsRoot, key: other, nodes: nodes)
      #expect(wrong != .some(bytes))
    }
    let all = encoded.indices.flatMap { (proofs.nodes(transactionIndex: $0) ?? []).joined() }
    #expect(Keccak256.hash(all).hex == Self.proofHashes[name])
    #expect(RootBlockProofs(header: header, receipts: encoded.dropLast()) == nil)
  }

  @Test(
    "prove nothing once any byte is changed",
    .enabled(if: Vectors.available(folder), Vectors.absent))
  func changedBytes() throws {
    let (block, receipts) = try Self.load("21925176")
    let header = try RootHeader(decoding: Self.header(block))
    let proofs = try #require(RootBlockProofs(header: header, receipts: receipts.map(\.encoded)))
    var random = SeededGenerator(seed: 7)
    for index in [0, 1, 127, 128, 201] {
      let key = DepositProof.key(of: UInt64(index))
      let nodes = try #require(proofs.nodes(transactionIndex: index))
      for node in nodes.indices {
        for place in 0..<nodes[node].count where place < 40 || place % 97 == 0 {
          var changed = nodes
          changed[node][place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
          #expect(throws: TrieProofError.wrongHash) {
            try TrieProof.verify(root: header.receiptsRoot, key: key, nodes: changed)
          }
        }
      }
    }
  }
}
