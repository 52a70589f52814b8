import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

@Suite("The state receiver: headers")
struct HeaderAttestationTests {
  let eth = ABIValue.uint(2)

  @Test("A header is final with more than two thirds of the weight, not of the heads")
  func quorum() throws {
    let world = try BridgeWorld()
    let block = try world.block([])
    let number = ABIValue.uint(UInt256(block.proofs.header.number))
    // Weights 1, 1, 1 and 2: three heads with 3 of 5 are too few, two more weights are enough.
    for validator in 0..<3 {
      #expect(try world.attest([block], by: validator).results == [.counted])
      #expect(try world.view(StateReceiverModule.attested, [eth, number])[0] == .hash(.zero))
    }
    let last = try world.attest([block], by: 3)
    #expect(last.results == [.attested])
    #expect(last.outcome.logs.map(\.topics[0]) == [StateReceiverModule.attestedEvent.topic])
    #expect(
      try world.view(StateReceiverModule.attested, [eth, number])
        == [.hash(block.proofs.header.hash), .hash(block.proofs.header.receiptsRoot)])
    #expect(try world.attest([block], by: 3).results == [.known])
  }

  @Test("A validator's second, different vote is refused and kept as evidence")
  func equivocation() throws {
    let world = try BridgeWorld()
    let one = try #require(RootBlockFixture(number: 5, logs: [[]], salt: 1))
    let two = try #require(RootBlockFixture(number: 5, logs: [[]], salt: 2))
    let three = try #require(RootBlockFixture(number: 5, logs: [[]], salt: 3))
    #expect(try world.attest([one], by: 3).results == [.counted])
    let second = try world.attest([two, three], by: 3)
    #expect(second.results == [.conflicting, .conflicting])
    #expect(second.outcome.logs.count == 1)
    let event = try StateReceiverModule.equivocation.decode(
      topics: second.outcome.logs[0].topics, data: second.outcome.logs[0].data)
    #expect(event[0] == .address(BridgeWorld.validators[3].address))
    let vote = try world.view(
      StateReceiverModule.voteOf, [eth, .uint(5), .address(BridgeWorld.validators[3].address)])
    func statement(_ block: RootBlockFixture) -> ABIValue {
      .hash(
        Keccak256.hash(block.proofs.header.hash.bytes + block.proofs.header.receiptsRoot.bytes))
    }
    #expect(vote == [statement(one), statement(two)])
    // The refused vote counts nowhere.
    #expect(try world.attest([two], by: 0).results == [.counted])
    #expect(try world.attest([two], by: 1).results == [.counted])
    #expect(try world.view(StateReceiverModule.attested, [eth, .uint(5)])[0] == .hash(.zero))
    #expect(try world.attest([one], by: 2).results == [.counted])
    #expect(try world.attest([two], by: 2).results == [.conflicting])
  }

  @Test("Whoever comes late with another header is told that it disagrees")
  func disagreement() throws {
    let world = try BridgeWorld()
    let one = try #require(RootBlockFixture(number: 5, logs: [[]], salt: 1))
    let two = try #require(RootBlockFixture(number: 5, logs: [[]], salt: 2))
    try world.attest([one], by: 3)
    #expect(try world.attest([one], by: 0).results == [.counted])
    #expect(try world.attest([one], by: 1).results == [.attested])
    #expect(try world.attest([two], by: 2).results == [.disagrees])
    #expect(
      try world.view(StateReceiverModule.attested, [eth, .uint(5)])[0]
        == .hash(one.proofs.header.hash))
  }

  @Test("Only validators vote, for root chains that genesis names, up to 256 at once")
  func refusals() throws {
    let world = try BridgeWorld()
    let header = BridgeWorld.header(try world.block([]))
    func refusal(_ root: UInt256, _ headers: [ABIValue], from sender: Address) throws -> String {
      try world.send(
        StateReceiverModule.attest, [.uint(root), .array(headers)], from: sender
      ).refusal ?? ""
    }
    let validator = BridgeWorld.validators[0].address
    #expect(try refusal(2, [header], from: BridgeWorld.users[0]).contains("only validators"))
    #expect(try refusal(1, [header], from: validator).contains("no root chain has the id 1"))
    #expect(try refusal(9, [header], from: validator).contains("no root chain has the id 9"))
    #expect(try refusal(2, [], from: validator).contains("no headers"))
    #expect(try !refusal(2, Array(repeating: header, count: 257), from: validator).isEmpty)
    let zero = ABIValue.tuple([.uint(5), .hash(.zero), .hash(.zero)])
    #expect(try refusal(2, [zero], from: validator).contains("hash zero"))
  }

  @Test("A root chain stands still while more than a third of the weight wants it to")
  func pausing() throws {
    let world = try BridgeWorld()
    try world.deliver([world.deposit(1_000)])
    func setPaused(_ wish: Bool, by validator: Int) throws {
      let outcome = try world.send(
        StateReceiverModule.setPaused, [eth, .bool(wish)],
        from: BridgeWorld.validators[validator].address)
      #expect(outcome.refusal == nil)
    }
    func isPaused() throws -> Bool {
      try world.view(StateReceiverModule.paused, [eth])[0] == .bool(true)
    }
    try setPaused(true, by: 0)
    try setPaused(true, by: 0)
    #expect(try !isPaused())
    try setPaused(true, by: 1)
    #expect(try isPaused())
    let block = try world.block([])
    #expect(try world.attest([block], by: 2).outcome.refusal?.contains("paused") == true)
    let back = try world.send(
      WithdrawalModule.withdrawTo, [eth, .address(Address(9)), .uint(10)],
      to: WithdrawalModule.address, from: BridgeWorld.users[2])
    #expect(back.refusal?.contains("paused") == true)
    // The other root chain goes on.
    #expect(try world.deliver([world.deposit(7, root: .bsc)], of: .bsc)[0].status == .applied)
    try setPaused(false, by: 1)
    #expect(try !isPaused())
    #expect(try world.attest([block], by: 2).results == [.counted])
    let stranger = try world.send(
      StateReceiverModule.setPaused, [eth, .bool(true)], from: BridgeWorld.users[0])
    #expect(stranger.refusal?.contains("only validators") == true)
  }
}

