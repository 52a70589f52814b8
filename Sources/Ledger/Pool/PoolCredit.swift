internal import ChainTypes
package import Primitives

/// What the pool asks of the chain about transactions that pay their fees from what they pay their
/// senders, at one height.
package struct PoolCredit: Sendable {
  /// What blocks keep for payees.
  package var lane: ChannelLane
  /// What a transaction would pay its sender if its signatures are right; nil when that cannot be
  /// used for its fee.
  package var payouts: @Sendable (RecoveredTransaction) throws -> UInt256?
  /// Runs a transaction as the first of the next block, and tells why it could not stand there.
  package var trial: @Sendable (RecoveredTransaction) throws -> TransactionRejection?

  /// The credit on a view; nil on a chain without payment channels.
  init?(_ view: ChainView) {
    let executor = view.executor
    guard let lane = executor.lane else { return nil }
    let state = view.state
    let context = BlockContext(
      chainID: view.genesis.chainID, number: view.head.number + 1,
      timestamp: view.head.timestamp, baseFee: view.nextBaseFee,
      feeRecipient: view.head.feeRecipient, gasLimit: view.genesis.gasLimit)
    self.lane = lane
    payouts = { transaction in
      try lane.payouts(
        of: transaction.signed.transaction, to: transaction.sender, in: context,
        on: StateOverlay(over: state))
    }
    trial = { transaction in
      do {
        _ = try executor.run(
          transaction.signed, from: transaction.sender, in: context, on: StateOverlay(over: state))
        return nil
      } catch let rejection as TransactionRejection {
        return rejection
      }
    }
  }
}

/// How many transactions on credit are let through to be tried in each second.
struct CreditGate {
  private var second: UInt64 = 0
  private var count = 0

  mutating func admit(at time: UInt64, limit: Int) -> Bool {
    if time != second { (second, count) = (time, 0) }
    count += 1
    return count <= limit
  }
}
