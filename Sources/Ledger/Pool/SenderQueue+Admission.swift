internal import Primitives

extension SenderQueue {
  /// Where a transaction would stand.
  struct Place {
    /// The one with the same nonce.
    var replaced: PoolTransaction?
    /// Whether it would wait for an earlier nonce.
    var isGapped: Bool
  }

  /// Finds the place of a transaction, by the sender's account and what else waits.
  func place(
    of transaction: PoolTransaction, limits: TransactionPool.Configuration
  ) throws(PoolError) -> Place {
    let sender = transaction.sender
    guard transaction.nonce >= nonce else {
      throw .rejected(.nonceTooLow(sender: sender, have: transaction.nonce, next: nonce))
    }
    let old = self[transaction.nonce]
    if transaction.isOnCredit || isOnCredit {
      guard isAlone(transaction.nonce, isOnCredit: transaction.isOnCredit) else {
        throw .creditNotAlone(sender)
      }
    }
    guard transaction.cost <= balance else {
      throw .rejected(.insufficientFunds(sender: sender, have: balance, want: transaction.cost))
    }
    if let old { try Self.checkBump(transaction, over: old, percent: limits.priceBump) }
    if transaction.nonce > nextNonce {
      guard old != nil || gapped.count < limits.gappedPerSender else {
        throw .senderLimit(sender: sender, count: gapped.count, gapped: true)
      }
      return Place(replaced: old, isGapped: true)
    }
    let isReplacingPending = transaction.nonce < nextNonce
    let others = isReplacingPending ? pendingCost &- (old?.cost ?? .zero) : pendingCost
    guard let total = others.adding(transaction.cost), total <= balance else {
      throw .overdraft(sender: sender, balance: balance, queued: others, cost: transaction.cost)
    }
    let hasRoom = isReplacingPending || pending.count < limits.pendingPerSender
    guard hasRoom || old != nil else {
      throw .senderLimit(sender: sender, count: pending.count, gapped: false)
    }
    return Place(replaced: old, isGapped: !hasRoom)
  }

  /// Whether a transaction would be all there is of the sender: one that pays its fee from its
  /// payouts must be, with the account's nonce, and nothing may stand beside it.
  func isAlone(_ wanted: UInt64, isOnCredit: Bool) -> Bool {
    pending.count + gapped.count == (self[wanted] == nil ? 0 : 1)
      && (!isOnCredit || wanted == nonce)
  }

  private static func checkBump(
    _ transaction: PoolTransaction, over old: PoolTransaction, percent: UInt64
  ) throws(PoolError) {
    let feeCap = bumped(old.feeCap, percent)
    let tip = bumped(old.tip, percent)
    guard transaction.feeCap >= feeCap, transaction.tip >= tip else {
      throw .replacementUnderpriced(old: old.hash, feeCap: feeCap, tip: tip)
    }
  }

  /// The fee raised by so many percent, rounded up, and by at least 1 wei: a replacement that costs
  /// nothing more could be repeated for ever.
  private static func bumped(_ fee: UInt256, _ percent: UInt64) -> UInt256 {
    guard let next = fee.adding(.one),
      let scaled = fee.multiplying(by: UInt256(100 &+ percent))?.adding(99),
      let raised = scaled.divided(by: 100)
    else { return .max }
    return max(raised, next)
  }
}
