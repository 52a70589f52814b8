package import BitTorrent
package import NIOCore
package import Primitives

/// Who may owe how much.
///
/// A window belongs to the payer's address, whatever channels and torrents it is used on. Those
/// who never paid share a bound among all of them, so that new names are worth nothing.
package struct CreditOffice {
  private struct FirstWindow {
    var prefix: AddressPrefix?
    var bytes: Int
    /// When it was given, or last paid for.
    var since: NIODeadline
    /// When a lost one stops counting; nil while it is out.
    var until: NIODeadline?
  }

  let terms: SellingTerms
  private var payers: [Address: PayerStanding] = [:]
  // Who was asked about last: blocks go out in runs to one payer.
  private var recent: PayerStanding?
  private var firstWindows: [Address: FirstWindow] = [:]

  package init(_ terms: SellingTerms) { self.terms = terms }

  /// How a payer stands; nil where nothing is known of it.
  package subscript(payer: Address) -> PayerStanding? {
    mutating get {
      if let recent, recent.payer == payer { return recent }
      guard let standing = payers[payer] else { return nil }
      recent = standing
      return standing
    }
  }

  /// How a payer stands from here on, of whom nothing need be known.
  mutating func standing(of payer: Address, firstWindow: Int, price: UInt128) -> PayerStanding {
    if let known = self[payer] { return known }
    let standing = PayerStanding(payer, firstWindow: firstWindow, price: price)
    payers[payer] = standing
    return standing
  }

  /// Bytes of first windows that are out or were lost within a day.
  package var firstWindowBytes: Int { firstWindows.values.reduce(0) { $0 + $1.bytes } }

  /// The first window for pieces of a length: two of them up to 4 MiB, so that one may be checked
  /// and paid for while the next one comes.
  static func firstWindow(pieceLength: Int) -> Int {
    let pieces = min(max(pieceLength, 0), 2 << 20) * 2
    return max(SpeedExtension.firstWindow, pieces)
  }

  /// A payer accepts a quote: gives it a window, if it may have one.
  package mutating func welcome(
    _ payer: Address, from address: PeerAddress, history: UInt128, pieceLength: Int,
    price: UInt128, at now: NIODeadline
  ) {
    let first = Self.firstWindow(pieceLength: pieceLength)
    let standing = standing(of: payer, firstWindow: first, price: price)
    standing.firstWindow = max(standing.firstWindow, first)
    standing.price = max(standing.price, price)
    standing.restart()
    guard standing.window < standing.firstWindow, !standing.isInDefault else { return }
    let isKnown = history > 0 && history >= standing.firstWindowValue
    guard isKnown || reserve(payer, AddressPrefix(address), standing.firstWindow, at: now) else {
      return
    }
    standing.window = standing.firstWindow
  }

  private mutating func reserve(
    _ payer: Address, _ prefix: AddressPrefix?, _ bytes: Int, at now: NIODeadline
  ) -> Bool {
    firstWindows = firstWindows.filter { $0.value.until.map { $0 > now } ?? true }
    let others = firstWindows.filter { $0.key != payer }
    if let prefix, others.contains(where: { $0.value.prefix == prefix }) { return false }
    // One who lost his has none to lose.
    guard firstWindows[payer]?.until == nil else { return false }
    let out = others.values.reduce(0) { $0 + $1.bytes }
    guard out + bytes <= terms.firstWindowsOut else { return false }
    firstWindows[payer] = FirstWindow(prefix: prefix, bytes: bytes, since: now)
    return true
  }

  /// A voucher reached the disk.
  package mutating func paid(
    _ payer: Address, _ amount: UInt128, cap: Int, lateAfter limit: TimeAmount,
    at now: NIODeadline
  ) {
    guard let standing = self[payer] else { return }
    let price = max(standing.price, 1)
    let valueCap = terms.windowValueCap / price
    let value = valueCap > 1 << 40 ? Int.max : Int(valueCap) * SpeedExtension.priceUnit
    let bound = max(min(cap, terms.windowCap, value), 0)
    standing.pay(amount, cap: bound, lateAfter: limit, at: now)
    if standing.window == 0, !standing.isInDefault, standing.paid >= standing.firstWindowValue {
      standing.window = standing.firstWindow
    }
    // Whoever has paid for a whole window is a stranger no more.
    if standing.paid >= standing.firstWindowValue, standing.debt <= standing.windowValue {
      firstWindows[payer] = nil
    }
    firstWindows[payer]?.since = now
  }

  /// Those who come to be in default now.
  package mutating func tick(at now: NIODeadline, lateAfter: (Address) -> TimeAmount) -> [Address] {
    var defaulted: [Address] = []
    for (payer, standing) in payers where standing.tick(lateAfter: lateAfter(payer), at: now) {
      lose(payer, at: now)
      defaulted.append(payer)
    }
    takeBackIdle(at: now)
    return defaulted.sorted()
  }

  // First windows are few: who does not use his may have another when he does.
  private mutating func takeBackIdle(at now: NIODeadline) {
    for (payer, window) in firstWindows
    where window.until == nil && now - window.since >= Self.idleTime {
      guard let standing = payers[payer], standing.debt == 0, standing.reserved == 0 else {
        continue
      }
      standing.window = 0
      firstWindows[payer] = nil
    }
  }

  private static let idleTime: TimeAmount = .seconds(60)

  /// The last connection of a payer ended.
  package mutating func left(_ payer: Address, at now: NIODeadline) {
    guard let standing = payers[payer] else { return }
    standing.reserved = 0
    standing.fullSince = nil
    if standing.debt > 0 {
      standing.fail()
      lose(payer, at: now)
    } else if firstWindows[payer]?.until == nil {
      firstWindows[payer] = nil
      standing.window = 0
    }
    prune()
  }

  private mutating func lose(_ payer: Address, at now: NIODeadline) {
    firstWindows[payer]?.until = now + .hours(24)
  }

  // Whoever owes nothing and is owed nothing need not be remembered.
  private mutating func prune() {
    guard payers.count > Self.greatestCount else { return }
    payers = payers.filter { $0.value.debt > 0 || $0.value.window > 0 }
    recent = nil
  }

  /// Whether what a payer owes beyond its own count, for what was under way when connections
  /// broke, may be written off: up to a sixty-fourth of what it ever paid,
  /// and never more than a first window in all.
  mutating func forgives(_ payer: Address, _ amount: UInt128) -> Bool {
    guard let standing = payers[payer] else { return false }
    guard standing.forgiven + amount <= min(standing.paid / 64, standing.firstWindowValue) else {
      return false
    }
    standing.forgiven += amount
    standing.delivered -= min(amount, standing.delivered)
    standing.halfSince = nil
    return true
  }

  private static let greatestCount = 16_384
}
