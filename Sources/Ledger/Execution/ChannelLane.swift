package import ChainTypes
internal import Primitives

/// The part of every block that is kept for payees of payment channels.
///
/// All transactions but top-level calls that settle or close channels have nine tenths of a block
/// between them, of its gas as of its bytes. So whoever fills blocks, at whatever price, cannot
/// keep a payee from answering while a payer's request to close runs out.
package struct ChannelLane: Hashable, Sendable {
  /// The gas of a block.
  private let gasLimit: UInt64
  /// What is kept for payees at least.
  package let gas: UInt64
  /// Gas that all others may use together.
  package let generalGas: UInt64
  /// Bytes that all others may take up together.
  package let generalBytes: Int

  /// The lane of a chain with payment channels, nil on another.
  package init?(_ genesis: Genesis) {
    guard genesis.modules[ChannelModule.address] == .channels else { return nil }
    gasLimit = genesis.gasLimit
    gas = gasLimit / 10
    generalGas = gasLimit - gas
    generalBytes = BlockLimits.maximumTransactionBytes / 10 * 9
  }

  /// Whether a transaction may use what is kept for payees.
  package func admits(_ transaction: Transaction) -> Bool {
    transaction.to == ChannelModule.address
      && Self.selector(transaction.data).map(ChannelsModule.laneSelectors.contains) ?? false
  }

  /// The most gas that a transaction can have in any block.
  package func gasLimit(of transaction: Transaction) -> UInt64 {
    admits(transaction) ? gasLimit : generalGas
  }

  /// Whether a block that used so much had room for payees: a twentieth of the lane was left.
  func hasRoom(gasUsed: UInt64, byteCount: Int) -> Bool {
    let bytes = BlockLimits.maximumTransactionBytes
    return (gasLimit - gasUsed) * 20 >= gas && (bytes - byteCount) * 20 >= bytes - generalBytes
  }

  /// Whether a transaction may buy its gas with what it pays its sender.
  package func lends(to transaction: Transaction) -> Bool {
    transaction.to == ChannelModule.address && transaction.value.isZero
      && transaction.gasLimit <= gas
      && Self.selector(transaction.data).map(ChannelsModule.creditSelectors.contains) ?? false
  }

  /// What a transaction that may buy its gas on credit would pay its sender by its call data, if
  /// every signature in it is right; nil for any other transaction.
  func payouts(
    of transaction: Transaction, to sender: Address, in block: BlockContext, on state: StateOverlay
  ) throws -> UInt256? {
    guard lends(to: transaction), let call = try? ABIReader.call(transaction.data) else {
      return nil
    }
    let domain = ChannelDomain(chainID: block.chainID, module: ChannelModule.address)
    guard
      let claims = try? CreditClaim.list(
        selector: call.selector, reading: call.arguments, in: domain)
    else { return nil }
    var settled: [ChannelID: UInt128] = [:]
    var sum = UInt256.zero
    for claim in claims where claim.channel.payee == sender {
      let id = claim.channel.id
      let word = try state.storage(ChannelModule.address, ChannelStorage.channel(id))
      guard let channel = ChannelState(word: word, closeRequestWord: .zero) else { continue }
      let before = settled[id] ?? channel.settled
      let after = min(claim.amount, channel.deposit)
      guard after > before else { continue }
      settled[id] = after
      sum = sum &+ UInt256(after - before)
    }
    return sum
  }

  /// How many vouchers a transaction that may buy its gas on credit carries; nil when its call data
  /// cannot be read.
  func claimCount(of transaction: Transaction) -> Int? {
    guard let call = try? ABIReader.call(transaction.data) else { return nil }
    let domain = ChannelDomain(chainID: 0, module: ChannelModule.address)
    return try? CreditClaim.list(
      selector: call.selector, reading: call.arguments, in: domain
    ).count
  }

  private static func selector(_ data: [UInt8]) -> UInt32? {
    guard data.count >= 4 else { return nil }
    return data[..<4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}

/// What a call asks of a channel for its payee.
private struct CreditClaim {
  let channel: ChannelDescriptor
  let amount: UInt128

  /// The claims in a call, as the module would read them.
  static func list(
    selector: UInt32, reading arguments: ABIReader, in domain: ChannelDomain
  ) throws -> [CreditClaim] {
    var reader = arguments
    switch selector {
    case ChannelModule.settleMany.selector:
      return try VoucherClaim.list(&reader, in: domain).map {
        CreditClaim(channel: $0.channel, amount: $0.cumulativeAmount)
      }
    default:
      // The amount of `settle` and the capture of `close` stand in the same place.
      let channel = try ChannelDescriptor(reading: &reader, in: domain)
      return [CreditClaim(channel: channel, amount: try reader.readUInt128())]
    }
  }
}
