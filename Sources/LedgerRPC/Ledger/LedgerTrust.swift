public import ChainTypes

/// What a ledger's word is held against.
public enum LedgerTrust: Sendable {
  /// Nothing is believed that is not proved: blocks carry the seal of a validator of this genesis,
  /// and states, vouched for by a block's root, come with Merkle proofs.
  case genesis(Genesis)
  /// The node is one's own: its blocks are taken as they come.
  case endpoint
}

/// How a node is asked.
public struct RPCLedgerConfiguration: Sendable {
  /// The pause between two looks for a new block.
  public var pollInterval = Duration.milliseconds(250)
  /// The oldest that the newest block may be; nil where blocks are only made on demand.
  ///
  /// A node that shows true but old blocks could hide a close request behind them.
  public var maximumHeadAge: Duration?
  /// The time since 1970.
  public var now: @Sendable () -> Duration

  /// A configuration with the time from `now`.
  public init(now: @escaping @Sendable () -> Duration) { self.now = now }
}
