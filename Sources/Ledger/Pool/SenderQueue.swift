internal import Primitives

/// What the pool holds of one sender.
///
/// `pending` is always the longest run of nonces from the account's on whose costs the balance
/// covers together; whatever else there is waits in `gapped`, in nonce order. All of `gapped` comes
/// after all of `pending`.
struct SenderQueue {
  /// The account's nonce.
  private(set) var nonce: UInt64
  /// The account's money.
  private(set) var balance: UInt256
  private(set) var pending: [PoolTransaction] = []
  private(set) var gapped: [PoolTransaction] = []
  /// The sum of what `pending` can cost; never more than the balance.
  private(set) var pendingCost = UInt256.zero
  /// Another number after every change.
  var version: UInt64 = 0

  init(nonce: UInt64, balance: UInt256) {
    self.nonce = nonce
    self.balance = balance
  }

  /// The nonce after the pending ones.
  var nextNonce: UInt64 { nonce &+ UInt64(pending.count) }

  var isEmpty: Bool { pending.isEmpty && gapped.isEmpty }

  /// Whether all there is is one that pays its fee from its payouts.
  var isOnCredit: Bool { pending.first?.isOnCredit ?? false }

  /// The one with the highest nonce.
  var last: PoolTransaction? { gapped.last ?? pending.last }

  /// The one with a nonce.
  subscript(nonce: UInt64) -> PoolTransaction? {
    if let index = pendingIndex(nonce) { return pending[index] }
    let index = gappedIndex(nonce)
    return index < gapped.count && gapped[index].nonce == nonce ? gapped[index] : nil
  }

  /// Puts a transaction in its place, over the one with the same nonce.
  ///
  /// - Returns: those that are pending and were not before.
  mutating func insert(_ transaction: PoolTransaction, limit: Int) -> [PoolTransaction] {
    var ready: [PoolTransaction] = []
    if let index = pendingIndex(transaction.nonce) {
      pendingCost = pendingCost &- pending[index].cost &+ transaction.cost
      pending[index] = transaction
      ready.append(transaction)
    } else {
      let index = gappedIndex(transaction.nonce)
      if index < gapped.count, gapped[index].nonce == transaction.nonce {
        gapped[index] = transaction
      } else {
        gapped.insert(transaction, at: index)
      }
    }
    return ready + promote(limit: limit)
  }

  /// Removes the one with the highest nonce.
  mutating func removeLast() -> PoolTransaction? {
    if let transaction = gapped.popLast() { return transaction }
    guard let transaction = pending.popLast() else { return nil }
    pendingCost = pendingCost &- transaction.cost
    return transaction
  }

  /// Follows the account to what a block left of it.
  ///
  /// - Returns: those that the account's nonce has passed, those beyond the limit of gapped ones,
  ///   and those that are pending and were not before.
  mutating func follow(
    nonce newNonce: UInt64, balance newBalance: UInt256, limits: TransactionPool.Configuration
  ) -> (passed: [PoolTransaction], excess: [PoolTransaction], ready: [PoolTransaction]) {
    var passed: [PoolTransaction] = []
    if newNonce > nonce {
      let count = Int(clamping: min(newNonce - nonce, UInt64(pending.count)))
      for transaction in pending.prefix(count) {
        pendingCost = pendingCost &- transaction.cost
        passed.append(transaction)
      }
      pending.removeFirst(count)
      let gappedCount = gappedIndex(newNonce)
      passed += gapped.prefix(gappedCount)
      gapped.removeFirst(gappedCount)
    } else if newNonce < nonce {
      pendingCost = .zero
      demote(to: 0)
    }
    nonce = newNonce
    balance = newBalance
    var kept = pending.count
    while kept > 0, pendingCost > balance {
      kept -= 1
      pendingCost = pendingCost &- pending[kept].cost
    }
    demote(to: kept)
    let ready = promote(limit: limits.pendingPerSender)
    let excess = Array(gapped.dropFirst(limits.gappedPerSender))
    gapped.removeLast(excess.count)
    return (passed, excess, ready)
  }

  /// Removes gapped ones that came before a time.
  mutating func expire(before time: UInt64) -> [PoolTransaction] {
    let expired = gapped.filter { $0.time < time }
    if !expired.isEmpty { gapped.removeAll { $0.time < time } }
    return expired
  }

  private func pendingIndex(_ wanted: UInt64) -> Int? {
    guard wanted >= nonce, wanted < nextNonce else { return nil }
    return Int(wanted - nonce)
  }

  /// The index of the first gapped one whose nonce is not below `wanted`.
  private func gappedIndex(_ wanted: UInt64) -> Int {
    var low = 0
    var high = gapped.count
    while low < high {
      let middle = (low + high) / 2
      if gapped[middle].nonce < wanted { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func promote(limit: Int) -> [PoolTransaction] {
    var ready: [PoolTransaction] = []
    for transaction in gapped {
      guard transaction.nonce == nextNonce, pending.count < limit,
        let total = pendingCost.adding(transaction.cost), total <= balance
      else { break }
      pendingCost = total
      pending.append(transaction)
      ready.append(transaction)
    }
    gapped.removeFirst(ready.count)
    return ready
  }

  /// Moves all but the first `count` pending ones back; their cost is taken off by the caller.
  private mutating func demote(to count: Int) {
    guard count < pending.count else { return }
    gapped.insert(contentsOf: pending[count...], at: 0)
    pending.removeLast(pending.count - count)
  }
}
