internal import ChainTypes
internal import Primitives

/// What messages do. Whatever can be refused is looked at before anything is written.
extension StateReceiver {
  /// Carries a message out, or tells why it cannot be, with nothing changed.
  static func apply(
    _ data: [UInt8], root: UInt64, _ call: inout ModuleCall
  ) throws -> MessageFailure? {
    guard let message = try? StateMessage(decoding: data) else { return .malformed }
    guard message.rootID == root else { return .wrongRoot }
    let rules = try call.root(root)
    switch message {
    case .deposit(let deposit): return try credit(deposit, rules, &call)
    case .mapToken(let mapping): return try map(mapping, rules, &call)
    }
  }

  private static func credit(
    _ deposit: BridgeDeposit, _ rules: BridgeRules.Root, _ call: inout ModuleCall
  ) throws -> MessageFailure? {
    guard !deposit.amount.isZero else { return .badAmount }
    guard try !call.takesNothing(deposit.user) else { return .badReceiver }
    return deposit.rootToken == rules.btt
      ? try payFromReserve(deposit, &call) : try mint(deposit, &call)
  }

  private static func payFromReserve(
    _ deposit: BridgeDeposit, _ call: inout ModuleCall
  ) throws -> MessageFailure? {
    let reserve = OutboxStorage.account
    guard try call.balance(of: reserve) >= deposit.amount else { return .reserveTooLow }
    let slot = OutboxStorage.book(deposit.rootID)
    guard let book = UInt256(try call.load(slot, of: reserve)).adding(deposit.amount) else {
      return .badAmount
    }
    try call.store(slot, book.word, of: reserve)
    try call.transfer(from: reserve, to: deposit.user, deposit.amount)
    try call.emit(
      BTTModule.transferEvent,
      [.address(reserve), .address(deposit.user), .uint(deposit.amount)], of: reserve)
    return nil
  }

  private static func mint(
    _ deposit: BridgeDeposit, _ call: inout ModuleCall
  ) throws -> MessageFailure? {
    let child = BridgedToken.address(rootID: deposit.rootID, rootToken: deposit.rootToken)
    try call.charge(ModuleGas.hash)
    guard try call.tokenInfo(child) != nil else { return .notMapped }
    guard let supply = try call.supply(of: child).adding(deposit.amount) else {
      return .badAmount
    }
    try call.setSupply(supply, of: child)
    // It fits: no balance is above the supply.
    let slot = TokenLedger.balance(deposit.user)
    let balance = UInt256(try call.load(slot, of: child)) &+ deposit.amount
    try call.store(slot, balance.word, of: child)
    try call.emit(
      BridgedTokenModule.transferEvent,
      [.address(.zero), .address(deposit.user), .uint(deposit.amount)], of: child)
    return nil
  }

  private static func map(
    _ mapping: TokenMapping, _ rules: BridgeRules.Root, _ call: inout ModuleCall
  ) throws -> MessageFailure? {
    guard (mapping.kind == .ether) == (mapping.rootToken == BridgedToken.ether) else {
      return .malformed
    }
    guard mapping.rootToken != rules.btt else { return .alreadyMapped }
    try call.charge(ModuleGas.hash)
    let child = BridgedToken.address(rootID: mapping.rootID, rootToken: mapping.rootToken)
    guard mapping.childToken == child else { return .wrongChild }
    guard try call.tokenInfo(child) == nil else { return .alreadyMapped }
    let info = TokenInfo(
      rootID: mapping.rootID, rootToken: mapping.rootToken, decimals: mapping.decimals)
    let slot = ReceiverStorage.tokenInfo(child)
    try call.store(slot, info.word)
    try call.store(mapping.name, at: StorageLayout.member(2, of: slot))
    try call.store(mapping.symbol, at: StorageLayout.member(3, of: slot))
    let count = try call.load(ReceiverStorage.tokenCount).uint64()
    try call.store(ReceiverStorage.token(count), StorageLayout.word(child))
    try call.store(ReceiverStorage.tokenCount, UInt256(count &+ 1).word)
    try call.makeModule(.bridgedToken, at: child)
    try call.emit(
      StateReceiverModule.tokenAdded,
      [.uint(UInt256(mapping.rootID)), .address(mapping.rootToken), .address(child)],
      of: call.message.to)
    return nil
  }
}

extension ModuleCall {
  /// Makes an account a module; its money, if somebody has sent it some, stays where it is.
  mutating func makeModule(_ kind: ModuleKind, at address: Address) throws {
    try charge(ModuleGas.newAccount)
    var account = try state.account(address) ?? Account()
    account.nonce = max(account.nonce, 1)
    account.codeHash = state.addCode(kind.markerCode)
    try state.setAccount(address, account)
  }

  /// Writes a byte string as Solidity lays it out; there must be none yet.
  mutating func store(_ bytes: [UInt8], at slot: Hash256) throws {
    if bytes.count < 32 {
      let padded = bytes + repeatElement(0, count: 31 - bytes.count) + [UInt8(2 * bytes.count)]
      return try store(slot, Hash256(padded) ?? .zero)
    }
    try store(slot, UInt256(UInt64(2 * bytes.count + 1)).word)
    for start in stride(from: 0, to: bytes.count, by: 32) {
      let chunk = bytes[start..<min(start + 32, bytes.count)]
      let word = Hash256(chunk + repeatElement(0, count: 32 - chunk.count)) ?? .zero
      try store(ReceiverStorage.element(UInt64(start / 32), of: slot), word)
    }
  }

  /// Reads a byte string of the state receiver's storage.
  mutating func loadBytes(at slot: Hash256) throws -> [UInt8] {
    let head = try load(slot, of: ReceiverStorage.account)
    let last = head[31]
    if last & 1 == 0 { return [UInt8](head.bytes.prefix(Int(last / 2))) }
    // Nothing longer is ever written.
    let count = min(head.uint64() / 2, 256)
    var bytes: [UInt8] = []
    for index in 0..<(count + 31) / 32 {
      bytes += try load(ReceiverStorage.element(index, of: slot), of: ReceiverStorage.account).bytes
    }
    return [UInt8](bytes.prefix(Int(count)))
  }
}
