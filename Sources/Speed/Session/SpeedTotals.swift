internal import BitTorrent
internal import Synchronization

/// What all torrents of a session have traded since it began; amounts in wei.
public struct SpeedTotals: Hashable, Sendable {
  /// Payload that came for money, or will be paid for.
  public var paidBytesIn = 0
  /// Payload that came for nothing.
  public var freeBytesIn = 0
  /// Payload that went out for money.
  public var paidBytesOut = 0
  /// Payload that went out for nothing.
  public var freeBytesOut = 0
  /// Messages of the extension that came, in bytes.
  public var paymentBytesIn = 0
  /// Messages of the extension that went out, in bytes.
  public var paymentBytesOut = 0
  /// Billed for what came and proved right.
  public var spent: UInt128 = 0
  /// Delivered for money, in value.
  public var earned: UInt128 = 0
  /// How often paid mode was ended by us, by reason.
  public var endings: [SpeedBye.Reason: Int] = [:]
  /// Connections on which the extension is spoken now.
  public var peers = 0
  /// Locked in channels now, and not billed.
  public var locked: UInt128 = 0
  /// The price that is asked for 2^20 bytes; nil where nothing is sold now.
  public var price: UInt128?
  /// From a voucher's coming until it was on disk and its payer had credit for it.
  public var voucherWaits = WaitHistogram()

  /// Nothing yet.
  public init() {}

  /// Adds what a torrent that has ended traded.
  mutating func add(_ torrent: SpeedStatistics) {
    paidBytesIn += torrent.paidBytesIn
    freeBytesIn += torrent.freeBytesIn
    paidBytesOut += torrent.paidBytesOut
    freeBytesOut += torrent.freeBytesOut
    paymentBytesIn += torrent.paymentBytesIn
    paymentBytesOut += torrent.paymentBytesOut
    spent += torrent.spent
    earned += torrent.earned
    endings.merge(torrent.endings) { $0 + $1 }
  }
}

extension SpeedMarkets {
  /// What all torrents have traded since the session began.
  public func totals() async -> SpeedTotals {
    var (totals, seats) = state.withLock { ($0.ended, Array($0.seats.values)) }
    for seat in seats {
      let news = await seat.ask { strategy in
        (strategy as? SpeedMarket).map { ($0.statistics, $0.accounts.voucherWaits) }
      }
      guard let (now, waits) = news ?? nil else { continue }
      totals.add(now)
      totals.peers += now.peers.count
      totals.locked += now.locked
      totals.price = now.price ?? totals.price
      // All torrents have one desk.
      totals.voucherWaits = waits
    }
    return totals
  }
}
