package import ChainTypes
internal import Primitives

extension ChannelEngine {
  // MARK: - Vouchers

  /// Looks at everything that costs nothing, and puts the voucher in line to be verified.
  package mutating func offer(
    _ voucher: SignedVoucher, from peer: PeerID, now: Duration
  ) throws(ChannelError) {
    try checkStore()
    let book = try payee(voucher.channelID)
    try book.check(amount: voucher.cumulativeAmount, minimumStep: configuration.minimumStep)
    try intake.offer(voucher, from: peer, now: now)
  }

  /// Verifies what waits; what holds is in the book, and on disk with the next batch.
  @discardableResult
  package mutating func verifyVouchers(limit: Int = .max) -> [VoucherVerdict] {
    intake.take(limit: limit).map { slot, voucher in
      var verdict = VoucherVerdict(
        slot: slot, amount: voucher.cumulativeAmount, isForged: false)
      guard let book = payees[slot.channel],
        (try? book.check(amount: voucher.cumulativeAmount, minimumStep: 1)) != nil
      else { return verdict }
      if voucher.isSigned(by: book.signer, in: domain) {
        accept(voucher)
      } else {
        intake.penalise(slot.peer)
        verdict.isForged = true
      }
      return verdict
    }
  }

  /// Takes a voucher that is checked and verified.
  package mutating func accept(_ voucher: SignedVoucher) {
    let id = voucher.channelID
    let synced = synced
    let generation = put(ChannelTables.vouchers, id, Self.row(of: voucher))
    payees[id]?.accept(voucher, in: generation, synced: synced)
  }

  /// Whether a voucher over `amount` is on disk; waits for its batch when it is accepted.
  package mutating func received(
    _ id: ChannelID, amount: UInt128
  ) throws(ChannelError) -> Step<PayeeCredit> {
    let book = try payee(id)
    guard book.accepted >= amount else { throw .superseded(id) }
    if book.paid(synced) < amount {
      try checkStore()
      return .wait(book.voucher.generation)
    }
    let paid = book.paid(synced)
    if paid > book.reported {
      payees[id]?.reported = paid
      updates.append(.paid(id, total: paid))
    }
    return .done(credit(of: book))
  }

  /// What a channel's payer may still take.
  package func credit(of book: PayeeBook) -> PayeeCredit {
    let limit = commit.failure == nil ? book.limit(synced) : 0
    return PayeeCredit(
      channelID: book.id, paid: book.paid(synced), delivered: book.delivered,
      credit: limit > book.delivered ? limit - book.delivered : 0,
      deposit: book.view.state.deposit)
  }

  // MARK: - Deliveries

  /// Bills deliveries up to `total` in all; once done they may leave.
  ///
  /// Totals make it idempotent: what is billed already is granted again for nothing.
  package mutating func charge(
    _ id: ChannelID, upTo total: UInt128
  ) throws(ChannelError) -> Step<PayeeCredit> {
    try checkStore()
    let book = try payee(id)
    switch book.charge(upTo: total, synced: synced) {
    case .granted:
      payees[id]?.deliver(upTo: total)
      return .done(credit(of: payees[id] ?? book))
    case .wait(let generation):
      return .wait(generation)
    case .bill(let ahead):
      let synced = synced
      var counters = book.counters
      counters.billed = ahead
      let generation = put(ChannelTables.counters, id, counters.row)
      payees[id]?.bill(upTo: ahead, in: generation, synced: synced)
      return .wait(generation)
    case .owed(let required):
      throw .insufficientCredit(
        id, required: required, accepted: book.paid(synced), deposit: book.view.state.deposit)
    }
  }

  /// Forgives what was billed above `total`, as when a crash or a lost connection left it unclear
  /// what arrived; on disk with the next batch.
  package mutating func writeOff(_ id: ChannelID, to total: UInt128) throws(ChannelError) -> UInt64
  {
    try checkStore()
    var book = try payee(id)
    guard total < book.counters.billed else { return commit.newest }
    book.writeOff(to: total, in: commit.gathering, synced: synced)
    payees[id] = book
    return put(ChannelTables.counters, id, book.counters.row)
  }

  /// Sets the credit beyond what is paid; on disk with the next batch.
  package mutating func setWindow(_ id: ChannelID, _ window: UInt128) throws(ChannelError) {
    try checkStore()
    var book = try payee(id)
    guard book.window != window else { return }
    book.setWindow(window)
    payees[id] = book
    put(ChannelTables.counters, id, book.counters.row)
  }

  // MARK: - Mutual close

  /// Signs the payee's consent to a close at once.
  ///
  /// First the book is frozen on disk; only then does the signature exist.
  package mutating func release(
    _ id: ChannelID, until: UInt64
  ) throws(ChannelError) -> Step<SignedRelease> {
    try checkStore()
    let book = try payee(id)
    guard book.role == .payee else { throw .wrongRole(id) }
    if book.view.isClosed { throw .closing(id) }
    switch book.hold.current {
    case .close: throw .closing(id)
    case .release(let capture, let until):
      if book.hold.generation > synced { return .wait(book.hold.generation) }
      let release = Release(channelID: id, capture: capture, validUntil: until)
      do {
        return .done(
          SignedRelease(release, signature: try account.sign(release.digest(in: domain))))
      } catch {
        throw .invalid("channel \(id): the release can't be signed: \(error)")
      }
    case nil:
      let capture = max(min(book.accepted, book.view.state.deposit), book.view.state.settled)
      return .wait(freeze(id, .release(capture: capture, until: until)))
    }
  }

  /// Freezes a book; the voucher it rests on is in the same batch or an earlier one.
  package mutating func freeze(_ id: ChannelID, _ hold: PayeeHold) -> UInt64 {
    let synced = synced
    let generation = put(ChannelTables.holds, id, hold.row)
    payees[id]?.setHold(hold, in: generation, synced: synced)
    return generation
  }

  package mutating func thaw(_ id: ChannelID) {
    let synced = synced
    let generation = put(ChannelTables.holds, id, nil)
    payees[id]?.setHold(nil, in: generation, synced: synced)
  }
}
