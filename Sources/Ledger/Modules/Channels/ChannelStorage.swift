internal import ChainTypes
internal import Primitives

/// Where vaults and channels lie in the module's storage: as `ChannelModule` says to all.
enum ChannelStorage {
  static let blocksWithRoom = ChannelModule.blocksWithRoomSlot

  static func vault(_ payer: Address) -> Hash256 { ChannelModule.vaultSlot(of: payer) }

  static func channel(_ id: ChannelID) -> Hash256 { ChannelModule.stateSlot(of: id) }

  static func closeRequest(_ id: ChannelID) -> Hash256 { ChannelModule.closeRequestSlot(of: id) }

  static func count(_ word: Hash256) -> UInt64 { UInt64(truncatingIfNeeded: UInt256(word).low) }
}

extension ModuleCall {
  /// Where signatures count.
  var domain: ChannelDomain { ChannelDomain(chainID: block.chainID, module: message.to) }

  mutating func blocksWithRoom() throws -> UInt64 {
    ChannelStorage.count(try load(ChannelStorage.blocksWithRoom))
  }

  mutating func vault(of payer: Address) throws -> ChannelVault {
    ChannelVault(word: try load(ChannelStorage.vault(payer)))
  }

  mutating func setVault(_ vault: ChannelVault, of payer: Address) throws {
    try store(ChannelStorage.vault(payer), vault.word)
  }

  /// Puts money that leaves a channel into the payer's vault.
  mutating func refund(_ amount: UInt128, to payer: Address) throws {
    guard amount > 0 else { return }
    var vault = try vault(of: payer)
    let (sum, overflow) = vault.balance.addingReportingOverflow(amount)
    guard !overflow else { throw ChannelFailure.badAmount }
    vault.balance = sum
    try setVault(vault, of: payer)
  }

  /// An open channel; what is known of a close request is its time alone.
  mutating func channel(_ id: ChannelID) throws -> ChannelState {
    let word = try load(ChannelStorage.channel(id))
    guard let state = ChannelState(word: word, closeRequestWord: .zero) else {
      throw ChannelFailure.unknownChannel
    }
    return state
  }

  /// Writes the first word of a channel.
  mutating func setChannel(_ state: ChannelState, _ id: ChannelID) throws {
    try store(ChannelStorage.channel(id), state.word)
  }

  /// Leaves nothing of a channel.
  mutating func removeChannel(_ state: ChannelState, _ id: ChannelID) throws {
    try store(ChannelStorage.channel(id), .zero)
    if state.closeRequest != nil { try store(ChannelStorage.closeRequest(id), .zero) }
  }

  /// The id of a descriptor.
  mutating func id(of channel: ChannelDescriptor) throws -> ChannelID {
    try charge(ModuleGas.hash)
    return channel.id
  }

  /// Leaves an event of a channel: its name, its parties, then amounts.
  mutating func emit(
    _ event: ABIEvent, _ id: ChannelID, _ channel: ChannelDescriptor, _ values: UInt128...
  ) throws {
    var writer = ABIWriter()
    for value in values { writer.append(UInt256(value)) }
    try emit(
      topics: [
        event.topic, id.hash, StorageLayout.word(channel.payer), StorageLayout.word(channel.payee),
      ],
      data: writer.bytes)
  }
}

extension ABIReader {
  /// The next value, an array; reading it fails when there are no elements, or too many.
  mutating func readItems(
    atMost maximumCount: Int, elementSize: Int = 32
  ) throws -> (count: Int, elements: ABIReader) {
    do throws(ABIError) {
      let array = try readArray(maximumCount: maximumCount, elementSize: elementSize)
      guard array.count > 0 else { throw ABIError.tooLarge }
      return array
    } catch .tooLarge {
      throw ChannelFailure.badCount
    }
  }
}
