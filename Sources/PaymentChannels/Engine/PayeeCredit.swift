public import ChainTypes

/// How a payee stands with a payer; amounts in wei.
public struct PayeeCredit: Hashable, Sendable {
  /// The channel.
  public var channelID: ChannelID
  /// Paid in all by the newest voucher on disk.
  public var paid: UInt128
  /// Delivered in all, in value.
  public var delivered: UInt128
  /// What may still be delivered before the next voucher.
  public var credit: UInt128
  /// Locked on the channel since its opening.
  public var deposit: UInt128

  /// A standing.
  public init(
    channelID: ChannelID, paid: UInt128, delivered: UInt128, credit: UInt128, deposit: UInt128
  ) {
    self.channelID = channelID
    self.paid = paid
    self.delivered = delivered
    self.credit = credit
    self.deposit = deposit
  }
}