@Suite("The state receiver: messages")
struct StateReceiverTests {
  static let token = Address(0x70cc)
  let eth = ABIValue.uint(2)

  @Test("A deposit of BTT is paid from the reserve and written in its root chain's book")
  func depositBTT() throws {
    let world = try BridgeWorld()
    let user = BridgeWorld.users[2]
    let before = try world.balance(user)
    let reserve = try world.balance(Genesis.reserveAddress)
    let result = try world.deliver([world.deposit(5_000)])
    #expect(result[0].status == .applied && result[0].reason == nil)
    #expect(try world.balance(user) == before &+ 5_000)
    #expect(try world.balance(Genesis.reserveAddress) == reserve &- 5_000)
    #expect(try world.book() == 5_000)
    #expect(try world.book(.bsc) == 0)
    #expect(try world.status(1) == .applied)
    #expect(try world.status(2) == .unknown)
    try world.verify()
  }

  @Test("A message is taken once, also after its proof was made anew")
  func replay() throws {
    let world = try BridgeWorld()
    let message = world.deposit(5_000)
    let log = message.log(from: BridgeWorld.root(.eth).stateSender)
    let block = try world.block([log, log])
    try world.attestAll([block])
    #expect(try world.submit(block, transaction: 0).status == .applied)
    for transaction in [0, 1] {
      let proof = try #require(block.proof(transaction: transaction, log: 0))
      let again = try world.send(
        try proof.encodedCall(), to: StateReceiverModule.address, from: BridgeWorld.users[0])
      #expect(again.refusal?.contains("is here already") == true)
    }
    #expect(try world.book() == 5_000)
  }

  @Test("Messages come in any order, and none holds up the others")
  func anyOrder() throws {
    let world = try BridgeWorld()
    let messages = (0..<6).map { world.deposit(UInt256(UInt64($0 + 1))) }
    let far = StateSynced(id: 1 << 40, data: messages[0].data)
    for index in [5, 0, 3] { try world.deliver([messages[index]]) }
    try world.deliver([far, messages[1]])
    let statuses = try world.view(
      StateReceiverModule.messages, [eth, .uint(1), .uint(7)])
    let wanted: [UInt64] = [1, 1, 0, 1, 0, 1, 0]
    let values = wanted.map { ABIValue.uint(UInt256($0)) }
    #expect(statuses == [ABIValue.array(values)])
    #expect(try world.status(1 << 40) == .applied)
    #expect(try world.book() == 14)
  }

