internal import ChainTypes
internal import Primitives

/// What a payer does with its money.
extension ChannelsModule {
  static func vaultDeposit(
    _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> [UInt8] {
    guard !call.message.value.isZero, call.message.value.high == 0 else {
      throw ChannelFailure.badAmount
    }
    let amount = call.message.value.low
    var vault = try call.vault(of: call.message.from)
    let (sum, overflow) = vault.balance.addingReportingOverflow(amount)
    guard !overflow else { throw ChannelFailure.badAmount }
    vault.balance = sum
    try call.setVault(vault, of: call.message.from)
    try emit(ChannelModule.vaultDeposited, amount, vault, &call)
    return []
  }

  static func vaultWithdraw(
    _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> [UInt8] {
    let amount = try reader.readUInt128()
    guard amount > 0 else { throw ChannelFailure.badAmount }
    var vault = try call.vault(of: call.message.from)
    guard amount <= vault.balance else { throw ChannelFailure.vaultTooLow }
    vault.balance -= amount
    try call.setVault(vault, of: call.message.from)
    try call.transfer(from: call.message.to, to: call.message.from, UInt256(amount))
    try emit(ChannelModule.vaultWithdrawn, amount, vault, &call)
    return []
  }

  private static func emit(
    _ event: ABIEvent, _ amount: UInt128, _ vault: ChannelVault, _ call: inout ModuleCall
  ) throws {
    var writer = ABIWriter()
    writer.append(UInt256(amount))
    writer.append(UInt256(vault.balance))
    try call.emit(
      topics: [event.topic, StorageLayout.word(call.message.from)], data: writer.bytes)
  }

  static func open(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let terms = try ChannelTerms(reading: &reader)
    var vault = try call.vault(of: call.message.from)
    let id = try open(terms, from: &vault, in: call.domain, &call)
    try call.setVault(vault, of: call.message.from)
    return id.bytes
  }

  static func openMany(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let list = try reader.readItems(
      atMost: ChannelModule.maximumOpenCount, elementSize: ChannelTerms.abiSize)
    var elements = list.elements
    let domain = call.domain
    var vault = try call.vault(of: call.message.from)
    var ids: [ChannelID] = []
    for _ in 0..<list.count {
      let terms = try ChannelTerms(reading: &elements)
      ids.append(try open(terms, from: &vault, in: domain, &call))
    }
    try call.setVault(vault, of: call.message.from)
    return encode(ids)
  }

  /// The ids as an array.
  static func encode(_ ids: [ChannelID]) -> [UInt8] {
    var writer = ABIWriter()
    writer.array(count: ids.count) { inner in
      for id in ids { inner.append(id.hash) }
    }
    return writer.bytes
  }

  /// Opens one channel; the vault is written by the caller.
  private static func open(
    _ terms: ChannelTerms, from vault: inout ChannelVault, in domain: ChannelDomain,
    _ call: inout ModuleCall
  ) throws -> ChannelID {
    let payer = call.message.from
    guard let rules = call.genesis.channels, rules.graceSeconds.range.contains(terms.graceSeconds),
      rules.graceBlocks.range.contains(terms.graceBlocks)
    else { throw ChannelFailure.badGrace }
    guard terms.payee != .zero, terms.payee != payer, terms.payee != call.message.to else {
      throw ChannelFailure.badParty
    }
    guard terms.deposit > 0, terms.deposit <= ChannelState.maximumAmount else {
      throw ChannelFailure.badAmount
    }
    guard terms.deposit <= vault.balance else { throw ChannelFailure.vaultTooLow }
    let channel = terms.descriptor(payer: payer, openCount: vault.openCount, in: domain)
    let id = try call.id(of: channel)
    vault.balance -= terms.deposit
    vault.openCount &+= 1
    try call.setChannel(ChannelState(settled: 0, deposit: terms.deposit), id)
    let log = try ChannelModule.channelOpened.encode([
      .hash(id.hash), .address(payer), .address(channel.payee), .address(channel.signer),
      .hash(channel.salt), .uint(UInt256(UInt64(channel.graceSeconds))),
      .uint(UInt256(UInt64(channel.graceBlocks))), .uint(UInt256(channel.openCount)),
      .uint(UInt256(terms.deposit)),
    ])
    try call.emit(topics: log.topics, data: log.data)
    return id
  }

  static func topUp(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    var vault = try call.vault(of: call.message.from)
    try topUp(&reader, from: &vault, in: call.domain, &call)
    try call.setVault(vault, of: call.message.from)
    return []
  }

  static func topUpMany(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let list = try reader.readItems(
      atMost: ChannelModule.maximumOpenCount, elementSize: ChannelDescriptor.abiSize + 32)
    var elements = list.elements
    let domain = call.domain
    var vault = try call.vault(of: call.message.from)
    for _ in 0..<list.count { try topUp(&elements, from: &vault, in: domain, &call) }
    try call.setVault(vault, of: call.message.from)
    return []
  }

  /// Raises one deposit; the vault is written by the caller.
  private static func topUp(
    _ reader: inout ABIReader, from vault: inout ChannelVault, in domain: ChannelDomain,
    _ call: inout ModuleCall
  ) throws {
    let channel = try ChannelDescriptor(reading: &reader, in: domain)
    let amount = try reader.readUInt128()
    guard channel.payer == call.message.from else { throw ChannelFailure.notPayer }
    let id = try call.id(of: channel)
    var state = try call.channel(id)
    guard amount > 0, amount <= ChannelState.maximumAmount - state.deposit else {
      throw ChannelFailure.badAmount
    }
    guard amount <= vault.balance else { throw ChannelFailure.vaultTooLow }
    vault.balance -= amount
    state.deposit += amount
    if state.closeRequest != nil {
      state.closeRequest = nil
      try call.store(ChannelStorage.closeRequest(id), .zero)
    }
    try call.setChannel(state, id)
    try call.emit(ChannelModule.channelToppedUp, id, channel, amount, state.deposit)
  }
}
