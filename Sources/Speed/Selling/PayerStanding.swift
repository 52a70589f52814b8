internal import NIOCore
internal import Primitives

/// What one payer may owe a seller, over all its channels and torrents; amounts in wei.
package final class PayerStanding {
  let payer: Address
  /// Bytes that may be delivered and not paid; 0 for no credit.
  package var window = 0 { didSet { reckon() } }
  /// What a window begins with.
  var firstWindow: Int
  /// Wei for 2^20 bytes that the window is reckoned at.
  var price: UInt128 { didSet { reckon() } }
  /// Delivered on all channels.
  package var delivered: UInt128 = 0
  /// Promised to be delivered: admitted and not sent yet.
  var reserved: UInt128 = 0
  /// Paid on all channels, by vouchers on disk.
  var paid: UInt128 = 0
  /// Written off so far.
  var forgiven: UInt128 = 0
  /// Paid since the window last grew.
  var paidSinceGrowth: UInt128 = 0
  /// Payments that came in time, in a row.
  var punctuality = 0
  /// Since when half the window or more is owed.
  var halfSince: NIODeadline?
  /// Since when requests wait for credit.
  var fullSince: NIODeadline?
  /// It has not paid; there is no credit until it does.
  package var isInDefault = false

  // What follows from window and price is asked for every block.
  private(set) var windowValue: UInt128 = 0
  /// How far ahead of deliveries the books on disk may be.
  private(set) var stretch: UInt128 = 0

  init(_ payer: Address, firstWindow: Int, price: UInt128) {
    self.payer = payer
    self.firstWindow = firstWindow
    self.price = price
  }

  var firstWindowValue: UInt128 { Bill.cost(of: firstWindow, at: price) }
  package var debt: UInt128 { delivered > paid ? delivered - paid : 0 }

  private func reckon() {
    windowValue = Bill.cost(of: window, at: price)
    stretch = max(windowValue / 2, min(Bill.cost(of: 64 << 10, at: price), windowValue))
  }

  /// What may be admitted now.
  var room: UInt128 {
    let (limit, overflow) = paid.addingReportingOverflow(isInDefault ? 0 : windowValue)
    let used = delivered + reserved
    if overflow { return .max }
    return limit > used ? limit - used : 0
  }

  /// Notes the moment when half the window is owed, or is no more.
  func watch(at now: NIODeadline) {
    if window > 0, debt >= max(windowValue / 2, 1) {
      halfSince = halfSince ?? now
    } else {
      halfSince = nil
    }
    if room > 0, debt < windowValue { fullSince = nil }
  }

  /// A voucher reached the disk.
  ///
  /// A window doubles when half of it was paid in time.
  func pay(_ amount: UInt128, cap: Int, lateAfter limit: TimeAmount, at now: NIODeadline) {
    paid += amount
    let isOnTime = halfSince.map { now - $0 <= limit } ?? true
    halfSince = nil
    fullSince = nil
    if isInDefault {
      restart()
    } else if window > 0 {
      paidSinceGrowth += amount
      if isOnTime, paidSinceGrowth >= windowValue / 2 {
        punctuality += 1
        paidSinceGrowth = 0
        window = max(window, min(window * 2, cap))
      }
    }
    watch(at: now)
  }

  /// Gives credit again to one who has paid, or has paid but for what broken connections lost.
  ///
  /// The rest stays a debt, so that what is ever lost to a payer lies within its window.
  func restart() {
    guard isInDefault, paid > 0, debt < max(firstWindowValue / 2, 1) else { return }
    isInDefault = false
    window = firstWindow
    paidSinceGrowth = 0
  }

  /// Looks at the clock: a late payer's window halves, and one that stays away is in default.
  ///
  /// - Returns: whether it has just come to be in default.
  func tick(lateAfter limit: TimeAmount, at now: NIODeadline) -> Bool {
    guard !isInDefault else { return false }
    if let since = halfSince, now - since > limit {
      window = max(window / 2, firstWindow)
      punctuality = 0
      halfSince = now
    }
    if let since = fullSince, debt > 0, now - since >= Self.patience {
      fail()
      return true
    }
    return false
  }

  /// Credit ends until what is owed is paid.
  func fail() {
    isInDefault = true
    window = 0
    punctuality = 0
    (halfSince, fullSince) = (nil, nil)
  }

  /// How long requests may wait at a full window.
  static let patience: TimeAmount = .seconds(10)
}
