import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

@Suite("Withdrawals to root chains")
struct WithdrawalTests {
  let eth = ABIValue.uint(2)
  let btt = WithdrawalModule.address
  let user = BridgeWorld.users[2]
  let receiver = Address(0xabc)

  @Test("BTT returns to the reserve, and the outbox has a leaf", arguments: [false, true])
  func withdrawBTT(sendsValue: Bool) throws {
    let world = try BridgeWorld()
    try world.deliver([world.deposit(1_000)])
    let reserve = try world.balance(btt)
    let before = try world.balance(user)
    let outcome = try world.send(
      WithdrawalModule.withdrawTo, [eth, .address(receiver), .uint(300)], to: btt, from: user,
      value: sendsValue ? 300 : 0)
    #expect(outcome.refusal == nil)
    // What it has less is the amount and the fee.
    #expect(try world.balance(user) < before &- 300)
    #expect(try world.balance(btt) == reserve &+ 300)
    #expect(try world.book() == 700)
    let leaf = Withdrawal(
      index: 0, rootToken: BridgeWorld.root(.eth).btt, receiver: receiver, amount: 300,
      height: world.height)
    #expect(try world.withdrawals() == [leaf])
    let tree = OutboxTree([leaf.leaf(sidechainID: 1_337, rootID: 2)])
    let outbox = try world.outbox()
    #expect(outbox.root == tree.root && outbox.count == 1)
    // BTTC's event: receiver on the root chain, zero, amount.
    let log = try #require(
      outcome.logs.first {
        $0.topics[0].hex == "0x67b714876402c93362735688659e2283b4a37fb21bab24bc759ca759ae851fd8"
      })
    #expect(log.address == btt && Address(truncating: log.topics[1]) == receiver)
    #expect(log.topics[2].isZero && log.data == UInt256(300).word.bytes)
    try world.verify()
  }

  @Test("The old form with two arguments goes to the home root")
  func home() throws {
    let world = try BridgeWorld()
    try world.deliver([world.deposit(1_000)])
    let outcome = try world.send(
      WithdrawalModule.withdrawToHome, [.address(receiver), .uint(300)], to: btt, from: user)
    #expect(outcome.refusal == nil)
    #expect(try world.withdrawals(.eth).count == 1 && world.withdrawals(.bsc).isEmpty)
  }

  @Test("To a root chain goes no more than came from it")
  func books() throws {
    let world = try BridgeWorld()
    try world.deliver([world.deposit(1_000)])
    try world.deliver([world.deposit(50, root: .bsc)], of: .bsc)
    func refusal(_ root: UInt256, _ amount: UInt256) throws -> String? {
      try world.send(
        WithdrawalModule.withdrawTo, [.uint(root), .address(receiver), .uint(amount)], to: btt,
        from: user
      ).refusal
    }
    #expect(try refusal(3, 51)?.contains("only 50 wei") == true)
    #expect(try refusal(3, 50) == nil)
    #expect(try refusal(3, 1)?.contains("only 0 wei") == true)
    #expect(try refusal(2, 1_001)?.contains("only 1000 wei") == true)
    #expect(try refusal(2, 1_000) == nil)
    #expect(try refusal(1, 1)?.contains("no root chain") == true)
    try world.verify()
  }

  @Test("Nothing goes to nobody, to the manager, or without an amount")
  func badReceivers() throws {
    let world = try BridgeWorld()
    try world.deliver([world.deposit(1_000)])
    func refusal(_ to: Address, _ amount: UInt256, value: UInt256 = 0) throws -> String? {
      try world.send(
        WithdrawalModule.withdrawTo, [eth, .address(to), .uint(amount)], to: btt, from: user,
        value: value
      ).refusal
    }
    #expect(try refusal(.zero, 1)?.contains("nobody could be paid") == true)
    #expect(
      try refusal(BridgeWorld.root(.eth).manager, 1)?.contains("nobody could be paid") == true)
    #expect(try refusal(receiver, 0)?.contains("zero") == true)
    #expect(try refusal(receiver, 2, value: 1)?.contains("sent along") == true)
    #expect(try world.withdrawals().isEmpty)
    #expect(try world.book() == 1_000)
  }

  @Test("A bridged token is burned and goes to its own root chain only")
  func tokens() throws {
    let world = try BridgeWorld()
    let token = StateReceiverTests.token
    let child = BridgedToken.address(rootID: 3, rootToken: token)
    try world.deliver(
      [world.mapping(token, root: .bsc), world.deposit(700, of: token, root: .bsc)], of: .bsc)
    let wrong = try world.send(
      WithdrawalModule.withdrawTo, [eth, .address(receiver), .uint(1)], to: child, from: user)
    #expect(wrong.refusal?.contains("goes there only") == true)
    let right = try world.send(
      WithdrawalModule.withdrawTo, [.uint(3), .address(receiver), .uint(300)], to: child,
      from: user)
    #expect(right.refusal == nil)
    #expect(right.logs.map(\.address) == [child, child, btt])
    let old = try world.send(
      WithdrawalModule.withdrawToHome, [.address(receiver), .uint(400)], to: child, from: user)
    #expect(old.refusal == nil)
    let over = try world.send(
      WithdrawalModule.withdrawToHome, [.address(receiver), .uint(1)], to: child, from: user)
    #expect(over.refusal?.contains("insufficient balance") == true)
    #expect(try world.number(BridgedTokenModule.totalSupply, of: child) == 0)
    let leaves = try world.withdrawals(.bsc)
    #expect(leaves.map(\.amount) == [300, 400] && leaves.map(\.rootToken) == [token, token])
    #expect(try world.withdrawals(.eth).isEmpty)
    try world.verify()
  }

  @Test("A bridged token is ERC-20: transfers, allowances, and what they refuse")
  func erc20() throws {
    typealias ABI = BridgedTokenModule
    let world = try BridgeWorld()
    let token = StateReceiverTests.token
    let child = BridgedToken.address(rootID: 2, rootToken: token)
    try world.deliver([world.mapping(token), world.deposit(700, of: token)])
    let (friend, spender) = (BridgeWorld.users[3], BridgeWorld.users[4])
    func send(
      _ function: ABIFunction, _ arguments: [ABIValue], by sender: Address
    ) throws -> String? {
      let outcome = try world.send(function, arguments, to: child, from: sender)
      return outcome.refusal
    }
    #expect(try send(ABI.transfer, [.address(friend), .uint(200)], by: user) == nil)
    #expect(
      try send(ABI.transfer, [.address(friend), .uint(501)], by: user) == "insufficient balance")
    #expect(try send(ABI.transfer, [.address(user), .uint(500)], by: user) == nil)
    #expect(try send(ABI.transfer, [.address(.zero), .uint(1)], by: user)?.isEmpty == false)
    #expect(try send(ABI.transfer, [.address(child), .uint(1)], by: user)?.isEmpty == false)
    #expect(try world.balance(user, of: child) == 500)
    let move = [ABIValue.address(user), .address(friend), .uint(100)]
    #expect(try send(ABI.transferFrom, move, by: spender) == "insufficient allowance")
    #expect(try send(ABI.approve, [.address(spender), .uint(150)], by: user) == nil)
    #expect(try send(ABI.transferFrom, move, by: spender) == nil)
    #expect(try send(ABI.transferFrom, move, by: spender) == "insufficient allowance")
    let pair = [ABIValue.address(user), .address(spender)]
    #expect(try world.number(ABI.allowance, pair, of: child) == 50)
    #expect(try send(ABI.approve, [.address(spender), .uint(.max)], by: user) == nil)
    #expect(try send(ABI.transferFrom, move, by: spender) == nil)
    #expect(try world.number(ABI.allowance, pair, of: child) == .max)
    #expect(try world.balance(friend, of: child) == 400)
    #expect(try world.number(ABI.totalSupply, of: child) == 700)
    try world.verify()
  }
}

