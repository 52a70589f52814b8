internal import ChainTypes
internal import Primitives

/// The coin's way back to the root chains, and the outboxes of all tokens.
extension BTTModule {
  static let withdrawalFunctions: [NativeModule.Function] = [
    .init(abi: WithdrawalModule.withdrawTo, mutability: .payable, gas: 500) { call, reader in
      let root = try reader.readUInt64()
      return try withdraw(to: root, &call, &reader)
    },
    .init(abi: WithdrawalModule.withdrawToHome, mutability: .payable, gas: 500) { call, reader in
      try withdraw(to: call.genesis.bridge?.home.rawValue ?? 0, &call, &reader)
    },
    .init(abi: WithdrawalModule.outbox, mutability: .view, gas: 100) { call, reader in
      let root = try reader.readUInt64()
      let count = try call.outboxCount(root)
      let word =
        count == 0
        ? OutboxBranch().root
        : try call.load(OutboxStorage.root(root, count: count), of: OutboxStorage.account)
      return word.bytes + UInt256(count).word.bytes
    },
    .init(abi: WithdrawalModule.outboxRoot, mutability: .view, gas: 100) { call, reader in
      let slot = OutboxStorage.root(try reader.readUInt64(), count: try reader.readUInt64())
      return try call.load(slot, of: OutboxStorage.account).bytes
    },
    .init(abi: WithdrawalModule.withdrawal, mutability: .view, gas: 100) { call, reader in
      var writer = ABIWriter()
      let root = try reader.readUInt64()
      write(try call.withdrawal(root, try reader.readUInt64()), to: &writer)
      return writer.bytes
    },
    .init(abi: WithdrawalModule.withdrawals, mutability: .view, gas: 100) { call, reader in
      let root = try reader.readUInt64()
      let page = try reader.readPage(
        atMost: WithdrawalModule.maximumPageCount, of: try call.outboxCount(root))
      var writer = ABIWriter()
      try writer.array(count: page.count) { inner in
        for index in page { write(try call.withdrawal(root, index), to: &inner) }
      }
      return writer.bytes
    },
    .init(abi: WithdrawalModule.book, mutability: .view, gas: 100) { call, reader in
      let slot = OutboxStorage.book(try reader.readUInt64())
      return try call.load(slot, of: OutboxStorage.account).bytes
    },
  ]

  private static func withdraw(
    to root: UInt64, _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> [UInt8] {
    let receiver = try reader.readAddress()
    let amount = try reader.readUInt256()
    let rules = try call.activeRoot(root)
    let sent = call.message.value
    guard sent.isZero || sent == amount else {
      throw ModuleFailure.reverted("the coin sent along must be none, or the amount to withdraw")
    }
    let book = UInt256(try call.load(OutboxStorage.book(root)))
    guard let rest = book.subtracting(amount) else {
      throw ModuleFailure.reverted(
        "only \(book) wei of what came from root chain \(root) are here: withdraw less, or to "
          + "another root chain")
    }
    if sent.isZero {
      try call.transfer(from: call.message.from, to: call.message.to, amount)
    }
    try call.store(OutboxStorage.book(root), rest.word)
    try call.emit(
      transferEvent,
      [.address(call.message.from), .address(call.message.to), .uint(amount)],
      of: call.message.to)
    try call.emit(
      WithdrawalModule.withdrawToEvent,
      [.address(receiver), .address(.zero), .uint(amount)], of: call.message.to)
    let index = try call.withdraw(
      to: receiver, amount, of: rules.btt, root: root, sender: call.message.from)
    return UInt256(index).word.bytes
  }

  private static func write(_ withdrawal: Withdrawal, to writer: inout ABIWriter) {
    writer.append(withdrawal.rootToken)
    writer.append(withdrawal.receiver)
    writer.append(withdrawal.amount)
    writer.append(withdrawal.height)
  }
}

extension ABIReader {
  /// The next two values, the first index and the count of a page: what there is of it.
  mutating func readPage(atMost maximum: UInt64, of total: UInt64) throws -> Range<UInt64> {
    let first = try readUInt64()
    let count = try readUInt64()
    guard count <= maximum else {
      throw ModuleFailure.reverted("at most \(maximum) at once")
    }
    let start = min(first, total)
    return start..<(start + min(count, total - start))
  }
}
