internal import ChainTypes
internal import Primitives

extension ChannelsModule {
  static let views: [NativeModule.Function] = [
    .init(abi: ChannelModule.vault, mutability: .view, gas: 100) { call, reader in
      let vault = try call.vault(of: try reader.readAddress())
      return UInt256(vault.balance).word.bytes + UInt256(vault.openCount).word.bytes
    },
    .init(abi: ChannelModule.channelID, mutability: .view, gas: 100) { call, reader in
      try call.id(of: ChannelDescriptor(reading: &reader, in: call.domain)).bytes
    },
    .init(abi: ChannelModule.nextChannelIDs, mutability: .view, gas: 100, body: nextChannelIDs),
    .init(abi: ChannelModule.channelState, mutability: .view, gas: 100) { call, reader in
      var writer = ABIWriter()
      try write(try reader.readHash(), to: &writer, &call)
      return writer.bytes
    },
    .init(abi: ChannelModule.channelStates, mutability: .view, gas: 100) { call, reader in
      let list = try reader.readItems(atMost: ChannelModule.maximumStateCount)
      var elements = list.elements
      var writer = ABIWriter()
      try writer.array(count: list.count) { inner in
        for _ in 0..<list.count { try write(try elements.readHash(), to: &inner, &call) }
      }
      return writer.bytes
    },
    .init(abi: ChannelModule.blocksWithRoom, mutability: .view, gas: 100) { call, _ in
      UInt256(try call.blocksWithRoom()).word.bytes
    },
    .init(abi: ChannelModule.graceBounds, mutability: .view, gas: 100) { call, _ in
      let rules = call.genesis.channels
      var writer = ABIWriter()
      for range in [rules?.graceSeconds.range, rules?.graceBlocks.range] {
        writer.append(UInt64(range?.lowerBound ?? 0))
        writer.append(UInt64(range?.upperBound ?? 0))
      }
      return writer.bytes
    },
    .init(abi: ChannelModule.voucherDigest, mutability: .view, gas: 100) { call, reader in
      try call.charge(ModuleGas.hash)
      let id = ChannelID(try reader.readHash())
      let voucher = Voucher(channelID: id, cumulativeAmount: try reader.readUInt128())
      return voucher.digest(in: call.domain).bytes
    },
    .init(abi: ChannelModule.releaseDigest, mutability: .view, gas: 100) { call, reader in
      try call.charge(ModuleGas.hash)
      let release = Release(
        channelID: ChannelID(try reader.readHash()), capture: try reader.readUInt128(),
        validUntil: try reader.readUInt64())
      return release.digest(in: call.domain).bytes
    },
    .init(abi: ChannelModule.domainSeparator, mutability: .view, gas: 100) { call, _ in
      call.domain.separator.bytes
    },
  ]

  private static func nextChannelIDs(
    _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> [UInt8] {
    let payer = try reader.readAddress()
    let list = try reader.readItems(
      atMost: ChannelModule.maximumOpenCount, elementSize: ChannelTerms.abiSize)
    var elements = list.elements
    let domain = call.domain
    let next = try call.vault(of: payer).openCount
    var ids: [ChannelID] = []
    for index in 0..<UInt64(list.count) {
      let terms = try ChannelTerms(reading: &elements)
      let channel = terms.descriptor(payer: payer, openCount: next &+ index, in: domain)
      ids.append(try call.id(of: channel))
    }
    return encode(ids)
  }

  /// Writes a channel's state; zeros when it is not open.
  private static func write(
    _ id: Hash256, to writer: inout ABIWriter, _ call: inout ModuleCall
  ) throws {
    let id = ChannelID(id)
    let word = try call.load(ChannelStorage.channel(id))
    var state = ChannelState(word: word, closeRequestWord: .zero)
    if state?.closeRequest != nil {
      let second = try call.load(ChannelStorage.closeRequest(id))
      state = ChannelState(word: word, closeRequestWord: second)
    }
    writer.append(UInt256(state?.settled ?? 0))
    writer.append(UInt256(state?.deposit ?? 0))
    writer.append(UInt64(state?.closeRequest?.time ?? 0))
    writer.append(state?.closeRequest?.roomBlocks ?? 0)
    writer.append(state?.closeRequest?.height ?? 0)
  }
}
