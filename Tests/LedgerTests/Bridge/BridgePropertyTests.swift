import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// What the bridge must hold after any history, kept a second time in the simplest way.
private struct BridgeModel {
  /// What a failed message waits for.
  struct Failed {
    var message: StateSynced
    var deposit: BridgeDeposit
    var retryUntil: UInt64
  }

  var balances: [Address: [Address: UInt256]] = [:]
  var books: [RootID: UInt256] = [:]
  var leaves: [RootID: [Withdrawal]] = [:]
  var failed: [RootID: [UInt64: Failed]] = [:]
  var mapped: Set<Address> = []
  /// What root chains have locked, in all, by root token.
  var deposited: [RootID: UInt256] = [:]

  func supply(_ token: Address) -> UInt256 {
    (balances[token] ?? [:]).values.reduce(.zero, &+)
  }

  mutating func add(_ amount: UInt256, of token: Address, to user: Address) {
    balances[token, default: [:]][user, default: .zero] =
      (balances[token]?[user] ?? .zero) &+ amount
  }
}

@Suite("Any history of the bridge")
struct BridgePropertyTests {
  static let tokens = [Address(0x70c1), Address(0x70c2)]

  @Test("keeps every amount: balances, books, leaves and what waits agree with a model")
  func histories() throws {
    var random = SeededGenerator()
    let world = try BridgeWorld()
    var model = BridgeModel()
    for step in 0..<90 {
      try Self.step(world, &model, &random)
      if step % 30 == 29 { try Self.compare(world, model, seed: random.seed) }
    }
    try world.advance(seconds: StateReceiverModule.retrySeconds)
    // In the end everything that failed goes back.
    for (root, messages) in model.failed {
      for (id, failed) in messages {
        try Self.refund(world, &model, root, id, failed)
      }
    }
    try Self.compare(world, model, seed: random.seed)
    let waiting = model.failed.values.map(\.count).reduce(0, +)
    #expect(waiting == 0)
    for root in [RootID.eth, .bsc] {
      // What came in is here, or has gone back.
      let back = (model.leaves[root] ?? []).map(\.amount).reduce(UInt256.zero, &+)
      let tokens = Self.tokens.map { model.supply(BridgedToken.address(root, $0)) }
      let here = tokens.reduce(model.books[root] ?? .zero, &+)
      #expect(model.deposited[root] ?? .zero == here &+ back, "seed \(random.seed)")
    }
    try world.verify()
  }

