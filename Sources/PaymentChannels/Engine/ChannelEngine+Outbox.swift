package import ChainTypes
internal import KeyValueStore
package import Primitives

/// A ledger transaction that is wanted.
package struct TransactionPlan: Hashable, Sendable {
  package var kind: ChannelTransactionKind
  package var call: ChannelCall
  /// Coin sent along, in wei.
  package var value: UInt128
  /// The channels it is about, and the amounts it brings them to.
  package var items: [OutboxEntry.Item]

  package init(
    kind: ChannelTransactionKind, call: ChannelCall, value: UInt128 = 0,
    items: [OutboxEntry.Item] = []
  ) {
    self.kind = kind
    self.call = call
    self.value = value
    self.items = items
  }
}

/// How a transaction of the outbox ended.
package struct Outcome: Sendable {
  package enum End: Sendable {
    /// It is final, and did this.
    case receipt(LedgerReceipt)
    /// Its nonce is used up, and no receipt is shown: another transaction took the nonce, or the
    /// node keeps the receipt to itself.
    case unknown
    /// The node refused it, and it is not tried again.
    case refused(LedgerClientError)
  }

  package var sequence: UInt64
  /// The bytes that are final, or else the newest.
  package var hash: Hash256
  package var end: End
}

extension TransactionPlan {
  /// Cashes vouchers.
  package static func settle(_ items: [ChannelSettlement]) -> TransactionPlan {
    TransactionPlan(
      kind: .settle, call: .settle(items),
      items: items.map { .init(id: $0.channel.id, amount: $0.cumulativeAmount) })
  }

  /// Takes back what is left of a channel.
  package static func withdraw(_ channel: ChannelDescriptor) -> TransactionPlan {
    TransactionPlan(
      kind: .withdraw, call: .withdraw(channel), items: [.init(id: channel.id, amount: 0)])
  }

  /// Asks for the close.
  package static func requestClose(_ channel: ChannelDescriptor) -> TransactionPlan {
    TransactionPlan(
      kind: .requestClose, call: .requestClose(channel),
      items: [.init(id: channel.id, amount: 0)])
  }
}

extension ChannelEngine {
  /// The payee's close: freezes the book on disk first, then tells the plan.
  package mutating func closing(_ id: ChannelID) throws(ChannelError) -> Step<TransactionPlan> {
    try checkStore()
    let book = try payee(id)
    guard book.role == .payee else { throw .wrongRole(id) }
    switch book.hold.current {
    case .release(_, let until): throw .frozen(id, until: until)
    case .close(let capture):
      if book.hold.generation > synced { return .wait(book.hold.generation) }
      let voucher = capture > book.view.state.settled ? book.voucher.current : nil
      return .done(
        TransactionPlan(
          kind: .close, call: .close(book.descriptor, capture: capture, voucher: voucher),
          items: [.init(id: id, amount: capture)]))
    case nil:
      let capture = max(min(book.accepted, book.view.state.deposit), book.view.state.settled)
      return .wait(freeze(id, .close(capture: capture)))
    }
  }

  /// The payer's close with the payee's release, and the voucher of ours that came with it, for
  /// books that remember amounts longer than signatures.
  package func closingMutually(
    _ id: ChannelID, _ signed: SignedRelease, voucher shown: SignedVoucher? = nil
  ) throws(ChannelError) -> TransactionPlan {
    let book = try payer(id)
    guard signed.release.channelID == id, signed.isSigned(by: book.descriptor.payee, in: domain)
    else { throw .badSignature(id) }
    let capture = signed.release.capture
    guard capture >= book.view.state.settled, capture <= book.view.state.deposit else {
      throw .invalid("channel \(id): the release captures \(capture) wei, which can't be")
    }
    var voucher: SignedVoucher?
    if capture > book.view.state.settled {
      // Only what was signed may be captured.
      let known = [book.newest, shown].compactMap(\.self).first { voucher in
        voucher.channelID == id && voucher.cumulativeAmount >= capture
          && voucher.isSigned(by: book.signer, in: domain)
      }
      guard let known else {
        throw .invalid(
          "channel \(id): the release captures \(capture) wei, above the newest voucher known; "
            + "ask the payee for it")
      }
      voucher = known
    }
    return TransactionPlan(
      kind: .closeMutual, call: .closeMutual(book.descriptor, signed, voucher: voucher),
      items: [.init(id: id, amount: capture)])
  }

  /// Signs a transaction and puts it into the outbox; it may be sent once its row is on disk.
  ///
  /// No more than `budget` wei may go into gas, where that is short.
  ///
  /// - Returns: its number.
  package mutating func propose(
    _ plan: TransactionPlan, gas: UInt64, nonce ledgerNonce: UInt64, fees: LedgerFees,
    budget: UInt256? = nil, now: Duration
  ) throws(ChannelError) -> UInt64 {
    // A settlement needs no record: it brings money once, whatever is forgotten.
    if plan.kind != .settle { try checkStore() }
    guard let data = try? plan.call.encoded() else {
      throw .invalid("the call of the channel module can't be encoded")
    }
    let (tip, cap) = try feeCaps(fees, most: budget.flatMap { $0.divided(by: UInt256(gas)) })
    let transaction = Transaction(
      chainID: domain.chainID, nonce: outbox.nextNonce(ledgerNonce), maxPriorityFeePerGas: tip,
      maxFeePerGas: cap, gasLimit: gas, to: domain.module, value: UInt256(plan.value), data: data)
    let entry = OutboxEntry(
      sequence: outbox.nextSequence, kind: plan.kind, items: plan.items,
      transaction: try signed(transaction), now: now)
    outbox.add(entry, in: put(entry))
    return entry.sequence
  }

