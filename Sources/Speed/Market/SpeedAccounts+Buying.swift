internal import BitTorrent
internal import ChainTypes
internal import NIOCore
internal import Primitives

// The buyer's side of what torrents share.
extension SpeedAccounts {
  // MARK: Channels

  /// The open channel to a payee that has room for more.
  func channel(to payee: Address) -> BuyingChannel? {
    guard let id = byPayee[payee], let channel = buying[id], !channel.isOver else { return nil }
    return channel
  }

  /// Whether the ledger may be asked for a channel.
  var mayOpen: Bool { now >= noLedgerUntil }

  /// Wants a channel to a seller; openings of a second go in one transaction.
  func wantChannel(_ wish: ChannelWish, for connection: SpeedConnection) {
    if openings[wish.payee] != nil {
      openings[wish.payee]?.waiting.append(connection)
      return
    }
    openings[wish.payee] = Opening(wish: wish, market: connection.market, waiting: [connection])
    openingsDue = openingsDue ?? now + configuration.gathering
  }

  func placeOpenings() {
    guard let due = openingsDue, now >= due else { return }
    openingsDue = nil
    let wishes = openings.values.filter { !$0.isOrdered }.map(\.wish).sorted { $0.payee < $1.payee }
    guard !wishes.isEmpty else { return }
    for wish in wishes.prefix(ChannelModule.maximumOpenCount) {
      openings[wish.payee]?.isOrdered = true
    }
    if wishes.count > ChannelModule.maximumOpenCount { openingsDue = now }
    desk.submit(.open(Array(wishes.prefix(ChannelModule.maximumOpenCount))))
  }

  func opened(
    _ descriptor: ChannelDescriptor, deposit: UInt128, signed: UInt128, owed: UInt128
  ) {
    let channel = BuyingChannel(descriptor, deposit: deposit, signed: signed, owed: owed, at: now)
    guard buying[channel.id] == nil else {
      // It is over here, and its close is not final yet: nobody waits for it, nor is money set
      // aside; who wanted one asks again later.
      for connection in openings.removeValue(forKey: descriptor.payee)?.waiting ?? []
      where !connection.isGone {
        (connection.buyer.phase, connection.buyer.avoidUntil) =
          (.strange, now + configuration.ledgerRetry)
      }
      return
    }
    buying[channel.id] = channel
    returning[channel.id] = nil
    byPayee[descriptor.payee] = channel.id
    guard let opening = openings.removeValue(forKey: descriptor.payee) else { return }
    channel.funder = opening.market.number
    for connection in opening.waiting where !connection.isGone { connection.prove(channel) }
  }

  func notOpened(_ payee: Address) {
    noLedgerUntil = now + configuration.ledgerRetry
    guard let opening = openings.removeValue(forKey: payee) else { return }
    for connection in opening.waiting where !connection.isGone { connection.buyer.phase = .strange }
  }

  func forget(_ channel: BuyingChannel) {
    channel.users = []
    buying[channel.id] = nil
    returning[channel.id] = channel
    if byPayee[channel.payee] == channel.id { byPayee[channel.payee] = nil }
  }

  /// A channel's deposit counts against a torrent's budget from here on, unless against another's
  /// that still buys.
  func fund(_ channel: BuyingChannel, by market: SpeedMarket) {
    guard !markets.contains(where: { $0.number == channel.funder && $0.mayBuy }) else { return }
    channel.funder = market.number
  }

  /// What is locked of a torrent's budget, or about to be, and not owed.
  func locked(for market: SpeedMarket) -> UInt128 {
    let asked = openings.values.reduce(0) { $1.market === market ? $0 + $1.wish.deposit : $0 }
    return [buying, returning].reduce(asked) { sum, channels in
      channels.values.reduce(sum) { $1.funder == market.number ? $0 + $1.unspent : $0 }
    }
  }

  // MARK: Money

  /// Has signed what is due on a channel; all that is owed with `flush`.
  func pay(_ channel: BuyingChannel, flush: Bool = false) {
    let piece = channel.users.reduce(0) { max($0, $1.market.pieceLength) }
    guard let total = channel.paymentDue(flush: flush, pieceLength: piece, at: now) else { return }
    order(total, on: channel)
  }

  /// Has signed what a batch of blocks made due.
  func payGrown() {
    guard !grown.isEmpty else { return }
    for channel in grown {
      channel.hasGrown = false
      pay(channel)
    }
    grown.removeAll(keepingCapacity: true)
  }

  /// Has the seller's first window signed before anything is delivered, once a channel.
  func prepay(_ channel: BuyingChannel, upTo required: UInt128) {
    let bound = Bill.cost(of: SpeedExtension.firstWindow, at: channel.price)
    let settled = max(channel.owed, channel.committed)
    guard channel.prepaid == 0, channel.paying == nil, required > settled,
      required - settled <= bound, required <= channel.deposit
    else { return }
    channel.prepaid = required - channel.committed
    order(required, on: channel)
  }

  private func order(_ total: UInt128, on channel: BuyingChannel) {
    channel.paying = total
    channel.isFull = false
    channel.nextPayment = now + .milliseconds(1)
    channel.lastUsed = now
    desk.submit(.pay(channel.id, total: total))
    topUp(channel)
  }