  @Test("A proof counts under an attested header of its own root chain only")
  func unattested() throws {
    let world = try BridgeWorld()
    let log = world.deposit(5).log(from: BridgeWorld.root(.eth).stateSender)
    let block = try world.block([log])
    let proof = try #require(block.proof(transaction: 0, log: 0))
    func refusal(_ proof: DepositProof) throws -> String {
      try world.send(
        try proof.encodedCall(), to: StateReceiverModule.address, from: BridgeWorld.users[0]
      ).refusal ?? ""
    }
    #expect(try refusal(proof).contains("not attested yet"))
    try world.attest([block], by: 3)
    #expect(try refusal(proof).contains("not attested yet"))
    for validator in [0, 1] { try world.attest([block], by: validator) }
    let other = try #require(
      RootBlockFixture(number: block.proofs.header.number, logs: [[log]], salt: 5))
    #expect(
      try refusal(try #require(other.proof(transaction: 0, log: 0))).contains("another block"))
    var elsewhere = proof
    elsewhere.rootID = 3
    // The other root chain's state sender stands elsewhere.
    #expect(try refusal(elsewhere).contains("not the state sender's"))
    elsewhere.rootID = 1
    #expect(try refusal(elsewhere).contains("no root chain"))
    var changed = proof
    changed.nodes[changed.nodes.count - 1][40] ^= 1
    #expect(try refusal(changed).contains("receipts trie"))
    #expect(try world.book() == 0)
    #expect(try refusal(proof).isEmpty)
    #expect(try world.book() == 5)
  }

