internal import ChainTypes
internal import Primitives

/// The outboxes, which lie in the account of BTT whatever token is withdrawn.
extension ModuleCall {
  /// How many leaves an outbox has.
  mutating func outboxCount(_ root: UInt64) throws -> UInt64 {
    try load(OutboxStorage.count(root), of: OutboxStorage.account).uint64()
  }

  /// Appends a withdrawal to a root chain's outbox and gives its index.
  ///
  /// What it is of must have been burned or put back before.
  mutating func withdraw(
    to receiver: Address, _ amount: UInt256, of rootToken: Address, root: UInt64,
    sender: Address
  ) throws -> UInt64 {
    let rules = try self.root(root)
    guard receiver != .zero, receiver != rules.manager else {
      throw ModuleFailure.reverted("nobody could be paid at \(receiver) on the root chain")
    }
    guard !amount.isZero else { throw ModuleFailure.reverted("the amount is zero") }
    let count = try outboxCount(root)
    var branch = try OutboxBranch(count: count) { height in
      try load(OutboxStorage.branch(root, height), of: OutboxStorage.account)
    }
    let withdrawal = Withdrawal(
      index: count, rootToken: rootToken, receiver: receiver, amount: amount,
      height: block.number)
    // The leaf, what it ends, and the way up to the root.
    try charge(ModuleGas.hash * UInt64(OutboxHashing.depth + 2))
    guard
      let height = branch.append(
        withdrawal.leaf(sidechainID: block.chainID, rootID: root, outbox: OutboxStorage.account))
    else { throw ModuleFailure.reverted("the outbox of root chain \(root) is full") }
    let account = OutboxStorage.account
    try store(OutboxStorage.branch(root, height), branch.nodes[height], of: account)
    try store(OutboxStorage.count(root), UInt256(branch.count).word, of: account)
    try store(OutboxStorage.root(root, count: branch.count), branch.root, of: account)
    for (offset, word) in withdrawal.words.enumerated() {
      let slot = StorageLayout.member(UInt64(offset), of: OutboxStorage.leaf(root, count))
      try store(slot, word, of: account)
    }
    try emit(
      WithdrawalModule.withdrawalAdded,
      [
        .uint(UInt256(root)), .uint(UInt256(count)), .address(sender), .address(rootToken),
        .address(receiver), .uint(amount),
      ], of: account)
    return count
  }

  /// A leaf's content; zeros where there is none.
  mutating func withdrawal(_ root: UInt64, _ index: UInt64) throws -> Withdrawal {
    let slot = OutboxStorage.leaf(root, index)
    var words: [Hash256] = []
    for offset in 0..<3 as Range<UInt64> {
      words.append(
        try load(StorageLayout.member(offset, of: slot), of: OutboxStorage.account))
    }
    return Withdrawal(index: index, words: words)
  }

  /// The height of the block that appended a leaf.
  mutating func height(ofLeaf index: UInt64, root: UInt64) throws -> UInt64 {
    try load(OutboxStorage.leaf(root, index), of: OutboxStorage.account).uint64(above: 160)
  }
}

extension Withdrawal {
  /// Root token and height, receiver, amount.
  fileprivate var words: [Hash256] {
    [
      (UInt256(StorageLayout.word(rootToken)) | UInt256(height) << 160).word,
      StorageLayout.word(receiver), amount.word,
    ]
  }

  fileprivate init(index: UInt64, words: [Hash256]) {
    self.init(
      index: index, rootToken: Address(truncating: words[0]),
      receiver: Address(truncating: words[1]), amount: UInt256(words[2]),
      height: words[0].uint64(above: 160))
  }
}
