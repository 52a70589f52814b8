internal import ChainTypes
internal import NIOCore
internal import Primitives

/// A channel of ours to a seller, as the market reckons; amounts in wei.
final class BuyingChannel {
  let id: ChannelID
  let descriptor: ChannelDescriptor
  var deposit: UInt128
  /// Signed in all.
  var signed: UInt128
  /// The newest voucher; nil while that of an earlier session is not known.
  var voucher: SignedVoucher?
  var voucherSentAt = NIODeadline.distantPast
  /// What is being signed.
  var paying: UInt128?
  /// No voucher before then: one a millisecond is enough.
  var nextPayment = NIODeadline.distantPast
  /// What the payee says may be owed, in bytes, at a price.
  var window = SpeedExtension.firstWindow
  var price: UInt128 = 0
  /// The payee says that there is no room for a block: what it counts is more than half a window
  /// above what is owed here, as after its crash, and it waits for what there is.
  var isFull = false
  /// Nothing more is bought through it.
  var isOver = false
  /// The desk signs nothing more.
  var isStopped = false
  /// Money that is on its way to the deposit.
  var toppingUp: UInt128 = 0
  /// The ledger is not asked for more before then.
  var noTopUpUntil = NIODeadline.distantPast
  /// The number of the market whose budget its deposit is of; nil until a torrent uses it.
  var funder: UInt64?
  /// When the payee should have closed it.
  var closeBy: NIODeadline?
  var lastUsed: NIODeadline
  /// Paid before anything was delivered, at the seller's wish.
  var prepaid: UInt128 = 0
  /// Bytes that were paid for although a copy of them had come.
  var copies = 0
  /// What is under way or not checked yet on all its connections.
  var ahead: UInt128 = 0
  /// More of it came, or proved right, since it was last looked at what is due.
  var hasGrown = false
  /// The connections on which it was shown.
  var users: [SpeedConnection] = []

  // Owed when the session began.
  private var base: UInt128
  private var bill = Bill()

  init(
    _ descriptor: ChannelDescriptor, deposit: UInt128, signed: UInt128, owed: UInt128,
    at now: NIODeadline
  ) {
    id = descriptor.id
    self.descriptor = descriptor
    self.deposit = deposit
    self.signed = signed
    base = max(signed, owed)
    lastUsed = now
  }

  var payee: Address { descriptor.payee }
  /// Owed in all, for bytes that proved right.
  var owed: UInt128 { base + bill.wei }
  /// The most that is signed or about to be.
  var committed: UInt128 { max(signed, paying ?? 0) }
  var windowValue: UInt128 { Bill.cost(of: window, at: price) }
  /// Locked, or about to be, and not owed.
  var unspent: UInt128 { toppingUp + (deposit > owed ? deposit - owed : 0) }

  /// Whether money is still to be signed away.
  var isOwing: Bool { !isStopped && owed > signed || paying != nil }

  /// Adds bytes that proved right; returns by how much that raises what is owed.
  func add(_ bytes: Int, at price: UInt128) -> UInt128 {
    let before = owed
    bill.add(bytes, at: price)
    return owed - before
  }

  /// So much was signed by an earlier session, which forgot it: what it paid for is billed already.
  ///
  /// What was bought in this session is owed on top of it.
  func recover(_ total: UInt128, _ voucher: SignedVoucher?) {
    guard total > committed else { return }
    base = max(base, total)
    (signed, self.voucher) = (total, voucher)
  }

  /// What is to be signed now, or nil; with `flush` all that is owed.
  ///
  /// At half a window, with what is not yet checked, so that delivery never waits. Where a window
  /// holds less than two pieces, bytes of one piece that is not yet checked are paid for on account:
  /// one for the payee, on however many connections it sends them.
  func paymentDue(flush: Bool, pieceLength: Int, at now: NIODeadline) -> UInt128? {
    guard paying == nil, !isStopped else { return nil }
    let half = max(windowValue / 2, 1)
    let unchecked = users.reduce(0 as UInt128) { $0 + $1.buyer.unverifiedValue }
    var total = owed
    if !(flush && total > signed), total < signed + half, pieceLength * 2 > window {
      let unverified = users.reduce(0 as UInt128) { $0 + $1.valueOnAccount }
      total += min(unverified, Bill.cost(of: max(pieceLength - copies, 0), at: price))
    }
    let due = total > signed ? total - signed : 0
    guard flush || due >= half || due > 0 && (isFull || due + unchecked >= half) else {
      return nil
    }
    // One voucher a millisecond is enough, unless the window is nearly full.
    guard flush || now >= nextPayment || due >= half / 2 * 3 else { return nil }
    total = min(total, deposit)
    return total > signed ? total : nil
  }
}
