package import BitTorrent
internal import NIOCore
package import Primitives

// Which of the payers have slots, and how the upload is shared.
extension SpeedMarket {
  var isSelling: Bool { sells && accounts.configuration.selling != nil }

  /// Slots for payers: seeding all but one, downloading one half.
  var slotsForSale: Int {
    let slots = max(figures.uploadSlots, 1)
    return max(figures.isComplete ? slots - 1 : slots / 2, 1)
  }

  /// Buyers that accept the price as it is now, have a channel and take what they get; those who
  /// stay at an older, lower one would not pay this.
  var demand: Int {
    let price = accounts.priceClock?.price ?? 0
    return candidates.count { ($0.seller.accepted?.price ?? 0) >= price }
  }

  private var candidates: [SpeedConnection] {
    ordered.filter { connection in
      guard connection.seller.accepted != nil, let channel = connection.seller.channel,
        !channel.isClosing, accounts.now >= connection.seller.isIdleUntil,
        let standing = accounts.credit[channel.payer], !standing.isInDefault
      else { return false }
      return channel.delivered < channel.deposit && (standing.window > 0 || standing.room > 0)
    }
  }

  /// At what price a peer's requests are served now, and who pays it; nil where they are free.
  package func sale(to peer: PeerHandle) -> (payer: Address, price: UInt128)? {
    guard let seller = connections[peer]?.seller, let price = seller.accepted?.price, price > 0,
      let payer = seller.channel?.payer, let standing = accounts.credit[payer],
      standing.window > 0 || standing.room > 0
    else { return nil }
    return (payer, price)
  }

  func slotsChanged() { areSlotsStale = true }

  /// Gives the paid slots: to those who paid in time for longest, then to those who give most.
  func assignSlots() {
    areSlotsStale = false
    guard isSelling else { return }
    let before = connections.values.filter(\.seller.isSeated).map(\.handle)
    let best = candidates.sorted { left, right in
      let (first, second) = (punctuality(of: left), punctuality(of: right))
      if first != second { return first > second }
      if left.downloadRate != right.downloadRate { return left.downloadRate > right.downloadRate }
      return left.handle.number < right.handle.number
    }.prefix(slotsForSale)
    for connection in connections.values { connection.seller.isSeated = false }
    for connection in best { connection.seller.isSeated = true }
    setWeights(paid: best.count)
    if Set(before) != Set(best.map(\.handle)) { put(.rechoke) }
  }

  private func punctuality(of connection: SpeedConnection) -> Int {
    connection.seller.channel.flatMap { accounts.credit[$0.payer]?.punctuality } ?? 0
  }

  // The choker shares by weight a peer; shares are for all payers and all others together.
  private func setWeights(paid: Int) {
    weights = (1, 1)
    guard let terms = accounts.configuration.selling, paid > 0 else { return }
    let free = min(connections.count - paid, max(figures.uploadSlots - paid, 1))
    guard free > 0 else { return }
    let share = min(
      max(figures.isComplete ? terms.freeShare : terms.barterShare, 0), 100)
    let (each, other) = ((100 - share) * free, share * paid)
    if other == 0 || each >= other * Self.greatestWeight {
      weights.paid = Self.greatestWeight
    } else if each == 0 || other >= each * Self.greatestWeight {
      weights.free = Self.greatestWeight
    } else if each >= other {
      weights.paid = (each + other / 2) / other
    } else {
      weights.free = (other + each / 2) / each
    }
  }

  // As far as the engine goes.
  private static let greatestWeight = 1_000

  /// A choke round is over: payers that took nothing lose their slot for one, all hear the price.
  func roundEnded() {
    for connection in ordered {
      if connection.seller.isSeated, connection.seller.admittedInRound == 0,
        !connection.seller.isHolding
      {
        connection.seller.isIdleUntil = accounts.now + accounts.configuration.round
      }
      connection.seller.admittedInRound = 0
      connection.offerQuote()
    }
    areSlotsStale = true
    endBuyingRound()
  }
}
