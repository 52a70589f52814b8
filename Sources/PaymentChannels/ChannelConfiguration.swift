public import Primitives

/// What a payee accepts, what a payer risks, and when money is fetched; amounts in wei.
public struct ChannelConfiguration: Hashable, Sendable {
  // As payee

  /// The credit that a channel starts with beyond what is paid.
  public var window: UInt128 = 0
  /// The least by which a voucher must rise.
  public var minimumStep: UInt128 = 1
  /// Channels with a smaller deposit are ignored.
  public var minimumDeposit: UInt128 = 1
  /// Channels with a shorter grace time are ignored, in seconds.
  public var minimumGraceSeconds: UInt32 = 900
  /// Channels with a shorter grace time are ignored, in blocks with room.
  public var minimumGraceBlocks: UInt32 = 60
  /// The most channels that the books hold, at least 1.
  public var maximumChannels = 100_000
  /// Vouchers of a peer that are verified in a second, at least 1.
  public var vouchersPerSecond: Double = 2_000
  /// Vouchers of a peer that are verified at once after a pause, at least 1.
  public var voucherBurst: Double = 4_000
  /// How many vouchers of a peer one with a wrong signature counts as.
  public var badSignatureCost: Double = 50
  /// The most peers whose rates are remembered, at least 1.
  public var maximumPeers = 4_096

  // As payer

  /// The signing ceiling rises in steps of the deposit divided by this, 1 or more.
  ///
  /// After a crash a step may count as spent; more parts mean more durable writes.
  public var ceilingParts: UInt128 = 16

  // On the ledger

  /// Cash out when this many times the fee has gathered.
  public var settlementFeeFactor: UInt128 = 50
  /// Cash out only when at least so much has gathered.
  public var settlementFloor: UInt128 = 0
  /// Cash out what is worth its fee after this time in any case.
  public var settlementInterval: Duration = .seconds(86_400)
  /// Cash out when so many hundredths of a deposit are used, 1 to 100.
  public var settlementUsePercent: UInt128 = 90
  /// The most that a unit of gas may cost.
  public var maximumFeePerGas: UInt256 = 1_000_000_000_000
  /// A transaction that is not final after this time is sent again with a higher fee.
  public var feeBumpInterval: Duration = .seconds(60)
  /// A transaction that is not final is sent again after this time.
  public var resendInterval: Duration = .seconds(10)
  /// The receipt of a transaction whose nonce is used up is looked for so long.
  public var unresolvedInterval: Duration = .seconds(86_400)

  /// The defaults.
  public init() {}

  /// Whether every value lies in its bounds.
  public var isValid: Bool {
    maximumChannels >= 1 && vouchersPerSecond >= 1 && voucherBurst >= 1 && badSignatureCost >= 1
      && maximumPeers >= 1 && ceilingParts >= 1 && minimumStep >= 1
      && (1...100).contains(settlementUsePercent) && settlementInterval > .zero
      && feeBumpInterval > .zero && resendInterval > .zero
      && unresolvedInterval >= .zero
  }
}
