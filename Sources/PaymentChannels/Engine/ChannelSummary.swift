public import ChainTypes
public import Primitives

/// A channel's numbers, as its owner sees them.
public struct ChannelSummary: Hashable, Sendable {
  /// The channel.
  public var id: ChannelID
  /// What the owner of the books is to it.
  public var role: ChannelRole
  /// Who pays whom.
  public var descriptor: ChannelDescriptor
  /// Delivered, in value; a payer's books say what it signed for.
  public var delivered: Amount
  /// Paid by vouchers.
  public var paid: Amount
  /// Paid out by the ledger.
  public var settled: Amount
  /// Locked on the ledger and not paid out.
  public var locked: Amount
  /// Locked since the opening, paid out or not.
  public var deposit: Amount
  /// What cashing now would bring after its fee; nothing for a payer.
  public var net: Amount
  /// What a payer may have signed for at most, should its newest signatures be lost.
  public var ceiling: Amount
  /// Credit beyond what is paid.
  public var window: Amount
  /// When the payer asked for the close, in seconds since 1970.
  public var closeRequestedAt: UInt32?
  /// Why the channel rests, if it does.
  public var hold: Hold?

  /// Why a channel takes or makes no payments though it is open.
  public enum Hold: Hashable, Sendable {
    /// A release was signed and holds until this second.
    case released(until: UInt64)
    /// A close is on its way.
    case closing
    /// The store is an old copy: nothing is signed until adopted.
    case oldStore(shown: Amount)
  }
}

extension ChannelSummary {
  package init(_ book: PayeeBook, synced: UInt64, fee: UInt128) {
    let unsettled = book.unsettled(synced)
    let hold: Hold? =
      switch book.hold.current {
      case .release(_, let until): .released(until: until)
      case .close: .closing
      case nil: nil
      }
    self.init(
      id: book.id, role: book.role, descriptor: book.descriptor,
      delivered: Amount(book.delivered), paid: Amount(book.paid(synced)),
      settled: Amount(book.view.state.settled), locked: Amount(book.view.state.locked),
      deposit: Amount(book.view.state.deposit),
      net: Amount(unsettled > fee ? unsettled - fee : 0), ceiling: .zero,
      window: Amount(book.window), closeRequestedAt: book.view.state.closeRequest?.time,
      hold: hold)
  }

  package init(_ book: PayerBook) {
    self.init(
      id: book.id, role: .payer, descriptor: book.descriptor, delivered: Amount(book.signed),
      paid: Amount(book.signed), settled: Amount(book.view.state.settled),
      locked: Amount(book.view.state.locked), deposit: Amount(book.view.state.deposit),
      net: .zero, ceiling: Amount(book.ceiling), window: .zero,
      closeRequestedAt: book.view.state.closeRequest?.time,
      hold: book.shown.map { .oldStore(shown: Amount($0)) })
  }
}

extension Amount {
  /// So many wei.
  package init(_ wei: UInt128) { self.init(wei: UInt256(wei)) }
}
