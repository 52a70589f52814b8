import ChainTypes
import JSON
import Keys
import Primitives
import TestSupport
import Testing
import Trie

@Suite("What root chains send")
struct BridgeInputTests {
  static let deposit = StateMessage.deposit(
    BridgeDeposit(
      user: Address(0xa), rootToken: Address(0xb), rootID: 2, amount: 5, depositor: Address(0xc)))
  static let mapping = StateMessage.mapToken(
    TokenMapping(
      rootToken: Address(0xb), childToken: Address(0xd), rootID: 2, kind: .erc20,
      name: Array("Name".utf8), symbol: [0xff, 0xfe], decimals: 6))

  @Test("The largest proof fits a transaction")
  func largestProof() throws {
    var nodes = [[UInt8]](repeating: [0xff], count: DepositProof.maximumNodeCount - 1)
    nodes.append([UInt8](repeating: 0xff, count: DepositProof.maximumSize - nodes.count))
    let proof = DepositProof(
      rootID: .max, header: [UInt8](repeating: 0xff, count: RootHeader.maximumSize),
      transactionIndex: .max, nodes: nodes, logIndex: .max)
    #expect(proof.isSubmittable)
    let transaction = Transaction(
      chainID: .max, nonce: .max - 1, maxPriorityFeePerGas: .one, maxFeePerGas: .one << 128,
      gasLimit: 50_000_000, to: StateReceiverModule.address, value: .zero,
      data: try proof.encodedCall())
    let key = try PrivateKey(bytes: [UInt8](repeating: 7, count: 32))
    let signed = try SignedTransaction(signing: transaction, with: key)
    #expect(try SignedTransaction(decoding: signed.encoded) == signed)
    nodes.append([0xff])
    #expect(
      !DepositProof(
        rootID: 2, header: [], transactionIndex: 0, nodes: nodes, logIndex: 0
      ).isSubmittable)
  }

  @Test("A message whose any byte is changed is another message or none", arguments: [0, 1])
  func messageBytes(which: Int) throws {
    let message = which == 0 ? Self.deposit : Self.mapping
    let data = message.encoded
    #expect(try StateMessage(decoding: data) == message)
    for index in data.indices {
      for bit in 0..<8 {
        var changed = data
        changed[index] ^= 1 << UInt8(bit)
        // What is still read is written back to the very same bytes.
        if let other = try? StateMessage(decoding: changed) {
          #expect(other != message)
          #expect(other.encoded == changed)
        }
      }
    }
    #expect(throws: StateMessageError.self) { try StateMessage(decoding: data + [0]) }
    #expect(throws: StateMessageError.self) { try StateMessage(decoding: data.dropLast()) }
    #expect(throws: StateMessageError.tooLarge) {
      try StateMessage(decoding: data + [UInt8](repeating: 0, count: 1_024))
    }
  }

  @Test("A message of another type, token kind or name length is refused by its own error")
  func messageErrors() throws {
    var data = Self.deposit.encoded
    data[0] ^= 1
    let type = try #require(Hash256(data[..<32]))
    #expect(throws: StateMessageError.unknownType(type)) { try StateMessage(decoding: data) }
    guard case .mapToken(var mapping) = Self.mapping else { return }
    mapping.name = []
    #expect(throws: StateMessageError.badName) {
      try StateMessage(decoding: StateMessage.mapToken(mapping).encoded)
    }
    mapping.name = [UInt8](repeating: 0x61, count: 65)
    #expect(throws: StateMessageError.badName) {
      try StateMessage(decoding: StateMessage.mapToken(mapping).encoded)
    }
  }

  @Test("A header has fifteen fields or more, and all of them make its hash")
  func headers() throws {
    for count in 15...30 {
      let bytes = RootBlockFixture.header(
        number: 70, receiptsRoot: UInt256(9).word, fieldCount: count)
      let header = try RootHeader(decoding: bytes)
      #expect(header.number == 70 && header.receiptsRoot == UInt256(9).word)
      #expect(header.hash == Keccak256.hash(bytes))
      #expect(throws: RootDataError.malformed(.trailingBytes)) {
        try RootHeader(decoding: bytes + [0x80])
      }
      #expect(throws: RootDataError.malformed(.truncated)) {
        try RootHeader(decoding: bytes.dropLast())
      }
    }
    let fourteen = RLPEncoder.list { list in
      for _ in 0..<14 { list.append(Hash256.zero) }
    }
    #expect(throws: RootDataError.self) { try RootHeader(decoding: fourteen) }
    #expect(throws: RootDataError.tooLarge) {
      try RootHeader(decoding: [UInt8](repeating: 0xc0, count: RootHeader.maximumSize + 1))
    }
  }

  @Test(
    "A receipt is of any type, with a status or a state root", arguments: [0, 1, 2, 3, 4, 0x7f])
  func receiptTypes(type: UInt8) throws {
    let log = Log(address: Address(1), topics: [.zero, UInt256(2).word], data: [1, 2, 3])
    for outcome in [RootReceipt.Outcome.succeeded, .failed, .stateRoot(UInt256(3).word)] {
      let receipt = RootReceipt(
        type: type, outcome: outcome, cumulativeGasUsed: 21_000, logs: [log, log])
      let bytes = receipt.encoded
      let read = try RootReceipt(decoding: bytes)
      #expect(read == receipt && read.isBloomRight && read.encoded == bytes)
      #expect(throws: RootDataError.self) { try RootReceipt(decoding: bytes + [0]) }
      #expect(throws: RootDataError.self) { try RootReceipt(decoding: bytes.dropLast()) }
    }
    #expect(throws: RootDataError.unknownReceiptType(0)) { try RootReceipt(decoding: []) }
    #expect(throws: RootDataError.unknownReceiptType(0x80)) { try RootReceipt(decoding: [0x80]) }
  }

  @Test("A receipt with a status of two, five topics or leading zeros is refused")
  func badReceipts() throws {
    func receipt(status: [UInt8], gas: [UInt8], topics: Int) -> [UInt8] {
      RLPEncoder.list { list in
        list.append(status)
        list.append(gas)
        list.append(Bloom.empty.bytes)
        list.list { logs in
          Log(
            address: .zero, topics: Array(repeating: .zero, count: topics), data: []
          ).write(to: &logs)
        }
      }
    }
    #expect(throws: Never.self) {
      try RootReceipt(decoding: receipt(status: [1], gas: [5], topics: 4))
    }
    for (status, gas, topics) in [
      ([2], [5], 4), ([0], [5], 4), ([1], [0, 5], 4), ([1], [5], 5),
      ([1, 1], [5], 1),
    ] as [([UInt8], [UInt8], Int)] {
      #expect(throws: RootDataError.self) {
        try RootReceipt(decoding: receipt(status: status, gas: gas, topics: topics))
      }
    }
  }

  @Test("A log is a message only in the one form that the state sender gives it")
  func logs() throws {
    let message = StateSynced(id: 3, data: Self.deposit.encoded)
    let log = message.log(from: Address(0x5e))
    #expect(StateSynced(log) == message)
    var changes: [(inout Log) -> Void] = [
      { $0.topics[0] = .zero }, { $0.topics[1] = .zero }, { $0.topics.append(.zero) },
      { $0.topics.removeLast() }, { $0.topics[1] = UInt256.max.word },
      { $0.topics[2] = UInt256.max.word }, { $0.data.append(0) }, { $0.data.removeLast() },
      { $0.data += [UInt8](repeating: 0, count: 32) }, { $0.data[31] = 64 },
    ]
    // Padding that is not zero.
    changes.append { log in
      log.data = StateSynced(id: 3, data: [1, 2, 3]).log(from: .zero).data
      log.data[log.data.count - 1] = 1
    }
    for change in changes {
      var other = log
      change(&other)
      #expect(StateSynced(other) == nil)
    }
  }
}