@Suite("Checkpoints")
struct CheckpointTests {
  let eth = ABIValue.uint(2)

  /// A world whose outbox of Ethereum has leaves of two blocks, 1 and 2 of them.
  static func world() throws -> (world: BridgeWorld, heights: [UInt64]) {
    let world = try BridgeWorld()
    try world.deliver([world.deposit(1_000)])
    var heights: [UInt64] = []
    for amount in [10, 20] as [UInt256] {
      try world.send(
        WithdrawalModule.withdrawTo, [.uint(2), .address(Address(0xabc)), .uint(amount)],
        to: WithdrawalModule.address, from: BridgeWorld.users[2])
      heights.append(world.height)
    }
    try world.advance(seconds: 1)
    return (world, heights)
  }

  static func statement(
    _ world: BridgeWorld, height: UInt64, count: UInt64, hash: Hash256 = UInt256(7).word
  ) throws -> CheckpointStatement {
    let root = try world.view(
      WithdrawalModule.outboxRoot, [.uint(2), .uint(UInt256(count))],
      of: WithdrawalModule.address)
    guard case .fixedBytes(let bytes) = root[0] else { throw ABIError.truncated }
    return CheckpointStatement(
      sidechainID: 1_337, rootID: 2, epoch: 0, endHeight: height, endBlockHash: hash,
      outboxRoot: try #require(Hash256(bytes)), outboxCount: count)
  }

  static func sign(
    _ statement: CheckpointStatement, in world: BridgeWorld, by key: PrivateKey,
    change: (inout [UInt8]) -> Void = { _ in }
  ) throws -> BridgeWorld.Outcome {
    let digest = statement.digest(in: BridgeWorld.root(.eth).domain)
    var signature = try key.sign(digest).bytes
    change(&signature)
    return try world.send(
      StateReceiverModule.signCheckpoint,
      [
        .uint(2), .uint(UInt256(statement.endHeight)), .hash(statement.endBlockHash),
        .hash(statement.outboxRoot), .uint(UInt256(statement.outboxCount)), .bytes(signature),
      ])
  }

  @Test("are complete with more than two thirds of the weight, ready for the root contract")
  func complete() throws {
    let (world, heights) = try Self.world()
    let statement = try Self.statement(world, height: heights[1], count: 2)
    let digest = statement.digest(in: BridgeWorld.root(.eth).domain)
    #expect(
      try world.view(
        StateReceiverModule.checkpointDigest,
        [
          eth, .uint(UInt256(statement.endHeight)), .hash(statement.endBlockHash),
          .hash(statement.outboxRoot), .uint(2),
        ]) == [.hash(digest)])
    #expect(try Self.sign(statement, in: world, by: BridgeWorld.validators[3]).refusal == nil)
    #expect(
      try world.view(StateReceiverModule.checkpointCandidates, [eth])
        == [.array([.hash(digest)])])
    #expect(try world.view(StateReceiverModule.lastCheckpoint, [eth]) == [.hash(.zero)])
    #expect(try Self.sign(statement, in: world, by: BridgeWorld.validators[1]).refusal == nil)
    #expect(try world.view(StateReceiverModule.checkpoint, [.hash(digest)])[7] == .bool(false))
    let last = try Self.sign(statement, in: world, by: BridgeWorld.validators[0])
    #expect(last.refusal == nil && last.output == UInt256.one.word.bytes)
    #expect(try world.view(StateReceiverModule.lastCheckpoint, [eth]) == [.hash(digest)])
    #expect(try world.view(StateReceiverModule.checkpointCandidates, [eth]) == [.array([])])
    let stored = try world.view(StateReceiverModule.checkpoint, [.hash(digest)])
    #expect(
      stored == [
        .uint(2), .uint(0), .uint(UInt256(statement.endHeight)), .hash(statement.endBlockHash),
        .hash(statement.outboxRoot), .uint(2), .uint(4), .bool(true),
      ])
    let signatures = try world.view(StateReceiverModule.checkpointSignatures, [.hash(digest)])
    guard case .bytes(let joined) = signatures[1] else { return }
    let weights = Dictionary(
      uniqueKeysWithValues: world.genesis.validators.map { ($0.address, UInt256($0.weight)) })
    let signers = try QuorumSignatures.verify(joined, digest: digest, weights: weights)
    #expect(signatures[0] == .array(signers.map(ABIValue.address)))
  }

  @Test("must say of the outbox what was true at their block")
  func truth() throws {
    let (world, heights) = try Self.world()
    func refusal(_ height: UInt64, _ count: UInt64, root: Hash256? = nil) throws -> String? {
      var statement = try Self.statement(world, height: height, count: min(count, 2))
      statement.outboxCount = count
      if let root { statement.outboxRoot = root }
      return try Self.sign(statement, in: world, by: BridgeWorld.validators[3]).refusal
    }
    #expect(try refusal(heights[1], 1)?.contains("did not have") == true)
    #expect(try refusal(heights[0] - 1, 1)?.contains("did not have") == true)
    #expect(try refusal(heights[0], 2)?.contains("did not have") == true)
    #expect(try refusal(heights[1], 3)?.contains("never had") == true)
    #expect(try refusal(heights[1], 0)?.contains("never had") == true)
    #expect(try refusal(heights[1], 2, root: UInt256(1).word)?.contains("never had") == true)
    #expect(try refusal(world.height + 1, 2)?.contains("not final") == true)
    #expect(try refusal(heights[0], 1) == nil)
  }

  @Test("take each validator's signature once, and no irregular one")
  func signatures() throws {
    let (world, heights) = try Self.world()
    let statement = try Self.statement(world, height: heights[1], count: 2)
    let key = BridgeWorld.validators[3]
    let stranger = try Self.sign(statement, in: world, by: TestChain.keys[0])
    #expect(stranger.refusal?.contains("no validator") == true)
    let order = UInt256(
      high: 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe,
      low: 0xbaae_dce6_af48_a03b_bfd2_5e8c_d036_4141)
    let highS = try Self.sign(statement, in: world, by: key) { bytes in
      let s = UInt256(bigEndian: bytes[32..<64]) ?? .zero
      bytes = bytes[..<32] + (order &- s).word.bytes + [55 - bytes[64]]
    }
    #expect(highS.refusal?.contains("irregular") == true)
    let short = try Self.sign(statement, in: world, by: key) { $0.removeLast() }
    #expect(short.refusal?.contains("irregular") == true)
    var other = statement
    other.endBlockHash = UInt256(8).word
    let signature = try key.sign(other.digest(in: BridgeWorld.root(.eth).domain)).bytes
    let misplaced = try Self.sign(statement, in: world, by: key) { $0 = signature }
    #expect(misplaced.refusal?.contains("no validator") == true)
    #expect(try Self.sign(statement, in: world, by: key).refusal == nil)
    #expect(try Self.sign(statement, in: world, by: key).refusal?.contains("already") == true)
    // Another candidate stands beside the first, begun by somebody else.
    #expect(try Self.sign(other, in: world, by: key).refusal?.contains("open") == true)
    let next = BridgeWorld.validators[1]
    #expect(try Self.sign(other, in: world, by: next).refusal == nil)
    #expect(try Self.sign(other, in: world, by: key).refusal == nil)
    guard
      case .array(let list) = try world.view(StateReceiverModule.checkpointCandidates, [eth])[0]
    else { return }
    #expect(list.count == 2)
  }

  @Test("are listed without overflow, whatever a call overrides")
  func overridden() throws {
    let world = try BridgeWorld()
    var request = CallRequest()
    request.to = StateReceiverModule.address
    request.data = try StateReceiverModule.checkpointCandidates.encodeCall([eth])
    var override = StateOverride()
    for slot in [10, 11] as [UInt256] {
      let place = Keccak256.hash(UInt256(2 as UInt64).word.bytes + slot.word.bytes)
      override.slots[place] = UInt256(UInt64.max).word
    }
    request.overrides[StateReceiverModule.address] = override
    let outcome = try world.view.call(request, at: world.height)
    #expect(
      try StateReceiverModule.checkpointCandidates.decodeResult(outcome.output) == [.array([])])
  }

  @Test("of one validator stand open one at a time, so that none fills the list")
  func flood() throws {
    let (world, heights) = try Self.world()
    let (honest, hostile) = (BridgeWorld.validators[3], BridgeWorld.validators[0])
    var wrong = try Self.statement(world, height: heights[0], count: 1)
    wrong.endBlockHash = UInt256(8).word
    #expect(try Self.sign(wrong, in: world, by: hostile).refusal == nil)
    wrong.endBlockHash = UInt256(9).word
    #expect(try Self.sign(wrong, in: world, by: hostile).refusal?.contains("open") == true)
    let first = try Self.statement(world, height: heights[0], count: 1)
    for key in [honest, hostile, BridgeWorld.validators[1]] {
      #expect(try Self.sign(first, in: world, by: key).refusal == nil)
    }
    // With the complete one all before it are closed.
    var second = try Self.statement(world, height: heights[1], count: 2)
    second.endBlockHash = UInt256(9).word
    #expect(try Self.sign(second, in: world, by: hostile).refusal == nil)
  }

  @Test("only rise, in height and in count")
  func rising() throws {
    let (world, heights) = try Self.world()
    let first = try Self.statement(world, height: heights[0], count: 1)
    for validator in [3, 0, 1] {
      #expect(
        try Self.sign(first, in: world, by: BridgeWorld.validators[validator]).refusal == nil)
    }
    let again = try Self.sign(first, in: world, by: BridgeWorld.validators[2])
    #expect(again.refusal?.contains("complete already") == true)
    let second = try Self.statement(world, height: heights[1], count: 2)
    #expect(try Self.sign(second, in: world, by: BridgeWorld.validators[2]).refusal == nil)
  }
}
