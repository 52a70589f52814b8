public import ChainTypes
internal import Logging
public import Primitives
internal import Synchronization

extension TransactionPool {
  /// Follows the chain to a new head: drops what is included, and looks anew at the accounts that
  /// the blocks since the last head touched.
  ///
  /// - Parameters:
  ///   - view: the new head; one below the pool's is ignored.
  ///   - included: the transactions of the newest block, when the caller has them.
  ///   - refused: senders whose accounts are to be looked at in any case.
  public func headChanged(
    to view: ChainView, included: [SignedTransaction]? = nil, refused: Set<Address> = []
  ) {
    headOrder.withLock { _ in
      let previous = state.withLock { $0.head.number }
      guard view.head.number >= previous else { return }
      var touched = touchedAddresses(from: previous, to: view, included: included)
      touched?.formUnion(refused)
      follow(PoolHead(view), touched: touched, refused: refused)
    }
  }

  /// Follows the chain to a new head.
  ///
  /// - Parameters:
  ///   - head: the new head; one below the pool's is ignored.
  ///   - touched: the accounts that may have changed; nil for any.
  package func headChanged(to head: PoolHead, touched: Set<Address>?) {
    headOrder.withLock { _ in
      guard head.number >= state.withLock({ $0.head.number }) else { return }
      follow(head, touched: touched)
    }
  }

  private func follow(_ head: PoolHead, touched: Set<Address>?, refused: Set<Address> = []) {
    let (senders, borrowers) = state.withLock { state in
      state.move(to: head)
      let senders =
        touched?.filter { state.senders[$0] != nil }.sorted() ?? state.senders.keys.sorted()
      return (senders, state.onCredit.sorted().compactMap { state.senders[$0]?.last })
    }
    let unpayable = borrowers.filter { borrower in
      refused.contains(borrower.sender) || !isPayable(borrower, at: head)
    }
    var accounts: [(Address, Account)] = []
    for sender in senders {
      do {
        accounts.append((sender, try head.account(sender) ?? Account()))
      } catch {
        // The pool may then offer what cannot stand in a block; the builder leaves that out.
        logger.warning(
          "an account cannot be read; the transaction pool keeps what it knew of it",
          metadata: ["address": "\(sender)", "error": "\(error)"])
      }
    }
    let time = clock()
    let (ready, dropped) = state.withLock { state in
      let before = state.announced.count
      var dropped: [PoolTransaction] = []
      for (sender, account) in accounts { dropped += state.follow(sender, account) }
      dropped += unpayable.compactMap { state.remove($0) }
      dropped += state.trimGapped()
      dropped += state.expire(at: time)
      return (state.announced.hashes(since: before), dropped)
    }
    for transaction in dropped {
      logger.debug(
        "a transaction that waited for an earlier nonce, or cannot be paid, is dropped",
        metadata: ["hash": "\(transaction.hash)"])
    }
    announce(ready)
  }

  /// Whether one that is to pay its fee from its payouts still could.
  private func isPayable(_ transaction: PoolTransaction, at head: PoolHead) -> Bool {
    guard let account = try? head.account(transaction.sender) ?? Account(),
      let payouts = try? head.credit?.payouts(transaction.recovered),
      let cost = transaction.signed.transaction.maximumCost
    else { return false }
    return cost <= account.balance.adding(payouts) ?? .max
  }

  /// The accounts that the blocks after `previous` may have changed; nil when they are too many, or
  /// cannot be read.
  private func touchedAddresses(
    from previous: UInt64, to view: ChainView, included: [SignedTransaction]?
  ) -> Set<Address>? {
    guard view.head.number > previous else { return [] }
    guard view.head.number - previous <= 32 else { return nil }
    var touched: Set<Address> = [view.genesis.fees.treasury]
    do {
      for number in previous + 1...view.head.number {
        guard let header = try view.header(number) else { return nil }
        let given = number == view.head.number ? included : nil
        guard let transactions = try given ?? view.transactions(number) else { return nil }
        touched.insert(header.feeRecipient)
        touched.formUnion(transactions.lazy.compactMap(\.transaction.to))
        let senders = state.withLock { state in
          transactions.compactMap { state.byHash[$0.hash]?.sender }
        }
        touched.formUnion(senders)
        // Money that moves other than by value is the doing of a module, which leaves a log that
        // names whose it is.
        guard senders.count < transactions.count || header.logsBloom != .empty,
          let receipts = try view.receipts(number)
        else { continue }
        for stored in receipts {
          touched.insert(stored.sender)
          for topic in stored.receipt.logs.lazy.flatMap(\.topics) {
            touched.insert(Address(truncating: topic))
          }
        }
      }
    } catch {
      logger.warning(
        "a block cannot be read; the transaction pool looks at every account it follows",
        metadata: ["error": "\(error)"])
      return nil
    }
    return touched
  }
}