extension Log {
  /// Its three fields as a list, written here once more.
  fileprivate func write(to list: inout RLPEncoder) {
    list.list { inner in
      inner.append(address)
      inner.list { topics in
        for topic in self.topics { topics.append(topic) }
      }
      inner.append(data)
    }
  }
}

@Suite("A deposit's proof")
struct DepositProofTests {
  static let sender = Address(0x5e)
  static let message = StateSynced(id: 9, data: BridgeInputTests.deposit.encoded)

  static func block() throws -> RootBlockFixture {
    let noise = Log(address: Address(0x99), topics: [.zero], data: [])
    let logs = [
      [noise], [], [noise, message.log(from: sender), noise], [message.log(from: Address(0x5f))],
      [StateSynced(id: 1, receiver: Address(7), data: [1]).log(from: sender)],
    ]
    return try #require(
      RootBlockFixture(number: 100, logs: logs + Array(repeating: [], count: 140)))
  }

  @Test("proves its message, and survives its call data and its JSON")
  func proves() throws {
    let proof = try #require(try Self.block().proof(transaction: 2, log: 1))
    let content = try proof.verified(stateSender: Self.sender)
    #expect(content.message == Self.message)
    #expect(content.header.number == 100 && content.receipt.type == 2)
    #expect(try DepositProof(decodingCall: proof.encodedCall()) == proof)
    #expect(try DepositProof(json: proof.json) == proof)
    #expect(try DepositProof(json: JSONValue.parse(proof.json.serialized)) == proof)
  }

  @Test("is refused with its cause: emitter, receiver, log, transaction, nodes, header")
  func refusals() throws {
    let block = try Self.block()
    func error(
      _ transaction: Int, _ log: Int, _ change: (inout DepositProof) -> Void = { _ in }
    ) -> DepositProofError? {
      guard var proof = block.proof(transaction: transaction, log: log) else { return nil }
      change(&proof)
      do {
        _ = try proof.verified(stateSender: Self.sender)
        return nil
      } catch {
        return error
      }
    }
    #expect(error(2, 1) == nil)
    #expect(error(2, 0) == .wrongEmitter(Address(0x99)))
    #expect(error(3, 0) == .wrongEmitter(Address(0x5f)))
    #expect(error(4, 0) == .wrongReceiver(Address(7)))
    #expect(error(2, 3) == .noLog(index: 3, count: 3))
    #expect(error(2, 1) { $0.logIndex = .max } == .noLog(index: .max, count: 3))
    #expect(error(1, 0) == .noLog(index: 0, count: 0))
    #expect(error(2, 1) { $0.transactionIndex = 3 } != nil)
    #expect(error(2, 1) { $0.transactionIndex = 400 } != nil)
    #expect(error(2, 1) { $0.nodes.removeLast() } == .nodes(.missingNode))
    #expect(error(2, 1) { $0.nodes.append([0x80]) } == .nodes(.tooLarge))
    #expect(error(2, 1) { $0.nodes = Array(repeating: [0x80], count: 40) } == .nodes(.tooLarge))
    #expect(
      error(2, 1) { $0.nodes = [[UInt8](repeating: 0, count: DepositProof.maximumSize + 1)] }
        == .nodes(.tooLarge))
    #expect(error(2, 1) { $0.header.append(0) } == .header(.malformed(.trailingBytes)))
    #expect(
      error(2, 1) { $0.header = RootBlockFixture.header(number: 100, receiptsRoot: .zero) }
        == .nodes(.wrongHash))
  }

  @Test("has no node too many, in any place")
  func superfluousNodes() throws {
    // Two nodes, where there is room for three.
    let block = try #require(
      RootBlockFixture(number: 1, logs: [[Self.message.log(from: Self.sender)], []]))
    let proof = try #require(block.proof(transaction: 0, log: 0))
    #expect(proof.nodes.count == 2)
    var longer = proof
    longer.nodes.append([0x80])
    #expect(throws: DepositProofError.nodes(.unusedNodes)) {
      try longer.verified(stateSender: Self.sender)
    }
    for index in 0..<2 {
      var doubled = proof
      doubled.nodes.insert(proof.nodes[index], at: index)
      #expect(throws: DepositProofError.self) { try doubled.verified(stateSender: Self.sender) }
    }
  }

  @Test("is refused, or is of another block, once any byte is changed")
  func changedBytes() throws {
    let proof = try #require(try Self.block().proof(transaction: 2, log: 1))
    let hash = try RootHeader(decoding: proof.header).hash
    for node in proof.nodes.indices {
      for index in proof.nodes[node].indices {
        var changed = proof
        changed.nodes[node][index] ^= 0x10
        #expect(throws: DepositProofError.nodes(.wrongHash)) {
          try changed.verified(stateSender: Self.sender)
        }
      }
    }
    for index in proof.header.indices {
      var changed = proof
      changed.header[index] ^= 0x01
      let content = try? changed.verified(stateSender: Self.sender)
      #expect(content?.header.hash != hash)
    }
  }

  @Test("as JSON has its five members and nothing else")
  func badJSON() throws {
    let proof = try #require(try Self.block().proof(transaction: 2, log: 1))
    guard case .object(let object) = proof.json else { return }
    for member in object.members {
      let rest = object.members.filter { $0.key != member.key }.map { ($0.key, $0.value) }
      #expect(throws: DepositProofFormatError.self) {
        try DepositProof(json: .object(JSONObject(rest)))
      }
      let other = rest + [(member.key, JSONValue.string("0x0"))]
      #expect(throws: DepositProofFormatError.self) {
        try DepositProof(json: .object(JSONObject(other)))
      }
    }
    let more = object.members.map { ($0.key, $0.value) } + [("extra", .null)]
    #expect(throws: DepositProofFormatError.self) {
      try DepositProof(json: .object(JSONObject(more)))
    }
  }
}

