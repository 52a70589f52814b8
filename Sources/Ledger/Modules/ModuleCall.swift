internal import ChainTypes
internal import Primitives

/// What a running module can see and do: its storage, money, logs and gas.
struct ModuleCall {
  let message: Message
  let block: BlockContext
  let genesis: Genesis
  let state: StateOverlay
  /// Gas used so far.
  private(set) var gasUsed: UInt64 = 0

  init(message: Message, block: BlockContext, genesis: Genesis, state: StateOverlay) {
    self.message = message
    self.block = block
    self.genesis = genesis
    self.state = state
  }

  /// Pays for work that follows.
  mutating func charge(_ gas: UInt64) throws {
    let (sum, overflow) = gasUsed.addingReportingOverflow(gas)
    guard !overflow, sum <= message.gas else { throw ModuleFailure.outOfGas }
    gasUsed = sum
  }

  /// A word of the module's storage.
  mutating func load(_ slot: Hash256) throws -> Hash256 { try load(slot, of: message.to) }

  /// A word of a module's storage.
  mutating func load(_ slot: Hash256, of module: Address) throws -> Hash256 {
    try charge(ModuleGas.load)
    return try state.storage(module, slot)
  }

  /// Sets a word of the module's storage.
  mutating func store(_ slot: Hash256, _ word: Hash256) throws {
    try store(slot, word, of: message.to)
  }

  /// Sets a word of a module's storage.
  mutating func store(_ slot: Hash256, _ word: Hash256, of module: Address) throws {
    try refuseWhenStatic()
    let old = try state.storage(module, slot)
    try charge(old.isZero && !word.isZero ? ModuleGas.storeNew : ModuleGas.storeChange)
    try state.setStorage(module, slot, word)
  }

  /// The balance of an account.
  mutating func balance(of address: Address) throws -> UInt256 {
    try charge(ModuleGas.balance)
    return try state.account(address)?.balance ?? .zero
  }

  /// Moves money from one account to another.
  mutating func transfer(from: Address, to: Address, _ amount: UInt256) throws {
    try refuseWhenStatic()
    try charge(ModuleGas.transfer)
    if try state.account(to) == nil { try charge(ModuleGas.newAccount) }
    guard try state.debit(from, amount), try state.credit(to, amount) else {
      throw ModuleFailure.reverted("insufficient balance")
    }
  }

  /// Leaves an event of the module.
  mutating func emit(topics: [Hash256], data: [UInt8]) throws {
    try emit(topics: topics, data: data, of: message.to)
  }

  /// Leaves an event of a module.
  mutating func emit(_ event: ABIEvent, _ values: [ABIValue], of module: Address) throws {
    let log = try event.encode(values)
    try emit(topics: log.topics, data: log.data, of: module)
  }

  private mutating func emit(topics: [Hash256], data: [UInt8], of module: Address) throws {
    try refuseWhenStatic()
    try charge(
      ModuleGas.log + ModuleGas.logTopic * UInt64(topics.count)
        + ModuleGas.logByte * UInt64(data.count))
    state.emit(Log(address: module, topics: topics, data: data))
  }

  private func refuseWhenStatic() throws {
    if message.isStatic { throw ModuleFailure.reverted("write in a static call") }
  }
}
