internal import ChainTypes
internal import NIOCore
internal import Primitives

/// A channel that we are paid through, as the market reckons; amounts in wei.
final class SellingChannel {
  let id: ChannelID
  let payer: Address
  /// Older news of the ledger may come too late to answer a close request.
  let greatestAge: TimeAmount
  /// What was paid by the payer before, on this channel or others.
  let history: UInt128
  var deposit: UInt128
  /// Paid by vouchers on disk.
  var paid: UInt128
  /// The newest voucher on disk.
  private(set) var voucher: SignedVoucher?
  // The newest that is on its way there.
  private var offered: SignedVoucher?
  /// Delivered before the market knew of the channel.
  private var base: UInt128
  private var bill = Bill()
  /// Admitted and not sent.
  var reserved: UInt128 = 0
  /// Noted on disk as delivered; nothing goes out above it.
  var charged: UInt128
  /// What is being noted.
  var charging: UInt128?
  /// Nothing more is sold through it.
  var isClosing = false
  /// A close was asked of the desk.
  var isCloseOrdered = false
  /// The connections on which its payer proved itself.
  var users: [SpeedConnection] = []

  init(_ statement: PayerStatement, _ descriptor: ChannelDescriptor) {
    id = statement.channelID
    payer = descriptor.payer
    greatestAge = .milliseconds(Int64(descriptor.graceSeconds) * 250)
    history = statement.history
    deposit = statement.deposit
    paid = statement.paid
    voucher = statement.voucher
    // What was noted ahead when a crash came was never sent: nobody owes it.
    let open = statement.delivered > statement.paid ? statement.delivered - statement.paid : 0
    base = statement.delivered - min(open, statement.window / 2)
    charged = statement.delivered
  }

  /// A voucher is on its way to the disk.
  func offer(_ voucher: SignedVoucher) {
    if voucher.cumulativeAmount > offered?.cumulativeAmount ?? 0 { offered = voucher }
  }

  /// So much is on disk.
  func received(_ total: UInt128) {
    paid = total
    guard let offered, offered.cumulativeAmount <= total else { return }
    if offered.cumulativeAmount == total { voucher = offered }
    self.offered = nil
  }

  /// Delivered in all, in value.
  var delivered: UInt128 { base + bill.wei }

  /// Adds a delivery; returns by how much it raises the total.
  func deliver(_ bytes: Int, at price: UInt128) -> UInt128 {
    let before = delivered
    bill.add(bytes, at: price)
    return delivered - before
  }

  /// Takes `amount` off what was delivered.
  func writeOff(to total: UInt128) {
    base = total
    bill = Bill()
    charged = total
  }
}
