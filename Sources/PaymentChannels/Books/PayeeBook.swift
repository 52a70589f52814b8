package import ChainTypes
package import Primitives

/// What a payee knows of one channel, and the rules by which it takes vouchers and gives credit.
///
/// Credit is what the newest voucher **on disk** says, less what is billed, plus the window. What
/// is billed is on disk before anything is delivered for it, so that no crash forgets a debt;
/// a little more than is delivered is written at once, which spares writes.
package struct PayeeBook: Sendable {
  package let descriptor: ChannelDescriptor
  package let id: ChannelID
  package let role: ChannelRole
  package let signer: Address
  package var view: ChannelView
  package private(set) var voucher: Durable<SignedVoucher?>
  package private(set) var hold: Durable<PayeeHold?>
  /// Billed up to here; never below what was delivered.
  private var billed: Durable<UInt128>
  /// Delivered up to here, in value; after a crash it may lag, and what is delivered again below
  /// `billed` costs nothing.
  package private(set) var delivered: UInt128
  /// The credit beyond what is paid.
  package private(set) var window: UInt128
  /// The payment last told to the outside.
  package var reported: UInt128
  /// When money was last cashed, or the book made.
  package var lastSettled: Duration

  package init(
    row: ChannelRow, id: ChannelID, view: ChannelView, voucher: SignedVoucher? = nil,
    hold: PayeeHold? = nil, counters: PayeeCounters, now: Duration
  ) {
    descriptor = row.descriptor
    self.id = id
    role = row.role
    signer = row.descriptor.voucherSigner
    self.view = view
    self.voucher = Durable(voucher)
    self.hold = Durable(hold)
    billed = Durable(counters.billed)
    delivered = counters.delivered
    window = counters.window
    lastSettled = now
    reported = voucher?.cumulativeAmount ?? 0
  }

  /// The newest voucher's amount, on disk or not.
  package var accepted: UInt128 {
    max(voucher.current?.cumulativeAmount ?? 0, view.state.settled)
  }

  /// The newest amount on disk; what the ledger has paid out already is as good.
  package func paid(_ synced: UInt64) -> UInt128 {
    max(voucher.synced(synced)?.cumulativeAmount ?? 0, view.state.settled)
  }

  /// What cashing the newest voucher on disk would bring.
  package func unsettled(_ synced: UInt64) -> UInt128 {
    guard !view.isClosed else { return 0 }
    let amount = min(paid(synced), view.state.deposit)
    return amount > view.state.settled ? amount - view.state.settled : 0
  }

  /// How far deliveries may go in all.
  package func limit(_ synced: UInt64) -> UInt128 {
    let paid = min(paid(synced), view.state.deposit)
    guard canEarn else { return paid }
    return paid.addingReportingOverflow(window).overflow ? .max : paid + window
  }

  /// Whether new vouchers and credit are given at all.
  package var canEarn: Bool {
    role == .payee && !view.isClosed && view.state.closeRequest == nil && hold.current == nil
  }

  /// The counters as a row has them.
  package var counters: PayeeCounters {
    PayeeCounters(billed: billed.current, delivered: delivered, window: window)
  }

  /// The counters for a clean end: nothing is billed that was not delivered.
  package var exactCounters: PayeeCounters {
    PayeeCounters(billed: delivered, delivered: delivered, window: window)
  }

  // MARK: - Vouchers

  /// Everything that can be told without looking at the signature.
  package func check(amount: UInt128, minimumStep: UInt128) throws(ChannelError) {
    if view.isClosed { throw .closing(id) }
    switch hold.current {
    case .release(_, let until): throw .frozen(id, until: until)
    case .close: throw .closing(id)
    case nil: break
    }
    guard amount <= view.state.deposit else {
      throw .aboveDeposit(id, deposit: view.state.deposit)
    }
    let accepted = accepted
    guard amount > accepted else { throw .notAbove(id, accepted: accepted) }
    // The last of a deposit may be smaller than a step.
    guard amount - accepted >= minimumStep || amount == view.state.deposit else {
      throw .stepTooSmall(id, accepted: accepted, step: minimumStep)
    }
  }

  /// Takes a voucher that is checked and verified; `generation` will hold it.
  package mutating func accept(_ voucher: SignedVoucher, in generation: UInt64, synced: UInt64) {
    self.voucher.set(voucher, in: generation, synced: synced)
  }

  // MARK: - Deliveries

  /// What must happen before a delivery up to `total` may leave.
  package enum Charge: Hashable {
    /// It may leave.
    case granted
    /// Bill up to this amount on disk first.
    case bill(UInt128)
    /// A synced bill is on its way in this generation.
    case wait(UInt64)
    /// A voucher over this amount in all is wanted.
    case owed(required: UInt128)
  }

  package func charge(upTo total: UInt128, synced: UInt64) -> Charge {
    if total <= billed.synced(synced) { return .granted }
    if total <= billed.current { return .wait(billed.generation) }
    let limit = limit(synced)
    guard total <= limit else {
      return .owed(required: total > window && canEarn ? total - window : total)
    }
    let (ahead, overflow) = total.addingReportingOverflow(window / 8)
    return .bill(overflow ? limit : min(ahead, limit))
  }

  package mutating func bill(upTo total: UInt128, in generation: UInt64, synced: UInt64) {
    billed.set(total, in: generation, synced: synced)
  }

  /// Notes a delivery that was granted.
  package mutating func deliver(upTo total: UInt128) { delivered = max(delivered, total) }

  /// Forgives what is billed above `total`; the loss is the caller's decision.
  package mutating func writeOff(to total: UInt128, in generation: UInt64, synced: UInt64) {
    billed.set(total, in: generation, synced: synced)
    delivered = min(delivered, total)
  }

  package mutating func setWindow(_ window: UInt128) { self.window = window }

  // MARK: - Holds

  package mutating func setHold(_ hold: PayeeHold?, in generation: UInt64, synced: UInt64) {
    self.hold.set(hold, in: generation, synced: synced)
  }
}

/// A payee's counters as they are kept.
package struct PayeeCounters: Hashable, Sendable {
  package var billed: UInt128 = 0
  package var delivered: UInt128 = 0
  package var window: UInt128 = 0

  private static let version: UInt8 = 1

  package init(billed: UInt128 = 0, delivered: UInt128 = 0, window: UInt128 = 0) {
    self.billed = billed
    self.delivered = delivered
    self.window = window
  }

  package var row: [UInt8] {
    var writer = RowWriter(version: Self.version)
    writer.append(billed)
    writer.append(delivered)
    writer.append(window)
    return writer.bytes
  }

  package init(row: [UInt8]) throws(RowError) {
    var reader = try RowReader(row, version: Self.version)
    billed = try reader.read()
    delivered = try reader.read()
    window = try reader.read()
    try reader.finish()
    guard delivered <= billed else { throw .malformed }
  }
}
