internal import BitTorrent
internal import NIOCore
internal import Primitives

// From whom to buy, and when.
extension SpeedMarket {
  /// Whether the torrent may still pay for anything.
  var mayBuy: Bool { buying != nil && !figures.isComplete && !gain.isWorthless }

  /// What may be spent in all.
  var spendable: UInt128 {
    guard let buying, buying.budget > buying.spentBefore else { return 0 }
    return buying.budget - buying.spentBefore
  }

  /// What may still be locked.
  var unlockedBudget: UInt128 {
    let taken = spent + accounts.locked(for: self)
    return spendable > taken ? spendable - taken : 0
  }

  func offersChanged() { areOffersStale = true }

  /// Buys from the best sellers while that makes the download faster.
  func weighOffers() {
    areOffersStale = false
    guard let terms = buying, figures.pieceLength > 0 else { return pauseAll() }
    guard mayBuy, !figures.isLimitedHere || isBuying, !isPausedForGain else { return pauseAll() }
    let offers = ordered.filter { connection in
      connection.buyer.quote.map(connection.isAcceptable) ?? false && !connection.buyer.isBarred
        && accounts.now >= connection.buyer.avoidUntil
    }.sorted { merit($0) > merit($1) }
    let count = terms.targetRate == nil ? offers.count : min(sellerCount, offers.count)
    for connection in offers.prefix(count) { connection.pursue() }
    for connection in offers.dropFirst(count) { connection.pauseBuying() }
    for connection in ordered where connection.buyer.accepted != nil { review(connection) }
  }

  private var isBuying: Bool { connections.values.contains { $0.buyer.accepted != nil } }

  private var isPausedForGain: Bool {
    buying?.measuresGain == true && gain.isPausing && isLong
  }

  // Measuring costs a tenth of the paid time: worth it only where there is time.
  private var isLong: Bool {
    figures.downloadRate > 0 && figures.bytesLeft / Int64(figures.downloadRate) > 120
      || roundWasLong
  }

  private func pauseAll() {
    for connection in ordered { connection.pauseBuying() }
  }

  // Bytes a second for a wei; those who were never tried are taken for as good as the best.
  private func merit(_ connection: SpeedConnection) -> Double {
    guard let quote = connection.buyer.quote else { return 0 }
    let rate =
      connection.buyer.paidVerified > 0
      ? connection.downloadRate : max(figures.downloadRate, 1 << 20)
    return Double(rate + 1) / Double(max(quote.price, 1))
  }

  // Paid mode ends with those whose quote is over, and for a while with those who bring nothing.
  private func review(_ connection: SpeedConnection) {
    guard let accepted = connection.buyer.accepted else { return }
    if accepted.expiry <= accounts.unixTime(at: accounts.now) {
      connection.pauseBuying()
    } else if connection.buyer.isWaiting,
      accounts.now - connection.buyer.lastProgress >= Self.patience
    {
      connection.buyer.avoidUntil = accounts.now + SpeedConnection.pause
      connection.pauseBuying()
    }
  }

  private static let patience: TimeAmount = .seconds(20)

  /// A choke round is over.
  func endBuyingRound() {
    guard let terms = buying, mayBuy else { return }
    if let target = terms.targetRate {
      if figures.downloadRate < target {
        sellerCount = min(sellerCount + 1, max(connections.count, 1))
      } else if figures.downloadRate > target / 4 * 5 {
        sellerCount = max(sellerCount - 1, 0)
      }
    }
    if terms.measuresGain {
      let hasPaid = isBuying != gain.isPausing
      gain.endRound(rate: figures.downloadRate, isWhole: roundWasLong && hasPaid)
      roundWasLong =
        figures.downloadRate > 0 && figures.bytesLeft / Int64(figures.downloadRate) > 120
    }
    weighOffers()
  }

  /// Everything is here: what is owed is paid, and channels that nobody needs are given back.
  func finishBuying() {
    for connection in ordered {
      connection.pauseBuying()
      guard let channel = connection.buyer.channel, connection.buyer.phase == .ready else {
        continue
      }
      guard channel.paying == nil, channel.owed <= channel.signed || channel.isStopped else {
        continue
      }
      guard !accounts.isWanted(channel) else {
        connection.stopBuying(.done, tells: false)
        continue
      }
      channel.isOver = true
      if channel.closeBy == nil {
        channel.closeBy = accounts.now + accounts.configuration.idleLimit
      }
      connection.stopBuying(.done, tells: true)
    }
  }
}
