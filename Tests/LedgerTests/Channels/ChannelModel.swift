import ChainTypes
import Keys
import Primitives

/// What payment channels should do, in the plainest words: the module is held to it.
struct ChannelModel {
  struct Channel: Hashable {
    var settled: UInt128 = 0
    var deposit: UInt128
    var request: Request?
  }

  struct Request: Hashable {
    var time: UInt64
    var room: UInt64
    var height: UInt64
  }

  var balances: [Address: UInt128]
  var vaults: [Address: UInt128] = [:]
  var openCounts: [Address: UInt64] = [:]
  var channels: [ChannelDescriptor: Channel] = [:]
  /// Every channel that was ever open, in order.
  var known: [ChannelDescriptor] = []
  var time: UInt64
  var height: UInt64
  var room: UInt64

  private static let limit = (UInt128(1) << 112) - 1

  mutating func deposit(_ amount: UInt128, by payer: Address) throws {
    try require(amount > 0, .badAmount)
    balances[payer, default: 0] -= amount
    vaults[payer, default: 0] += amount
  }

  mutating func takeOut(_ amount: UInt128, by payer: Address) throws {
    try require(amount > 0, .badAmount)
    try require(amount <= vaults[payer, default: 0], .vaultTooLow)
    vaults[payer, default: 0] -= amount
    balances[payer, default: 0] += amount
  }

  mutating func open(_ terms: [ChannelTerms], by payer: Address, in domain: ChannelDomain) throws {
    try require((1...256).contains(terms.count), .badCount)
    var next = self
    for term in terms {
      try require((2...1_000).contains(term.graceSeconds), .badGrace)
      try require((1...100).contains(term.graceBlocks), .badGrace)
      try require(![.zero, payer, domain.module].contains(term.payee), .badParty)
      try require(term.deposit > 0 && term.deposit <= Self.limit, .badAmount)
      try require(term.deposit <= next.vaults[payer, default: 0], .vaultTooLow)
      let count = next.openCounts[payer, default: 0]
      let descriptor = ChannelDescriptor(
        payer: payer, payee: term.payee, signer: term.signer, salt: term.salt,
        graceSeconds: term.graceSeconds, graceBlocks: term.graceBlocks, openCount: count,
        module: domain.module, chainID: domain.chainID)
      next.vaults[payer, default: 0] -= term.deposit
      next.openCounts[payer] = count + 1
      next.channels[descriptor] = Channel(deposit: term.deposit)
      next.known.append(descriptor)
    }
    self = next
  }

  mutating func topUp(_ items: [ChannelTopUp], by payer: Address) throws {
    try require((1...256).contains(items.count), .badCount)
    var next = self
    for item in items {
      try require(item.channel.payer == payer, .notPayer)
      var channel = try next.channel(item.channel)
      try require(item.amount > 0 && item.amount <= Self.limit - channel.deposit, .badAmount)
      try require(item.amount <= next.vaults[payer, default: 0], .vaultTooLow)
      next.vaults[payer, default: 0] -= item.amount
      channel.deposit += item.amount
      channel.request = nil
      next.channels[item.channel] = channel
    }
    self = next
  }

  /// Returns what the payee gets.
  mutating func settle(
    _ descriptor: ChannelDescriptor, voucher: UInt128, isSigned: Bool
  ) throws -> UInt128 {
    var channel = try channel(descriptor)
    let settled = min(voucher, channel.deposit)
    try require(settled > channel.settled, .nothingToSettle)
    try require(isSigned, .badSignature)
    let paid = settled - channel.settled
    channel.settled = settled
    channels[descriptor] = channel
    balances[descriptor.payee, default: 0] += paid
    return paid
  }

  mutating func close(
    _ descriptor: ChannelDescriptor, capture: UInt128, voucher: UInt128, isSigned: Bool,
    by caller: Address
  ) throws {
    try require(caller == descriptor.payee, .notPayee)
    try end(descriptor, capture: capture, voucher: voucher, isSigned: isSigned)
  }

  mutating func closeMutual(
    _ descriptor: ChannelDescriptor, capture: UInt128, voucher: UInt128, isSigned: Bool,
    validUntil: UInt64, isReleased: Bool, by caller: Address
  ) throws {
    try require(caller == descriptor.payer, .notPayer)
    try require(validUntil >= time && validUntil <= time + 600, .badValidity)
    var next = self
    try next.end(descriptor, capture: capture, voucher: voucher, isSigned: isSigned)
    try require(isReleased, .badSignature)
    self = next
  }

  private mutating func end(
    _ descriptor: ChannelDescriptor, capture: UInt128, voucher: UInt128, isSigned: Bool
  ) throws {
    let channel = try channel(descriptor)
    try require(capture >= channel.settled && capture <= channel.deposit, .badCapture)
    if capture > channel.settled {
      try require(capture <= voucher, .badCapture)
      try require(isSigned, .badSignature)
    }
    channels[descriptor] = nil
    balances[descriptor.payee, default: 0] += capture - channel.settled
    vaults[descriptor.payer, default: 0] += channel.deposit - capture
  }

  mutating func requestClose(_ descriptor: ChannelDescriptor, by caller: Address) throws {
    try require(caller == descriptor.payer, .notPayer)
    var channel = try channel(descriptor)
    if channel.request == nil {
      channel.request = Request(time: time, room: room + 1, height: height)
    }
    channels[descriptor] = channel
  }

  mutating func withdraw(_ descriptor: ChannelDescriptor, by caller: Address) throws {
    try require(caller == descriptor.payer, .notPayer)
    let channel = try channel(descriptor)
    guard let request = channel.request else { throw ChannelFailure.noCloseRequest }
    let blocks = UInt64(descriptor.graceBlocks)
    try require(time >= request.time + UInt64(descriptor.graceSeconds), .graceNotOver)
    try require(
      room >= request.room + blocks || height >= request.height + 4 * blocks, .graceNotOver)
    channels[descriptor] = nil
    vaults[descriptor.payer, default: 0] += channel.deposit - channel.settled
  }

  private func channel(_ descriptor: ChannelDescriptor) throws -> Channel {
    guard let channel = channels[descriptor] else { throw ChannelFailure.unknownChannel }
    return channel
  }

  private func require(_ holds: Bool, _ failure: ChannelFailure) throws {
    if !holds { throw failure }
  }
}