  /// Raises the fees of transactions that wait for long; the new bytes are on disk first.
  package mutating func raiseFees(_ fees: LedgerFees, now: Duration) throws(ChannelError) {
    for var entry in outbox.overdue(now: now, after: configuration.feeBumpInterval) {
      let (tip, cap) = try feeCaps(fees)
      var transaction = entry.transaction.transaction
      let newTip = max(tip, Outbox.bumped(transaction.maxPriorityFeePerGas))
      let newCap = max(cap, newTip, Outbox.bumped(transaction.maxFeePerGas))
      guard newCap <= configuration.maximumFeePerGas else { continue }
      transaction.maxPriorityFeePerGas = newTip
      transaction.maxFeePerGas = newCap
      entry.replace(try signed(transaction), now: now)
      outbox.replace(entry, in: put(entry))
    }
  }

  /// What is to be handed in now.
  package func sendable(now: Duration) -> [OutboxEntry] {
    outbox.sendable(
      now: now, synced: synced, storeFailed: commit.failure != nil,
      every: configuration.resendInterval)
  }

  /// Ends the transaction that a receipt is of.
  package mutating func finish(_ receipt: LedgerReceipt) {
    guard let sequence = outbox.sequence(of: receipt.transaction) else { return }
    end(sequence, receipt.transaction, .receipt(receipt))
  }

  /// Tells of transactions whose nonces the ledger has passed without a receipt of theirs.
  ///
  /// Another program used the key then, or the node withholds the receipt: what they did is not
  /// known, and their receipts are still looked for. `nonce` must be older than the receipts that
  /// were asked for.
  package mutating func finish(passed nonce: UInt64, now: Duration) {
    for entry in outbox.entries where entry.nonce < nonce {
      outbox.leaveUnresolved(entry.sequence, now: now)
      let hash = entry.transaction.hash
      outcomes.append(Outcome(sequence: entry.sequence, hash: hash, end: .unknown))
      updates.append(.unresolved(entry.kind, hash))
    }
    for entry in outbox.givenUp(now: now, after: configuration.unresolvedInterval) {
      end(entry.sequence, entry.transaction.hash, .unknown)
    }
  }

  /// Gives up a transaction that the ledger never takes, when none waits behind it: its nonce is
  /// free again.
  package mutating func abandon(_ sequence: UInt64, after refusal: LedgerClientError) {
    guard let entry = outbox[sequence], outbox.entries.last?.sequence == sequence else { return }
    end(sequence, entry.transaction.hash, .refused(refusal), nonceIsFree: true)
  }

  private mutating func end(
    _ sequence: UInt64, _ hash: Hash256, _ end: Outcome.End, nonceIsFree: Bool = false
  ) {
    guard let entry = outbox.remove(sequence, nonceIsFree: nonceIsFree) else { return }
    commit.put(ChannelTables.outbox.key(sequence), nil)
    var succeeded = false
    if case .receipt(let receipt) = end { succeeded = receipt.succeeded }
    if entry.kind == .close, !succeeded {
      for item in entry.items where payees[item.id] != nil { thaw(item.id) }
    }
    outcomes.append(Outcome(sequence: sequence, hash: hash, end: end))
    // That nothing is known of it was told before.
    if case .unknown = end { return }
    updates.append(.transaction(entry.kind, hash, succeeded: succeeded))
  }

  private mutating func put(_ entry: OutboxEntry) -> UInt64 {
    commit.put(ChannelTables.outbox.key(entry.sequence), entry.row)
  }

  /// Room for the base fee to double, within what the owner allows and can pay.
  private func feeCaps(
    _ fees: LedgerFees, most: UInt256? = nil
  ) throws(ChannelError) -> (tip: UInt256, cap: UInt256) {
    let limit = min(configuration.maximumFeePerGas, most ?? .max)
    let tip = min(fees.priorityFee, limit)
    let wanted = fees.baseFee.multiplying(by: 2)?.adding(tip) ?? .max
    let cap = min(wanted, limit)
    guard let least = fees.baseFee.adding(tip), cap >= least else {
      let isPoor = limit < configuration.maximumFeePerGas
      throw .ledger(
        LedgerClientError(
          isPoor ? .insufficientFunds : .underpriced,
          "gas costs \(fees.baseFee) wei, above the \(limit) that "
            + (isPoor ? "the account can pay; fund it" : "the settings allow; wait or raise them")))
    }
    return (tip, cap)
  }

  private func signed(_ transaction: Transaction) throws(ChannelError) -> SignedTransaction {
    do {
      return SignedTransaction(
        transaction, signature: try account.sign(transaction.signingHash))
    } catch {
      throw .invalid("the transaction can't be signed: \(error)")
    }
  }
}
