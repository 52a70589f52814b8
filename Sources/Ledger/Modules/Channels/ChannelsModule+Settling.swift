internal import ChainTypes
internal import Keys
internal import Primitives

/// Money for payees: anybody may bring a voucher, and what it is worth goes to the payee alone.
extension ChannelsModule {
  static func settle(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let domain = call.domain
    let item = try VoucherClaim(reading: &reader, in: domain)
    let id = try call.id(of: item.channel)
    let (state, paid) = try pay(item, id, &call) { call throws in
      try call.charge(ModuleGas.signature)
      return item.isSigned(id, in: domain)
    }
    try call.transfer(from: call.message.to, to: item.channel.payee, UInt256(paid))
    try emitSettled(id, item.channel, state, paid: paid, &call)
    return UInt256(paid).word.bytes
  }

  /// Settles each item as `settle` would, except that a refused one does not end the call, that
  /// every signature is paid for, looked at or not, and that a payee of several items is paid once.
  static func settleMany(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let domain = call.domain
    let items = try VoucherClaim.list(&reader, in: domain)
    try call.charge((ModuleGas.hash + ModuleGas.signature) * UInt64(items.count))
    let checks = try Cores.map(items.count, pieces: 16) { range in
      items[range].map { item in
        let id = item.channel.id
        return (id: id, isSigned: item.isSigned(id, in: domain))
      }
    }
    var payouts = Payouts()
    var results: [ChannelSettlementResult] = []
    results.reserveCapacity(items.count)
    for (item, check) in zip(items, checks.joined()) {
      do {
        let (state, paid) = try pay(item, check.id, &call) { _ in check.isSigned }
        payouts.add(paid, to: item.channel.payee)
        try emitSettled(check.id, item.channel, state, paid: paid, &call)
        results.append(ChannelSettlementResult(code: 0, paid: paid))
      } catch let failure as ChannelFailure {
        results.append(ChannelSettlementResult(code: failure.rawValue, paid: 0))
      }
    }
    for (payee, amount) in payouts.list {
      try call.transfer(from: call.message.to, to: payee, UInt256(amount))
    }
    var writer = ABIWriter()
    writer.array(count: results.count) { inner in
      for result in results {
        inner.append(UInt64(result.code))
        inner.append(UInt256(result.paid))
      }
    }
    return writer.bytes
  }

  /// Raises what was settled to what a voucher says, as far as the deposit goes.
  ///
  /// Cheap checks come first; a refused voucher changes nothing.
  private static func pay(
    _ item: VoucherClaim, _ id: ChannelID, _ call: inout ModuleCall,
    isSigned: (inout ModuleCall) throws -> Bool
  ) throws -> (ChannelState, paid: UInt128) {
    var state = try call.channel(id)
    let settled = min(item.cumulativeAmount, state.deposit)
    guard settled > state.settled else { throw ChannelFailure.nothingToSettle }
    guard try isSigned(&call) else { throw ChannelFailure.badSignature }
    let paid = settled - state.settled
    state.settled = settled
    try call.setChannel(state, id)
    return (state, paid)
  }

  private static func emitSettled(
    _ id: ChannelID, _ channel: ChannelDescriptor, _ state: ChannelState, paid: UInt128,
    _ call: inout ModuleCall
  ) throws {
    try call.emit(
      ChannelModule.channelSettled, id, channel, paid, state.settled, state.deposit)
  }

  /// What each payee gets, in the order of their first items.
  private struct Payouts {
    private(set) var list: [(payee: Address, amount: UInt128)] = []
    private var indexes: [Address: Int] = [:]

    mutating func add(_ amount: UInt128, to payee: Address) {
      if let index = indexes[payee] {
        // All of it is in the module's balance, which fits 128 bits.
        list[index].amount &+= amount
      } else {
        indexes[payee] = list.count
        list.append((payee, amount))
      }
    }
  }
}

/// A voucher with its channel, as calls carry it.
struct VoucherClaim: Sendable {
  var channel: ChannelDescriptor
  var cumulativeAmount: UInt128
  /// As it came: of any length.
  var signature: [UInt8]

  /// The most bytes that are read in place of a signature before it is found to be none.
  private static let maximumSignatureCount = 1_024

  init(reading reader: inout ABIReader, in domain: ChannelDomain) throws(ABIError) {
    channel = try ChannelDescriptor(reading: &reader, in: domain)
    cumulativeAmount = try reader.readUInt128()
    signature = try Self.signature(&reader)
  }

  init(
    channel: ChannelDescriptor, reading reader: inout ABIReader
  ) throws(ABIError) {
    self.channel = channel
    cumulativeAmount = try reader.readUInt128()
    signature = try Self.signature(&reader)
  }

  /// The items of `settleMany`.
  static func list(_ reader: inout ABIReader, in domain: ChannelDomain) throws -> [VoucherClaim] {
    let list = try reader.readItems(atMost: ChannelModule.maximumSettleCount)
    var elements = list.elements
    var items: [VoucherClaim] = []
    items.reserveCapacity(list.count)
    for _ in 0..<list.count {
      var item = try elements.readTail()
      items.append(try VoucherClaim(reading: &item, in: domain))
    }
    return items
  }

  static func signature(_ reader: inout ABIReader) throws(ABIError) -> [UInt8] {
    try reader.readBytes(maximumCount: maximumSignatureCount)
  }

  /// Whether the channel's signer made the signature.
  func isSigned(_ id: ChannelID, in domain: ChannelDomain) -> Bool {
    guard let signature = try? Signature(bytes: signature) else { return false }
    let voucher = Voucher(channelID: id, cumulativeAmount: cumulativeAmount)
    return SignedVoucher(voucher, signature: signature)
      .isSigned(by: channel.voucherSigner, in: domain)
  }
}
