internal import ChainTypes
internal import Primitives

/// A token of a root chain, at its derived address: ERC-20, and the way back.
///
/// Its account's storage holds balances and nothing else, `mapping(address => uint256)` at slot 0,
/// so that the sum of its words is the supply. What else there is of it lies in the state
/// receiver's.
enum TokenLedger {
  private typealias ABI = BridgedTokenModule

  static let module = NativeModule(
    kind: .bridgedToken, functions: views + calls,
    events: [ABI.transferEvent, ABI.approvalEvent, WithdrawalModule.withdrawToEvent])

  /// Where a balance lies.
  static func balance(_ account: Address) -> Hash256 { StorageLayout.mapping(account, at: 0) }

  private static let views: [NativeModule.Function] = [
    .init(abi: ABI.rootID, mutability: .view, gas: 100) { call, _ in
      UInt256(try info(&call).rootID).word.bytes
    },
    .init(abi: ABI.rootToken, mutability: .view, gas: 100) { call, _ in
      StorageLayout.word(try info(&call).rootToken).bytes
    },
    .init(abi: ABI.name, mutability: .view, gas: 100) { call, _ in try text(2, &call) },
    .init(abi: ABI.symbol, mutability: .view, gas: 100) { call, _ in try text(3, &call) },
    .init(abi: ABI.decimals, mutability: .view, gas: 100) { call, _ in
      UInt256(UInt64(try info(&call).decimals)).word.bytes
    },
    .init(abi: ABI.totalSupply, mutability: .view, gas: 100) { call, _ in
      try call.supply(of: call.message.to).word.bytes
    },
    .init(abi: ABI.balanceOf, mutability: .view, gas: 100) { call, reader in
      try call.load(balance(try reader.readAddress())).bytes
    },
    .init(abi: ABI.allowance, mutability: .view, gas: 100) { call, reader in
      let owner = try reader.readAddress()
      let slot = ReceiverStorage.allowance(call.message.to, owner, try reader.readAddress())
      return try call.load(slot, of: ReceiverStorage.account).bytes
    },
  ]

  private static let calls: [NativeModule.Function] = [
    .init(abi: ABI.transfer, mutability: .nonpayable, gas: 500) { call, reader in
      let to = try reader.readAddress()
      return try move(from: call.message.from, to: to, try reader.readUInt256(), &call)
    },
    .init(abi: ABI.approve, mutability: .nonpayable, gas: 500) { call, reader in
      let spender = try reader.readAddress()
      return try approve(spender, try reader.readUInt256(), &call)
    },
    .init(abi: ABI.transferFrom, mutability: .nonpayable, gas: 500) { call, reader in
      let (owner, to) = (try reader.readAddress(), try reader.readAddress())
      let amount = try reader.readUInt256()
      try spend(amount, of: owner, &call)
      return try move(from: owner, to: to, amount, &call)
    },
    .init(abi: WithdrawalModule.withdrawTo, mutability: .nonpayable, gas: 500) { call, reader in
      let root = try reader.readUInt64()
      return try withdraw(to: root, &call, &reader)
    },
    .init(
      abi: WithdrawalModule.withdrawToHome, mutability: .nonpayable, gas: 500
    ) { call, reader in try withdraw(to: nil, &call, &reader) },
  ]

  private static func info(_ call: inout ModuleCall) throws -> TokenInfo {
    guard let info = try call.tokenInfo(call.message.to) else {
      throw ModuleFailure.reverted("no token was mapped here")
    }
    return info
  }

  private static func text(_ member: UInt64, _ call: inout ModuleCall) throws -> [UInt8] {
    let slot = StorageLayout.member(member, of: ReceiverStorage.tokenInfo(call.message.to))
    var writer = ABIWriter()
    writer.append(bytes: try call.loadBytes(at: slot))
    return writer.bytes
  }

  private static func debit(
    _ owner: Address, _ amount: UInt256, _ call: inout ModuleCall
  ) throws {
    guard let rest = UInt256(try call.load(balance(owner))).subtracting(amount) else {
      throw ModuleFailure.reverted("insufficient balance")
    }
    try call.store(balance(owner), rest.word)
  }

  private static func move(
    from owner: Address, to: Address, _ amount: UInt256, _ call: inout ModuleCall
  ) throws -> [UInt8] {
    guard to != .zero, to != call.message.to else {
      throw ModuleFailure.reverted("a transfer to zero or to the token itself would be lost")
    }
    try debit(owner, amount, &call)
    // It fits: no sum of balances is above the supply.
    let sum = UInt256(try call.load(balance(to))) &+ amount
    try call.store(balance(to), sum.word)
    try call.emit(
      ABI.transferEvent, [.address(owner), .address(to), .uint(amount)], of: call.message.to)
    return UInt256.one.word.bytes
  }

  private static func approve(
    _ spender: Address, _ amount: UInt256, _ call: inout ModuleCall
  ) throws -> [UInt8] {
    let slot = ReceiverStorage.allowance(call.message.to, call.message.from, spender)
    try call.store(slot, amount.word, of: ReceiverStorage.account)
    try call.emit(
      ABI.approvalEvent, [.address(call.message.from), .address(spender), .uint(amount)],
      of: call.message.to)
    return UInt256.one.word.bytes
  }

  /// Takes from the caller's allowance; one of 2^256 − 1 never falls.
  private static func spend(
    _ amount: UInt256, of owner: Address, _ call: inout ModuleCall
  ) throws {
    let slot = ReceiverStorage.allowance(call.message.to, owner, call.message.from)
    let allowed = UInt256(try call.load(slot, of: ReceiverStorage.account))
    guard allowed != .max else { return }
    guard let rest = allowed.subtracting(amount) else {
      throw ModuleFailure.reverted("insufficient allowance")
    }
    try call.store(slot, rest.word, of: ReceiverStorage.account)
  }

  /// Burns the caller's tokens for as many on their root chain, which has to be `root` if any.
  private static func withdraw(
    to root: UInt64?, _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> [UInt8] {
    let receiver = try reader.readAddress()
    let amount = try reader.readUInt256()
    let info = try info(&call)
    guard root == nil || root == info.rootID else {
      throw ModuleFailure.reverted("this token is of root chain \(info.rootID) and goes there only")
    }
    _ = try call.activeRoot(info.rootID)
    let token = call.message.to
    try debit(call.message.from, amount, &call)
    // No balance is above the supply.
    try call.setSupply(try call.supply(of: token) &- amount, of: token)
    try call.emit(
      ABI.transferEvent, [.address(call.message.from), .address(.zero), .uint(amount)], of: token)
    try call.emit(
      WithdrawalModule.withdrawToEvent,
      [.address(receiver), .address(.zero), .uint(amount)], of: token)
    let index = try call.withdraw(
      to: receiver, amount, of: info.rootToken, root: info.rootID, sender: call.message.from)
    return UInt256(index).word.bytes
  }
}
