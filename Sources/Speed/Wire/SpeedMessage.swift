public import ChainTypes

/// A message of the extension `btt_speed`.
///
/// All are in stream order with requests and blocks, and what they say holds from there on.
public enum SpeedMessage: Hashable, Sendable {
  /// Seller: what a MiB costs.
  case quote(SignedQuote)
  /// Buyer: the channel that it pays through, with the proof that it is the payer.
  case opened(ChannelProof)
  /// Buyer: what is requested from here on is at this quote; 0 at none, and free.
  case accept(quoteID: UInt64)
  /// Buyer: so much is paid in all.
  case voucher(SignedVoucher)
  /// Seller: how the channel stands.
  case need(SpeedNeed)
  /// Both: what came until here.
  case receipt(SpeedReceipt)
  /// Both: paid mode ends.
  case bye(SpeedBye)
}

/// How a channel stands, as its payee sees it; amounts in wei.
public struct SpeedNeed: Hashable, Sendable {
  /// The channel.
  public var channelID: ChannelID
  /// A voucher over this much in all lets delivery go on at full speed.
  public var required: UInt128
  /// The newest voucher that is safe on the payee's disk is over this much.
  public var accepted: UInt128
  /// The deposit that the payee sees in final blocks.
  public var deposit: UInt128
  /// The window in bytes from here on: what may be delivered and not paid.
  public var window: UInt64
  /// The newest voucher, when the channel has just been shown on this connection.
  public var voucher: SignedVoucher?

  /// A standing.
  public init(
    channelID: ChannelID, required: UInt128, accepted: UInt128, deposit: UInt128, window: UInt64,
    voucher: SignedVoucher? = nil
  ) {
    self.channelID = channelID
    self.required = required
    self.accepted = accepted
    self.deposit = deposit
    self.window = window
    self.voucher = voucher
  }
}

/// What came on the connection up to this point of the stream, in bytes of payload.
public struct SpeedReceipt: Hashable, Sendable {
  /// Bytes that came.
  public var received: UInt64
  /// Bytes of them that proved right.
  public var verified: UInt64

  /// Both counts.
  public init(received: UInt64, verified: UInt64) {
    self.received = received
    self.verified = verified
  }
}

/// The end of paid mode: why, and the sums of the one who ends it.
public struct SpeedBye: Hashable, Sendable {
  /// Why paid mode ends.
  public enum Reason: UInt8, CaseIterable, Sendable {
    /// The buyer needs no more of the channel: the payee closes it.
    case done = 0
    /// The payer did not pay in time.
    case unpaid = 1
    /// A piece was wrong.
    case badData = 2
    /// Counts differ by more than what is under way.
    case dispute = 3
    /// The channel is being closed, or its deposit is used up.
    case channelClosing = 4
    /// The sender stops buying or selling.
    case leaving = 5
    /// The other side broke the rules of the extension.
    case misconduct = 6
  }

  /// Why.
  public var reason: Reason
  /// The channel; zero for none.
  public var channelID: ChannelID
  /// Bytes of payload sent on the connection.
  public var sent: UInt64
  /// Bytes of payload received on the connection.
  public var received: UInt64
  /// The sum in wei that the sender of this holds for right, on the channel in all.
  public var total: UInt128

  /// The end of paid mode.
  public init(
    reason: Reason, channelID: ChannelID, sent: UInt64, received: UInt64, total: UInt128
  ) {
    self.reason = reason
    self.channelID = channelID
    self.sent = sent
    self.received = received
    self.total = total
  }
}