  /// Sends the newest voucher again to a payee that does not have it, or makes it again where only
  /// its amount is known.
  func renew(_ channel: BuyingChannel, accepted: UInt128, isNew: Bool) {
    guard accepted < channel.signed, channel.paying == nil else { return }
    if let voucher = channel.voucher, voucher.cumulativeAmount >= channel.signed {
      guard isNew || now - channel.voucherSentAt >= .seconds(1) else { return }
      deliver(voucher, of: channel)
    } else if !channel.isStopped {
      order(channel.signed, on: channel)
    }
  }

  /// At three quarters of a deposit, has more locked, as far as there is something left to fetch
  /// and the budget reaches: of the torrent that finds no room, or else of one that buys.
  ///
  /// As much again, so that transactions grow rarer however fast a seller is; but of what is not
  /// locked yet the half, so that something is left for others. Whoever tops up has the whole
  /// deposit counted against its budget from then on.
  func topUp(_ channel: BuyingChannel, for other: SpeedMarket? = nil) {
    guard channel.toppingUp == 0, !channel.isOver, now >= noLedgerUntil,
      now >= channel.noTopUpUntil,
      channel.committed >= channel.deposit / 4 * 3,
      let market = other ?? channel.users.first(where: { $0.buyer.accepted != nil })?.market
    else { return }
    let (rest, unspent) = (rest(on: channel), channel.unspent)
    let foreign = channel.funder == market.number ? 0 : unspent
    let unlocked = market.unlockedBudget
    let free = unlocked > foreign ? unlocked - foreign : 0
    let step = max(
      Bill.cost(of: SpeedMarket.depositBytes, at: channel.price), min(channel.deposit, free / 2))
    let amount = min(step, rest > unspent ? rest - unspent : 0, free)
    // Less than a block is not worth a transaction.
    guard amount >= max(Bill.cost(of: BlockRequest.blockLength, at: channel.price), 1) else {
      return
    }
    channel.funder = market.number
    channel.toppingUp = amount
    desk.submit(.topUp(channel.id, by: amount))
  }

  /// What all that its torrents have yet to fetch would cost on a channel, and a sixteenth more, as
  /// copies cost something too.
  private func rest(on channel: BuyingChannel) -> UInt128 {
    let left = markets.reduce(0) { sum, market in
      guard market.mayBuy, channel.users.contains(where: { $0.market === market }) else {
        return sum
      }
      return sum + Int(min(market.figures.bytesLeft, Self.greatestRest))
    }
    return Bill.cost(of: left + left / 16, at: channel.price)
  }

  // Far more than there is, and little enough to be added up.
  private static let greatestRest: Int64 = 1 << 46

  func paid(_ voucher: SignedVoucher) {
    guard let channel = buying[voucher.channelID] else { return }
    let amount = voucher.cumulativeAmount
    // Less than was ordered is all that may be signed.
    if amount > channel.signed || amount >= channel.paying ?? 0 { channel.paying = nil }
    channel.signed = max(channel.signed, amount)
    if amount >= channel.voucher?.cumulativeAmount ?? 0 { channel.voucher = voucher }
    deliver(voucher, of: channel)
    pay(channel)
  }

  /// The payee, or the ledger, shows what an earlier session signed.
  func known(_ id: ChannelID, _ total: UInt128, _ voucher: SignedVoucher?) {
    guard let channel = buying[id] else { return }
    channel.recover(total, voucher)
    for user in channel.users { user.creditChanged() }
    pay(channel, flush: true)
  }

  /// Sends a voucher on one of the connections on which the payee knows the channel.
  private func deliver(_ voucher: SignedVoucher, of channel: BuyingChannel) {
    let users = channel.users.filter { !$0.isGone && $0.buyer.phase == .ready }
    guard let user = users.max(by: { $0.lastHeard < $1.lastHeard }) else { return }
    channel.voucherSentAt = now
    user.send(.voucher(voucher))
  }

  func notPaid(_ id: ChannelID, isFinal: Bool) {
    guard let channel = buying[id] else { return }
    channel.paying = nil
    channel.nextPayment = now + .seconds(1)
    guard isFinal else { return }
    channel.isStopped = true
    channel.isOver = true
    for connection in channel.users { connection.stopBuying(.leaving, tells: true) }
  }

  // MARK: Time and ends

  func tickBuying() {
    for channel in buying.values.sorted(by: { $0.id < $1.id }) {
      let isIdle = channel.users.allSatisfy { !$0.isBusy(on: channel) }
      pay(channel, flush: isIdle)
      if channel.users.contains(where: { $0.buyer.accepted != nil }) { channel.lastUsed = now }
      let isForgotten =
        channel.users.isEmpty && now - channel.lastUsed >= configuration.idleLimit
      if isForgotten || channel.closeBy.map({ now >= $0 }) ?? false {
        channel.isOver = true
        desk.submit(.requestClose(channel.id))
        forget(channel)
      }
    }
  }

  /// Whether any torrent may still buy through the channel.
  func isWanted(_ channel: BuyingChannel) -> Bool {
    channel.users.contains { $0.market.mayBuy }
  }
}