@Suite("Joined signatures of a quorum")
struct QuorumSignatureTests {
  let keys = TestChain.keys.sorted { $0.address < $1.address }
  let digest = Keccak256.hash([1])
  var weights: [Address: UInt256] {
    Dictionary(uniqueKeysWithValues: keys.prefix(3).map { ($0.address, UInt256(1)) })
  }

  func signature(_ index: Int) throws -> [UInt8] { try keys[index].sign(digest).bytes }

  func error(_ bytes: [UInt8], _ weights: [Address: UInt256]? = nil) -> QuorumError? {
    do {
      _ = try QuorumSignatures.verify(bytes, digest: digest, weights: weights ?? self.weights)
      return nil
    } catch {
      return error
    }
  }

  @Test("are taken in ascending order, from more than two thirds of the weight")
  func quorum() throws {
    let all = try signature(0) + signature(1) + signature(2)
    #expect(error(all) == nil)
    #expect(error(try signature(0) + signature(1)) == .belowQuorum)
    #expect(error([]) == .belowQuorum)
    var heavy = weights
    heavy[keys[0].address] = 5
    #expect(error(try signature(0), heavy) == nil)
    heavy[keys[0].address] = 4
    #expect(error(try signature(0), heavy) == .belowQuorum)
  }

  @Test("are refused whole for whatever is irregular")
  func irregular() throws {
    let (a, b, c) = (try signature(0), try signature(1), try signature(2))
    #expect(error(b + a + c) == .notAscending(keys[0].address))
    #expect(error(a + a + b) == .notAscending(keys[0].address))
    #expect(error(a + b + c + [0]) == .wrongLength(196))
    #expect(error(try a + b + c + signature(3)) != nil)
    // The other root: n − s, and the other parity.
    let signature = try Signature(bytes: c)
    let order = UInt256(
      high: 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe,
      low: 0xbaae_dce6_af48_a03b_bfd2_5e8c_d036_4141)
    let high = signature.r.word.bytes + (order &- signature.s).word.bytes + [55 - signature.v]
    #expect(error(a + b + high) == .signature(index: 2, .highS))
    var badV = c
    badV[64] -= 27
    #expect(error(a + b + badV) == .signature(index: 2, .invalidV(badV[64])))
    #expect(error([UInt8](repeating: 0, count: 65 * 129)) == .wrongLength(65 * 129))
  }
}
