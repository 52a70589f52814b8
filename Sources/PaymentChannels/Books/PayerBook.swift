package import ChainTypes
package import Primitives

/// What a payer knows of one channel, and the rules by which it signs.
///
/// No signature is made above the ceiling on disk. So a voucher of ours above the ceiling can only
/// come from a newer store than this one, and signing stops until somebody decides.
package struct PayerBook: Sendable {
  package let descriptor: ChannelDescriptor
  package let id: ChannelID
  package let signer: Address
  package var view: ChannelView
  private var limits: Durable<Limits>
  /// The highest amount known to be signed; after a crash it may lag behind the truth, which lies
  /// below the ceiling.
  package var signed: UInt128 { max(noted, view.state.settled) }
  private var noted: UInt128
  /// The newest voucher signed or shown since the start.
  package private(set) var newest: SignedVoucher?

  private struct Limits {
    var ceiling: UInt128
    var shown: UInt128?
  }

  package init(row: ChannelRow, id: ChannelID, view: ChannelView, terms: PayerTerms) {
    descriptor = row.descriptor
    self.id = id
    signer = row.descriptor.voucherSigner
    self.view = view
    limits = Durable(Limits(ceiling: terms.ceiling, shown: terms.shown))
    noted = terms.signed
  }

  /// What may count as spent: nothing above it was ever signed.
  package var ceiling: UInt128 { limits.current.ceiling }

  /// The amount of the voucher that proved this store to be an old one.
  package var shown: UInt128? { limits.current.shown }

  /// What is kept.
  package var terms: PayerTerms { PayerTerms(ceiling: ceiling, signed: noted, shown: shown) }

  /// What must happen before a voucher over `total` may be signed.
  package enum Signing: Hashable {
    /// It may be signed.
    case granted
    /// The newest voucher says as much already.
    case resend(SignedVoucher)
    /// Raise the ceiling on disk to this amount first.
    case raise(UInt128)
    /// A ceiling that suffices is on its way to the disk in this generation.
    case wait(UInt64)
  }

  package func signing(
    upTo total: UInt128, parts: UInt128, synced: UInt64
  ) throws(ChannelError) -> Signing {
    if let shown { throw .oldStore(id, shown: shown, ceiling: ceiling) }
    if let newest, newest.cumulativeAmount == total { return .resend(newest) }
    if view.isClosed { throw .closing(id) }
    let deposit = view.state.deposit
    guard total <= deposit else { throw .aboveDeposit(id, deposit: deposit) }
    // As much again is granted where a crash lost the voucher: the same amount promises no more.
    guard total > signed || (total == signed && total > 0 && newest == nil) else {
      throw .notAbove(id, accepted: signed)
    }
    if total <= limits.synced(synced).ceiling { return .granted }
    if total <= ceiling { return .wait(limits.generation) }
    let (ahead, overflow) = total.addingReportingOverflow(deposit / max(parts, 1))
    return .raise(overflow ? deposit : min(ahead, deposit))
  }

  package mutating func raise(to ceiling: UInt128, in generation: UInt64, synced: UInt64) {
    let next = Limits(ceiling: max(self.ceiling, ceiling), shown: shown)
    limits.set(next, in: generation, synced: synced)
  }

  /// Notes a voucher that was granted and signed, or one of ours that the payee shows.
  ///
  /// The amount reaches the disk with the next ceiling; until then the ceiling stands for it.
  package mutating func note(_ voucher: SignedVoucher) {
    guard voucher.cumulativeAmount >= signed else { return }
    newest = voucher
    noted = voucher.cumulativeAmount
  }

  /// Stops signing: a voucher of ours over `amount` was shown that this store knows nothing of.
  package mutating func stop(shown amount: UInt128, in generation: UInt64, synced: UInt64) {
    let next = Limits(ceiling: ceiling, shown: max(shown ?? 0, amount))
    limits.set(next, in: generation, synced: synced)
  }

  /// Goes on from `amount`, or from what was shown when that is more, by the owner's decision.
  package mutating func adopt(upTo amount: UInt128, in generation: UInt64, synced: UInt64) {
    noted = max(signed, amount, shown ?? 0)
    limits.set(Limits(ceiling: max(ceiling, noted), shown: nil), in: generation, synced: synced)
  }
}

/// A payer's signing ceiling and what goes with it.
package struct PayerTerms: Hashable, Sendable {
  package var ceiling: UInt128 = 0
  package var signed: UInt128 = 0
  package var shown: UInt128?

  private static let version: UInt8 = 1

  package init(ceiling: UInt128 = 0, signed: UInt128 = 0, shown: UInt128? = nil) {
    self.ceiling = ceiling
    self.signed = signed
    self.shown = shown
  }

  package var row: [UInt8] {
    var writer = RowWriter(version: Self.version)
    writer.append(ceiling)
    writer.append(signed)
    writer.append(shown == nil ? 0 : 1 as UInt8)
    writer.append(shown ?? 0)
    return writer.bytes
  }

  package init(row: [UInt8]) throws(RowError) {
    var reader = try RowReader(row, version: Self.version)
    ceiling = try reader.read()
    signed = try reader.read()
    let isShown: UInt8 = try reader.read()
    let amount: UInt128 = try reader.read()
    try reader.finish()
    guard isShown < 2, isShown == 1 || amount == 0, signed <= ceiling else { throw .malformed }
    shown = isShown == 1 ? amount : nil
  }
}
