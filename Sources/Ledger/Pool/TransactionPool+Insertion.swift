internal import ChainTypes
internal import Logging
internal import Primitives
internal import Synchronization

extension TransactionPool {
  struct Insertion {
    var outcome: Outcome
    /// The hashes of those that became pending.
    var ready: [Hash256]
    /// The bytes of a journal that holds all local ones.
    var journalByteCount: Int
  }

  func insert(
    _ transaction: RecoveredTransaction, isLocal: Bool
  ) throws(PoolError) -> Insertion {
    while true {
      let (head, known) = state.withLock {
        ($0.head, $0.senders[transaction.sender].map(\.balance))
      }
      try head.check(transaction.signed.transaction, minimumTip: configuration.minimumTip)
      // Accounts are read without the lock; should the head move meanwhile, they are read again.
      let account = known == nil ? try Self.account(of: transaction.sender, at: head) : nil
      let time = clock()
      var payouts = UInt256.zero
      if transaction.signed.transaction.maximumCost ?? .max > known ?? account?.balance ?? .zero {
        payouts = try self.payouts(
          of: transaction, nonce: account?.nonce ?? 0, at: head, time: time)
      }
      let insertion = try state.withLock { (state) throws(PoolError) -> Insertion? in
        guard state.head.number == head.number else { return nil }
        guard let account = account ?? state.senders[transaction.sender].map({ _ in Account() })
        else { return nil }
        let before = state.announced.count
        let outcome = try state.add(
          transaction, isLocal: isLocal, account: account, payouts: payouts, time: time)
        return Insertion(
          outcome: outcome, ready: state.announced.hashes(since: before),
          journalByteCount: state.journalByteCount)
      }
      if let insertion { return insertion }
    }
  }

  /// What a transaction that its sender cannot pay pays its sender; zero when that counts nothing.
  private func payouts(
    of transaction: RecoveredTransaction, nonce: UInt64, at head: PoolHead, time: UInt64
  ) throws(PoolError) -> UInt256 {
    guard let credit = head.credit, credit.lane.lends(to: transaction.signed.transaction) else {
      return .zero
    }
    let count = credit.lane.claimCount(of: transaction.signed.transaction) ?? 0
    guard count <= ChannelModule.maximumCreditItems else {
      throw .creditTooLarge(have: count, limit: ChannelModule.maximumCreditItems)
    }
    try state.withLock { (state) throws(PoolError) in
      try state.admitCredit(transaction, nonce: nonce, time: time)
    }
    do {
      let payouts = try credit.payouts(transaction) ?? .zero
      // One that does not pay for itself would cost every builder the work of finding out.
      if let rejection = try credit.trial(transaction) { throw rejection }
      return payouts
    } catch let rejection as TransactionRejection {
      throw .rejected(rejection)
    } catch {
      throw .stateUnavailable("\(error)")
    }
  }

  private static func account(
    of sender: Address, at head: PoolHead
  ) throws(PoolError) -> Account {
    let account: Account
    do {
      account = try head.account(sender) ?? Account()
    } catch {
      throw .stateUnavailable("\(error)")
    }
    guard !account.hasCode else { throw .rejected(.senderHasCode(sender)) }
    return account
  }

  /// Adds what the journal holds, and writes it anew without what is no longer of use.
  func restoreJournal() {
    guard let journal, let transactions = journal.load() else { return }
    var added = 0
    for transaction in recover(transactions) {
      do throws(PoolError) {
        _ = try insert(transaction, isLocal: true)
        added += 1
      } catch {
        logger.debug(
          "a transaction of the journal is left out",
          metadata: ["hash": "\(transaction.signed.hash)", "reason": "\(error)"])
      }
    }
    journal.rewrite { localTransactions() }
    logger.info(
      "transaction journal loaded",
      metadata: ["transactions": "\(added)", "leftOut": "\(transactions.count - added)"])
  }

  private func recover(_ transactions: [SignedTransaction]) -> [RecoveredTransaction] {
    guard let senders = try? SenderRecovery.senders(of: transactions) else {
      return transactions.compactMap { try? RecoveredTransaction(recovering: $0) }
    }
    return zip(transactions, senders).map { RecoveredTransaction($0, sender: $1) }
  }

  /// The local transactions in the order of their arrival.
  func localTransactions() -> [SignedTransaction] {
    let transactions = state.withLock { $0.byHash.values.filter(\.isLocal) }
    return transactions.sorted { $0.arrival < $1.arrival }.map(\.signed)
  }
}
