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
  /// The newest voucher.
  var voucher: SignedVoucher?
  /// What is being signed.
  var paying: UInt128?
  /// No voucher before then: one a millisecond is enough.
  var nextPayment = NIODeadline.distantPast
  /// What the payee says may be owed, in bytes, at a price.
  var window = SpeedExtension.firstWindow
  var price: UInt128 = 0
  /// Nothing more is bought through it.
  var isOver = false
  /// The desk signs nothing more.
  var isStopped = false
  /// Money is on its way to the deposit.
  var isToppingUp = false
  /// When the payee should have closed it.
  var closeBy: NIODeadline?
  var lastUsed: NIODeadline
  /// Paid before anything was delivered, at the seller's wish.
  var prepaid: UInt128 = 0
  /// The connections on which it was shown.
  var users: [SpeedConnection] = []

  private let base: UInt128
  private var bill = Bill()

  init(_ descriptor: ChannelDescriptor, deposit: UInt128, signed: UInt128, at now: NIODeadline) {
    id = descriptor.id
    self.descriptor = descriptor
    self.deposit = deposit
    self.signed = signed
    base = signed
    lastUsed = now
  }

  var payee: Address { descriptor.payee }
  /// Owed in all, for bytes that proved right.
  var owed: UInt128 { base + bill.wei }
  /// The most that is signed or about to be.
  var committed: UInt128 { max(signed, paying ?? 0) }
  var windowValue: UInt128 { Bill.cost(of: window, at: price) }

  /// Adds bytes that proved right; returns by how much that raises what is owed.
  func add(_ bytes: Int, at price: UInt128) -> UInt128 {
    let before = owed
    bill.add(bytes, at: price)
    return owed - before
  }

  /// What is to be signed now, or nil; with `flush` all that is owed.
  ///
  /// At half a window, so that delivery never waits. Where a window holds less than two pieces,
  /// bytes of one piece that is not yet checked are paid for on account.
  func paymentDue(flush: Bool, pieceLength: Int, at now: NIODeadline) -> UInt128? {
    guard paying == nil, !isStopped else { return nil }
    let half = max(windowValue / 2, 1)
    var total = owed
    if !(flush && total > signed), total < signed + half, pieceLength * 2 > window {
      total += users.reduce(0 as UInt128) { sum, user in
        sum + min(user.buyer.unverifiedValue, Bill.cost(of: pieceLength, at: price))
      }
    }
    let due = total > signed ? total - signed : 0
    guard flush || due >= half else { return nil }
    // One voucher a millisecond is enough, unless the window is nearly full.
    guard flush || now >= nextPayment || due >= half / 2 * 3 else { return nil }
    total = min(total, deposit)
    return total > signed ? total : nil
  }

}