  @Test("A token is mapped at its derived address and minted there")
  func tokens() throws {
    let world = try BridgeWorld()
    let child = BridgedToken.address(rootID: 2, rootToken: Self.token)
    let results = try world.deliver([
      world.mapping(Self.token), world.deposit(700, of: Self.token),
      world.mapping(BridgedToken.ether, name: String(repeating: "é", count: 32), symbol: "ETH"),
      world.deposit(9, of: BridgedToken.ether),
    ])
    #expect(results.allSatisfy { $0.status == .applied })
    typealias ABI = BridgedTokenModule
    #expect(try world.view(ABI.name, of: child) == [.string("Tether USD ₮")])
    #expect(try world.view(ABI.symbol, of: child) == [.string("USDT")])
    #expect(try world.view(ABI.decimals, of: child) == [.uint(6)])
    #expect(try world.view(ABI.rootID, of: child) == [.uint(2)])
    #expect(try world.view(ABI.rootToken, of: child) == [.address(Self.token)])
    #expect(try world.number(ABI.totalSupply, of: child) == 700)
    #expect(try world.balance(BridgeWorld.users[2], of: child) == 700)
    let ether = BridgedToken.address(rootID: 2, rootToken: BridgedToken.ether)
    #expect(
      try world.view(ABI.name, of: ether) == [.string(String(repeating: "é", count: 32))])
    #expect(
      try world.view(StateReceiverModule.tokens, [.uint(0), .uint(10)])
        == [.array([.address(child), .address(ether)])])
    #expect(
      try world.view(StateReceiverModule.token, [.address(child)])
        == [.uint(2), .address(Self.token), .uint(700)])
    #expect(
      try world.view(StateReceiverModule.childToken, [eth, .address(Self.token)])
        == [.address(child), .bool(true)])
    try world.verify()
  }

  /// Messages that cannot be carried out, and why.
  static let failures: [(String, MessageFailure, @Sendable (BridgeWorld) -> StateSynced)] = [
    ("unmapped", .notMapped, { $0.deposit(5, of: token) }),
    ("zero user", .badReceiver, { $0.deposit(5, to: .zero) }),
    ("module", .badReceiver, { $0.deposit(5, to: Genesis.reserveAddress) }),
    ("nothing", .badAmount, { $0.deposit(0) }),
    ("reserve", .reserveTooLow, { $0.deposit(.max) }),
    ("child", .wrongChild, { $0.mapping(token, child: Address(5)) }),
    ("BTT", .alreadyMapped, { $0.mapping(BridgeWorld.root(.eth).btt) }),
    ("bytes", .malformed, { StateSynced(id: $0.deposit(5).id, data: [1, 2, 3]) }),
    (
      "root", .wrongRoot,
      {
        let other = $0.deposit(5, root: .bsc)
        return StateSynced(id: $0.deposit(5).id, data: other.data)
      }
    ),
  ]

  @Test("What cannot be carried out fails with its reason, and changes nothing", arguments: 0..<9)
  func failing(_ index: Int) throws {
    let world = try BridgeWorld()
    let (name, reason, make) = Self.failures[index]
    let message = make(world)
    let reserve = try world.balance(Genesis.reserveAddress)
    let result = try world.deliver([message])[0]
    #expect(result.status == .failed && result.reason == reason, "\(name)")
    #expect(try world.balance(Genesis.reserveAddress) == reserve)
    #expect(try world.number(StateReceiverModule.tokenCount) == 0)
    let stored = try world.view(
      StateReceiverModule.message, [eth, .uint(UInt256(message.id))])
    #expect(stored[0] == .uint(2) && stored[1] == .uint(UInt256(UInt64(reason.rawValue))))
    #expect(stored[3] == .hash(Keccak256.hash(message.data)))
    let again = try world.send(
      StateReceiverModule.retry,
      [eth, .uint(UInt256(message.id)), .bytes(message.data)])
    #expect(again.refusal == nil)
    #expect(try world.status(message.id) == .failed)
    try world.verify()
  }

  @Test("A deposit that overtook its mapping is retried by anyone")
  func retry() throws {
    let world = try BridgeWorld()
    let mapping = world.mapping(Self.token)
    let deposit = world.deposit(700, of: Self.token)
    let child = BridgedToken.address(rootID: 2, rootToken: Self.token)
    #expect(try world.deliver([deposit, mapping]).map(\.status) == [.failed, .applied])
    let id = ABIValue.uint(UInt256(deposit.id))
    var other = deposit.data
    other[300] ^= 1
    let wrong = try world.send(StateReceiverModule.retry, [eth, id, .bytes(other)])
    #expect(wrong.refusal?.contains("not the data") == true)
    let early = try world.send(StateReceiverModule.refund, [eth, id, .bytes(deposit.data)])
    #expect(early.refusal?.contains("can be retried until") == true)
    let right = try world.send(
      StateReceiverModule.retry, [eth, id, .bytes(deposit.data)], from: BridgeWorld.users[5])
    #expect(right.refusal == nil)
    #expect(try world.balance(BridgeWorld.users[2], of: child) == 700)
    #expect(try world.status(deposit.id) == .applied)
    let again = try world.send(StateReceiverModule.retry, [eth, id, .bytes(deposit.data)])
    #expect(again.refusal?.contains("has not failed") == true)
    #expect(try world.number(BridgedTokenModule.totalSupply, of: child) == 700)
    try world.verify()
  }

  @Test("After seven days a failed deposit goes back to its depositor, once")
  func refund() throws {
    let world = try BridgeWorld()
    let deposit = world.deposit(700, of: Self.token, by: Address(0xbeef))
    try world.deliver([deposit])
    let id = ABIValue.uint(UInt256(deposit.id))
    try world.advance(seconds: StateReceiverModule.retrySeconds)
    let late = try world.send(StateReceiverModule.retry, [eth, id, .bytes(deposit.data)])
    #expect(late.refusal?.contains("refund it") == true)
    let refund = try world.send(StateReceiverModule.refund, [eth, id, .bytes(deposit.data)])
    #expect(refund.refusal == nil)
    #expect(try world.status(deposit.id) == .refunded)
    let leaves = try world.withdrawals()
    #expect(leaves.count == 1)
    #expect(leaves[0].rootToken == Self.token && leaves[0].receiver == Address(0xbeef))
    #expect(leaves[0].amount == 700 && leaves[0].height == world.height)
    let again = try world.send(StateReceiverModule.refund, [eth, id, .bytes(deposit.data)])
    #expect(again.refusal?.contains("has not failed") == true)
    #expect(try world.withdrawals().count == 1)
    // A mapping has nothing to give back.
    let mapping = world.mapping(Self.token, child: Address(5))
    try world.deliver([mapping])
    try world.advance(seconds: StateReceiverModule.retrySeconds)
    let nothing = try world.send(
      StateReceiverModule.refund, [eth, .uint(UInt256(mapping.id)), .bytes(mapping.data)])
    #expect(nothing.refusal?.contains("nothing to refund") == true)
    try world.verify()
  }

  @Test("A submission without gas enough changes nothing, and can come again")
  func outOfGas() throws {
    let world = try BridgeWorld()
    let block = try world.block([world.deposit(5).log(from: BridgeWorld.root(.eth).stateSender)])
    try world.attestAll([block])
    let proof = try #require(block.proof(transaction: 0, log: 0))
    let data = try proof.encodedCall()
    var request = CallRequest()
    (request.from, request.to) = (BridgeWorld.users[0], StateReceiverModule.address)
    request.data = data
    let gas = try world.view.estimateGas(request, at: world.height).get()
    let short = try world.send(
      data, to: StateReceiverModule.address, from: BridgeWorld.users[0], gas: gas - 1)
    #expect(short.refusal != nil)
    #expect(try world.status(1) == .unknown)
    let enough = try world.send(
      data, to: StateReceiverModule.address, from: BridgeWorld.users[0], gas: gas)
    #expect(enough.refusal == nil)
    #expect(try world.status(1) == .applied)
  }

  @Test("A chain without a bridge has none of it")
  func noBridge() throws {
    let test = try TestChain()
    var request = CallRequest()
    request.from = TestChain.keys[0].address
    request.to = WithdrawalModule.address
    request.data = try WithdrawalModule.withdrawTo.encodeCall([
      .uint(2), .address(Address(1)), .uint(1),
    ])
    let outcome = try test.chain.view.call(request, at: 0)
    #expect(ABIRevert(decoding: outcome.output) == .reason("this chain has no bridge"))
  }
}
