import ChainTypes
import Foundation
import JSON
import Keys
import Primitives
import TestSupport
import Testing

/// docs/specs/bridge-vectors.json, which libraries made that are not ours.
@Suite("The bridge's published vectors")
struct BridgeVectorTests {
  static let file: JSONValue = {
    let url = Vectors.packageDirectory.appendingPathComponent("docs/specs/bridge-vectors.json")
    return (try? JSONValue.parse([UInt8](Data(contentsOf: url)))) ?? .null
  }()

  static func list(_ name: String) -> [JSONValue] { file[name]?.arrayValue ?? [] }
  static func bytes(_ value: JSONValue?) throws -> [UInt8] {
    try Hex.decode(value?.stringValue ?? "?")
  }
  static func hash(_ value: JSONValue?) throws -> Hash256 {
    try Hash256(hex: value?.stringValue ?? "?")
  }
  static func address(_ value: JSONValue?) throws -> Address {
    try Address(checksummed: value?.stringValue ?? "?")
  }
  static func number(_ value: JSONValue?) throws -> UInt256 {
    try #require(UInt256(decimal: value?.stringValue ?? value?.numberText ?? "?"))
  }
  static func small(_ value: JSONValue?) throws -> UInt64 {
    try #require(UInt64(exactly: try number(value)))
  }

  static func withdrawals() throws -> [Withdrawal] {
    try list("withdrawals").map {
      Withdrawal(
        index: try small($0["index"]), rootToken: try address($0["rootToken"]),
        receiver: try address($0["receiver"]), amount: try number($0["amount"]),
        height: try small($0["height"]))
    }
  }

  static func leaves() throws -> [Hash256] {
    try withdrawals().map { $0.leaf(sidechainID: 199, rootID: 2) }
  }

  @Test("Leaves, zeros and roots are as published")
  func trees() throws {
    #expect(try OutboxHashing.zeros == Self.list("zeros").map(Self.hash))
    let leaves = try Self.leaves()
    #expect(try leaves == Self.list("withdrawals").map { try Self.hash($0["leaf"]) })
    #expect(leaves.count == 5)
    let tree = OutboxTree(leaves)
    for entry in Self.list("roots") {
      let count = try Self.small(entry["count"])
      let root = try Self.hash(entry["root"])
      #expect(tree.root(count: count) == root)
      var branch = OutboxBranch()
      for leaf in leaves.prefix(Int(count)) { branch.append(leaf) }
      #expect(branch.root == root)
      #expect(try OutboxHashing.root(top: Self.hash(entry["top"]), count: count) == root)
      let again = OutboxBranch(count: count) { branch.nodes[$0] }
      #expect(again.root == root)
    }
    var branch = OutboxBranch()
    for leaf in leaves { branch.append(leaf) }
    // The node at height 1 belongs to an older count and is not looked at.
    #expect(try branch.nodes[0] == Self.hash(Self.list("branch")[0]))
    #expect(try branch.nodes[2] == Self.hash(Self.list("branch")[2]))
  }

  @Test("Proofs are as published, and prove their leaf under their count only")
  func proofs() throws {
    let leaves = try Self.leaves()
    let tree = OutboxTree(leaves)
    #expect(Self.list("proofs").count == 5)
    for entry in Self.list("proofs") {
      let (index, count) = (try Self.small(entry["index"]), try Self.small(entry["count"]))
      let siblings = try (entry["siblings"]?.arrayValue ?? []).map(Self.hash)
      #expect(tree.proof(of: index, count: count) == siblings)
      for tried in 0...5 as ClosedRange<UInt64> {
        let root = try #require(tree.root(count: tried))
        let holds = OutboxTree.verify(
          leaf: leaves[Int(index)], index: index, count: tried, siblings: siblings, root: root)
        #expect(holds == (tried == count))
      }
    }
  }