  private static func step(
    _ world: BridgeWorld, _ model: inout BridgeModel, _ random: inout SeededGenerator
  ) throws {
    let root = Bool.random(using: &random) ? RootID.eth : .bsc
    let user = BridgeWorld.users[Int.random(in: 0..<3, using: &random)]
    let amount = UInt256(UInt64.random(in: 1...1_000, using: &random))
    let token = tokens[Int.random(in: 0..<2, using: &random)]
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<3: try deposit(world, &model, root, nil, user, amount)
    case 3..<6: try deposit(world, &model, root, token, user, amount)
    case 6:
      let child = BridgedToken.address(root, token)
      let result = try world.deliver([world.mapping(token, root: root)], of: root)[0]
      let isNew = model.mapped.insert(child).inserted
      #expect((result.status == .applied) == isNew)
    case 7: try withdraw(world, &model, root, nil, user, amount)
    case 8: try withdraw(world, &model, root, token, user, amount)
    default:
      guard let (id, failed) = model.failed[root]?.min(by: { $0.key < $1.key }) else { return }
      try retry(world, &model, root, id, failed)
    }
  }

  private static func deposit(
    _ world: BridgeWorld, _ model: inout BridgeModel, _ root: RootID, _ token: Address?,
    _ user: Address, _ amount: UInt256
  ) throws {
    let message = world.deposit(amount, of: token, to: user, by: Address(0xde), root: root)
    let result = try world.deliver([message], of: root)[0]
    model.deposited[root] = (model.deposited[root] ?? .zero) &+ amount
    guard let token else {
      #expect(result.status == .applied)
      model.books[root] = (model.books[root] ?? .zero) &+ amount
      return
    }
    let child = BridgedToken.address(root, token)
    #expect((result.status == .applied) == model.mapped.contains(child))
    if result.status == .applied {
      model.add(amount, of: child, to: user)
    } else {
      let deposit = BridgeDeposit(
        user: user, rootToken: token, rootID: root.rawValue, amount: amount,
        depositor: Address(0xde))
      model.failed[root, default: [:]][message.id] = .init(
        message: message, deposit: deposit,
        retryUntil: world.time + StateReceiverModule.retrySeconds)
    }
  }

  private static func withdraw(
    _ world: BridgeWorld, _ model: inout BridgeModel, _ root: RootID, _ token: Address?,
    _ user: Address, _ amount: UInt256
  ) throws {
    let child = token.map { BridgedToken.address(root, $0) }
    guard child.map(model.mapped.contains) ?? true else { return }
    let outcome = try world.send(
      WithdrawalModule.withdrawTo,
      [.uint(UInt256(root.rawValue)), .address(Address(0xcafe)), .uint(amount)],
      to: child ?? WithdrawalModule.address, from: user)
    let have = child.map { model.balances[$0]?[user] ?? .zero } ?? model.books[root] ?? .zero
    #expect((outcome.refusal == nil) == (amount <= have))
    guard outcome.refusal == nil else { return }
    if let child {
      model.balances[child]?[user] = have &- amount
    } else {
      model.books[root] = have &- amount
    }
    let count = UInt64(model.leaves[root]?.count ?? 0)
    model.leaves[root, default: []].append(
      Withdrawal(
        index: count, rootToken: token ?? BridgeWorld.root(root).btt, receiver: Address(0xcafe),
        amount: amount, height: world.height))
  }

  private static func retry(
    _ world: BridgeWorld, _ model: inout BridgeModel, _ root: RootID, _ id: UInt64,
    _ failed: BridgeModel.Failed
  ) throws {
    let outcome = try world.send(
      StateReceiverModule.retry,
      [.uint(UInt256(root.rawValue)), .uint(UInt256(id)), .bytes(failed.message.data)])
    #expect(outcome.refusal == nil)
    let child = BridgedToken.address(root, failed.deposit.rootToken)
    guard model.mapped.contains(child) else { return }
    model.failed[root]?[id] = nil
    model.add(failed.deposit.amount, of: child, to: failed.deposit.user)
  }

  private static func refund(
    _ world: BridgeWorld, _ model: inout BridgeModel, _ root: RootID, _ id: UInt64,
    _ failed: BridgeModel.Failed
  ) throws {
    let outcome = try world.send(
      StateReceiverModule.refund,
      [.uint(UInt256(root.rawValue)), .uint(UInt256(id)), .bytes(failed.message.data)])
    #expect(outcome.refusal == nil)
    model.failed[root]?[id] = nil
    let count = UInt64(model.leaves[root]?.count ?? 0)
    model.leaves[root, default: []].append(
      Withdrawal(
        index: count, rootToken: failed.deposit.rootToken, receiver: Address(0xde),
        amount: failed.deposit.amount, height: world.height))
  }

  private static func compare(_ world: BridgeWorld, _ model: BridgeModel, seed: UInt64) throws {
    for root in [RootID.eth, .bsc] {
      #expect(try world.book(root) == model.books[root] ?? .zero, "seed \(seed)")
      let leaves = model.leaves[root] ?? []
      #expect(try world.withdrawals(root) == leaves, "seed \(seed)")
      let hashes = leaves.map { $0.leaf(sidechainID: 1_337, rootID: root.rawValue) }
      #expect(try world.outbox(root).root == OutboxTree(hashes).root, "seed \(seed)")
      for (id, _) in model.failed[root] ?? [:] {
        #expect(try world.status(id, root: root) == .failed, "seed \(seed)")
      }
    }
    for child in model.mapped {
      #expect(
        try world.number(BridgedTokenModule.totalSupply, of: child) == model.supply(child),
        "seed \(seed)")
      for (user, balance) in model.balances[child] ?? [:] {
        #expect(try world.balance(user, of: child) == balance, "seed \(seed)")
      }
    }
  }
}

extension BridgedToken {
  fileprivate static func address(_ root: RootID, _ token: Address) -> Address {
    address(rootID: root.rawValue, rootToken: token)
  }
}
