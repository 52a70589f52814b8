public import NIOCore

/// What all torrents of a session have in common in the market.
public struct SpeedConfiguration: Hashable, Sendable {
  /// What is asked and given; nil sells nothing.
  public var selling: SellingTerms?
  /// Seconds since 1970 at the moment that the monotonic clock calls 0.
  public var unixOffset: Int64
  /// How long openings are gathered into one transaction.
  public var gathering: TimeAmount = .seconds(1)
  /// The length of a choke round.
  public var round: TimeAmount = .seconds(10)
  /// How long a channel lies idle, or a payee may take to close it, before a close is asked for.
  public var idleLimit: TimeAmount = .seconds(600)
  /// How long the ledger is left alone after it refused.
  public var ledgerRetry: TimeAmount = .seconds(30)

  /// A configuration that sells by `selling`.
  public init(selling: SellingTerms? = nil, unixOffset: Int64) {
    self.selling = selling
    self.unixOffset = unixOffset
  }
}