  @Test("Roots over a thousand plain leaves are as published, appended or all at once")
  func manyLeaves() throws {
    let leaves = (0..<1_000).map { Keccak256.hash(UInt256(UInt64($0)).word) }
    let tree = OutboxTree(leaves)
    var branch = OutboxBranch()
    var roots: [UInt64: Hash256] = [:]
    for leaf in leaves {
      branch.append(leaf)
      roots[branch.count] = branch.root
    }
    for entry in Self.list("plainLeaves") {
      let count = try Self.small(entry["count"])
      #expect(try roots[count] == Self.hash(entry["root"]))
      #expect(try tree.root(count: count) == Self.hash(entry["root"]))
    }
    for count in [1, 2, 3, 255, 256, 257, 1_000] as [UInt64] {
      let root = try #require(tree.root(count: count))
      for index in [0, count / 2, count - 1] {
        let siblings = try #require(tree.proof(of: index, count: count))
        #expect(
          OutboxTree.verify(
            leaf: leaves[Int(index)], index: index, count: count, siblings: siblings, root: root))
        // Another name of the same leaf beyond the tree is none.
        #expect(
          !OutboxTree.verify(
            leaf: leaves[Int(index)], index: index + 1 << 32, count: count, siblings: siblings,
            root: root))
      }
      #expect(tree.proof(of: count, count: count) == nil)
    }
    #expect(tree.root(count: 1_001) == nil)
  }

  @Test("Checkpoints and validator sets have the published digests, signatures and calls")
  func typedData() throws {
    let data = try #require(Self.file["typedData"])
    let domain = BridgeDomain(
      chainID: try Self.small(data["chainId"]),
      checkpoints: try Self.address(data["verifyingContract"]))
    #expect(try domain.separator == Self.hash(data["domainSeparator"]))
    let keys = try (data["keys"]?.arrayValue ?? []).map { try PrivateKey(bytes: Self.bytes($0)) }

    let one = try #require(data["checkpoint"])
    let checkpoint = CheckpointStatement(
      sidechainID: 199, rootID: 2, epoch: try Self.small(one["epoch"]),
      endHeight: try Self.small(one["endHeight"]), endBlockHash: try Self.hash(one["endBlockHash"]),
      outboxRoot: try Self.hash(one["outboxRoot"]),
      outboxCount: try Self.small(one["outboxCount"]))
    let other = try #require(data["validatorSet"])
    let set = ValidatorSetStatement(
      sidechainID: 199, rootID: 2, epoch: try Self.small(other["epoch"]),
      validators: try (other["validators"]?.arrayValue ?? []).map(Self.address),
      weights: try (other["weights"]?.arrayValue ?? []).map(Self.number))
    let digests = (checkpoint.digest(in: domain), set.digest(in: domain))
    #expect(try digests.0 == Self.hash(one["digest"]))
    #expect(try digests.1 == Self.hash(other["digest"]))

    for (entry, digest, call) in [
      (one, digests.0, checkpoint.submission), (other, digests.1, set.submission),
    ] {
      let signed = try (entry["signatures"]?.arrayValue ?? []).map {
        (signer: try Self.address($0["signer"]), signature: try Self.bytes($0["signature"]))
      }
      // Made by our own keys they are the same, for both derive the nonce as RFC 6979 has it.
      let ours = try signed.map { entry in
        let key = try #require(keys.first { $0.address == entry.signer })
        return (signer: entry.signer, signature: try key.sign(digest))
      }
      #expect(ours.map(\.signature.bytes) == signed.map(\.signature))
      let joined = QuorumSignatures.join(ours.reversed())
      #expect(try call(joined) == Self.bytes(entry["call"]))
      let weights = Dictionary(uniqueKeysWithValues: signed.map { ($0.signer, UInt256.one) })
      #expect(
        try QuorumSignatures.verify(joined, digest: digest, weights: weights)
          == signed.map(\.signer))
    }
  }

  @Test("Deposits are as published, from the log down to the amount")
  func deposits() throws {
    #expect(Self.list("deposits").count == 2)
    for entry in Self.list("deposits") {
      let deposit = BridgeDeposit(
        user: try Self.address(entry["user"]), rootToken: try Self.address(entry["rootToken"]),
        rootID: try Self.small(entry["rootId"]), amount: try Self.number(entry["amount"]),
        depositor: try Self.address(entry["depositor"]))
      #expect(try deposit.syncData == Self.bytes(entry["syncData"]))
      try Self.check(.deposit(deposit), entry)
    }
  }

  @Test("Mappings are as published")
  func mappings() throws {
    #expect(Self.list("mappings").count == 2)
    for entry in Self.list("mappings") {
      let mapping = TokenMapping(
        rootToken: try Self.address(entry["rootToken"]),
        childToken: try Self.address(entry["childToken"]),
        rootID: try Self.small(entry["rootId"]),
        kind: entry["tokenType"] == "Ether" ? .ether : .erc20,
        name: Array((entry["name"]?.stringValue ?? "").utf8),
        symbol: Array((entry["symbol"]?.stringValue ?? "").utf8),
        decimals: UInt8(try Self.small(entry["decimals"])))
      #expect(try mapping.syncData == Self.bytes(entry["syncData"]))
      try Self.check(.mapToken(mapping), entry)
    }
  }

  /// Both ways between a message, its data and its log.
  static func check(_ message: StateMessage, _ entry: JSONValue) throws {
    let data = try bytes(entry["data"])
    #expect(message.encoded == data)
    #expect(try StateMessage(decoding: data) == message)
    let synced = StateSynced(id: 7, data: data)
    let log = synced.log(from: Address(0x5e))
    #expect(try log.data == bytes(entry["logData"]))
    #expect(
      log.topics[0].hex == "0x103fed9db65eac19c4d870f49ab7520fe03b99f1838e5996caf47e9e43308392")
    #expect(log.topics[2].hex.hasSuffix("001001"))
    #expect(StateSynced(log) == synced)
  }

  @Test("Child tokens have the published addresses")
  func childTokens() throws {
    #expect(Self.list("childTokens").count == 6)
    for entry in Self.list("childTokens") {
      #expect(
        try BridgedToken.address(
          rootID: Self.small(entry["rootId"]), rootToken: Self.address(entry["rootToken"]))
          == Self.address(entry["childToken"]))
    }
    #expect(BridgedToken.ether.checksummed == "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE")
  }

  @Test("Calls of the root contracts are as published")
  func calls() throws {
    let calls = try #require(Self.file["calls"])
    let withdrawals = try Self.withdrawals()
    let tree = OutboxTree(try Self.leaves())
    let proof = try #require(tree.proof(of: 2, count: 5))
    #expect(
      try RootContracts.claim(withdrawals[2], checkpoint: 1, proof: proof)
        == Self.bytes(calls["claim"]))
    let bob = withdrawals[1].receiver
    #expect(
      try RootContracts.claim(withdrawals[2], checkpoint: 1, proof: proof, to: bob)
        == Self.bytes(calls["claimTo"]))
    let btt = withdrawals[0].rootToken
    let amount = UInt256.powerOfTen(18) ?? .zero
    #expect(
      try RootContracts.depositFor.encodeCall([
        .address(withdrawals[0].receiver), .address(btt), .bytes(amount.word.bytes),
      ]) == Self.bytes(calls["depositFor"]))
    #expect(
      try RootContracts.depositEtherFor.encodeCall([.address(withdrawals[0].receiver)])
        == Self.bytes(calls["depositEtherFor"]))
  }

  @Test("Functions and events have the selectors and topics that the contracts have")
  func selectors() throws {
    let functions =
      [
        (RootContracts.checkpoint, 0xed64_bab2), (RootContracts.checkpointCount, 0x1f61_8cd2),
        (RootContracts.epoch, 0x900c_f0cf), (RootContracts.isSpent, 0xce29_c096),
        (RootContracts.token, 0x6d46_a1db), (RootContracts.counter, 0x61bc_221a),
        // BTTC's.
        (WithdrawalModule.withdrawToHome, 0x205c_2878),
      ] as [(ABIFunction, UInt32)]
    for (function, selector) in functions { #expect(function.selector == selector) }
    let events = [
      (
        RootContracts.checkpointAccepted,
        "0xb520cc956f0355b48c628aed40d8e36cf50233ece350bd7dfc8d0b7ba33482e3"
      ),
      (
        RootContracts.claimed, "0x4e8b639424aee31258878f4031c519ccce468e9d3d876d085a6553ff52efa11d"
      ),
      (
        WithdrawalModule.withdrawToEvent,
        "0x67b714876402c93362735688659e2283b4a37fb21bab24bc759ca759ae851fd8"
      ),
    ]
    for (event, topic) in events { #expect(event.topic.hex == topic) }
  }
}
