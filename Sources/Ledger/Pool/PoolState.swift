internal import ChainTypes
internal import Primitives

/// The pool without I/O, time or locks: what is in it, and what each event changes.
struct PoolState {
  let limits: TransactionPool.Configuration
  private(set) var head: PoolHead
  private(set) var senders: [Address: SenderQueue] = [:]
  private(set) var byHash: [Hash256: PoolTransaction] = [:]
  private(set) var pendingCount = 0
  private(set) var gappedCount = 0
  private(set) var byteCount = 0
  /// The bytes of a journal that holds the local ones.
  private(set) var journalByteCount = 0
  /// The senders whose only transaction pays its fee from its payouts.
  private(set) var onCredit: Set<Address> = []
  private var creditGate = CreditGate()
  /// The hashes of those that became pending, in order.
  private(set) var announced = HashRing(capacity: 10_000)
  var eviction = EvictionIndex()
  private var arrivals: UInt64 = 0
  private var versions: UInt64 = 0
  private var nextExpiry: UInt64 = 0

  init(limits: TransactionPool.Configuration, head: PoolHead) {
    self.limits = limits
    self.head = head
    eviction.move(to: head.baseFee)
  }

  /// Takes a transaction that `PoolHead.check` lets pass.
  ///
  /// `account` is the sender's at `head`, and not looked at when the pool follows the sender already;
  /// `payouts` is what the transaction pays its sender, when it needs that for its fee.
  mutating func add(
    _ recovered: RecoveredTransaction, isLocal: Bool, account: Account, payouts: UInt256 = .zero,
    time: UInt64
  ) throws(PoolError) -> TransactionPool.Outcome {
    let hash = recovered.signed.hash
    guard byHash[hash] == nil else { throw .alreadyKnown(hash) }
    let transaction = PoolTransaction(
      recovered, isLocal: isLocal, payouts: payouts, arrival: arrivals, time: time)
    let sender = recovered.sender
    let place = try (senders[sender] ?? SenderQueue(nonce: account.nonce, balance: account.balance))
      .place(of: transaction, limits: limits)
    try makeRoom(for: transaction, at: place)
    arrivals += 1
    if senders[sender] == nil {
      senders[sender] = SenderQueue(nonce: account.nonce, balance: account.balance)
    }
    if let replaced = place.replaced { forget(replaced) }
    remember(transaction)
    var isPending = false
    update(sender) { queue, limits in
      let ready = queue.insert(transaction, limit: limits.pendingPerSender)
      isPending = transaction.nonce < queue.nextNonce
      return ready
    }
    return TransactionPool.Outcome(isPending: isPending, replaced: place.replaced?.hash)
  }

  /// Lets in the work that one more transaction on credit makes, or throws.
  ///
  /// `nonce` is that of the sender's account, and not looked at when the pool follows the sender.
  mutating func admitCredit(
    _ recovered: RecoveredTransaction, nonce: UInt64, time: UInt64
  ) throws(PoolError) {
    guard byHash[recovered.signed.hash] == nil else { throw .alreadyKnown(recovered.signed.hash) }
    let sender = recovered.sender
    let queue = senders[sender] ?? SenderQueue(nonce: nonce, balance: .zero)
    guard queue.isAlone(recovered.signed.transaction.nonce, isOnCredit: true) else {
      throw .creditNotAlone(sender)
    }
    guard onCredit.contains(sender) || onCredit.count < limits.creditSlots,
      creditGate.admit(at: time, limit: limits.creditPerSecond)
    else { throw .creditBusy }
  }

  /// The pool's head moves; `follow` must then be called for the accounts that changed.
  mutating func move(to newHead: PoolHead) {
    head = newHead
    eviction.move(to: newHead.baseFee)
  }

  /// Follows a sender's account.
  ///
  /// - Returns: the transactions dropped, other than those whose nonce is spent.
  mutating func follow(_ sender: Address, _ account: Account) -> [PoolTransaction] {
    var gone: (passed: [PoolTransaction], excess: [PoolTransaction]) = ([], [])
    update(sender) { queue, limits in
      let change = queue.follow(nonce: account.nonce, balance: account.balance, limits: limits)
      gone = (change.passed, change.excess)
      return change.ready
    }
    for transaction in gone.passed + gone.excess { forget(transaction) }
    return gone.excess
  }

  /// Drops what has waited for an earlier nonce or for money too long; looks once a minute.
  ///
  /// - Returns: the transactions dropped.
  mutating func expire(at now: UInt64) -> [PoolTransaction] {
    guard gappedCount > 0, now >= nextExpiry else { return [] }
    nextExpiry = now.addingReportingOverflow(60).partialValue
    let lifetime = UInt64(clamping: limits.gappedLifetime.components.seconds)
    guard now > lifetime else { return [] }
    let time = now - lifetime
    var expired: [PoolTransaction] = []
    for (sender, queue) in senders where queue.gapped.contains(where: { $0.time < time }) {
      update(sender) { queue, _ in
        expired += queue.expire(before: time)
        return []
      }
    }
    for transaction in expired { forget(transaction) }
    return expired
  }

  /// Removes a sender's last transaction.
  mutating func removeLast(of sender: Address) -> PoolTransaction? {
    var removed: PoolTransaction?
    update(sender) { queue, _ in
      removed = queue.removeLast()
      return []
    }
    if let removed { forget(removed) }
    return removed
  }

  /// Removes a transaction that is its sender's last, unless it is gone.
  mutating func remove(_ transaction: PoolTransaction) -> PoolTransaction? {
    guard byHash[transaction.hash] != nil, senders[transaction.sender]?.last === transaction else {
      return nil
    }
    return removeLast(of: transaction.sender)
  }

  /// Puts back what `removeLast` took, without announcing it again.
  mutating func restore(_ transaction: PoolTransaction, account: (nonce: UInt64, balance: UInt256))
  {
    if senders[transaction.sender] == nil {
      senders[transaction.sender] = SenderQueue(nonce: account.nonce, balance: account.balance)
    }
    remember(transaction)
    update(transaction.sender) { queue, limits in
      _ = queue.insert(transaction, limit: limits.pendingPerSender)
      return []
    }
  }

  /// Changes one sender's queue in place, and all that is derived from it; `change` gives back the
  /// transactions that became pending.
  private mutating func update(
    _ sender: Address,
    _ change: (inout SenderQueue, TransactionPool.Configuration) -> [PoolTransaction]
  ) {
    guard let index = senders.index(forKey: sender) else { return }
    pendingCount -= senders.values[index].pending.count
    gappedCount -= senders.values[index].gapped.count
    let ready = change(&senders.values[index], limits)
    pendingCount += senders.values[index].pending.count
    gappedCount += senders.values[index].gapped.count
    for transaction in ready { announced.append(transaction.hash) }
    versions += 1
    if senders.values[index].isEmpty {
      senders.remove(at: index)
    } else {
      senders.values[index].version = versions
      eviction.note(senders.values[index], senderCount: senders.count)
    }
  }

  private mutating func remember(_ transaction: PoolTransaction) {
    byHash[transaction.hash] = transaction
    if transaction.isOnCredit { onCredit.insert(transaction.sender) }
    byteCount += transaction.byteCount
    if transaction.isLocal { journalByteCount += transaction.journalByteCount }
  }

  private mutating func forget(_ transaction: PoolTransaction) {
    guard byHash.removeValue(forKey: transaction.hash) != nil else { return }
    if transaction.isOnCredit { onCredit.remove(transaction.sender) }
    byteCount -= transaction.byteCount
    if transaction.isLocal { journalByteCount -= transaction.journalByteCount }
  }
}
