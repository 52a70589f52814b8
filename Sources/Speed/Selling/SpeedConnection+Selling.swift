internal import BitTorrent
internal import ChainTypes
internal import NIOCore
internal import Primitives

// What a connection sells.
extension SpeedConnection {
  // MARK: Quotes

  /// Tells a buyer the price, when it has changed or the last quote is half over.
  func offerQuote() {
    guard market.isSelling, let terms = accounts.configuration.selling,
      let clock = accounts.priceClock, let hello, hello.buys, !seller.isBarred, !seller.isSigning,
      let context = context(selling: true)
    else { return }
    let time = accounts.unixTime(at: now)
    if let last = seller.offered.last, seller.generation == clock.generation,
      time + terms.quoteValidity / 2 < last.expiry
    {
      return
    }
    let isFriend = seller.channel.map { terms.friends.contains($0.payer) } ?? false
    let quote = SpeedQuote(
      id: seller.nextQuote, price: isFriend ? 0 : clock.price, payee: accounts.desk.account,
      isForAnyTorrent: true, expiry: time + terms.quoteValidity,
      leastDeposit: terms.leastDeposit, graceSeconds: terms.graceSeconds,
      graceBlocks: terms.graceBlocks)
    seller.nextQuote += 1
    seller.isSigning = true
    seller.generation = clock.generation
    accounts.sign(quote.digest(in: context), by: quote.payee) { [self] signature in
      guard !isGone else { return }
      seller.isSigning = false
      guard let signature else { return seller.generation = 0 }
      if seller.offered.count >= Self.quotesKept { seller.offered.removeFirst() }
      seller.offered.append(quote)
      send(.quote(SignedQuote(quote, signature: signature)))
      // Somebody turned out to be a friend meanwhile.
      if seller.generation == 0 { offerQuote() }
    }
  }

  private static let quotesKept = 4

  // MARK: The buyer's messages

  /// The peer shows a channel, and that it signs for it.
  func shown(_ proof: ChannelProof) {
    seller.proofsChecked += 1
    guard market.isSelling, !seller.isBarred, seller.proofsChecked <= Self.maximumProofs,
      proof.descriptor.payee == accounts.desk.account, let context = context(selling: true),
      proof.isGenuine(in: context)
    else { return strike(8) }
    accounts.admit(proof.descriptor, for: self)
  }

  private static let maximumProofs = 16

  func refuseChannel(_ id: ChannelID) {
    send(.bye(bye(.channelClosing, id, total: 0)))
  }

  /// The channel is known and its payer proven: from here on there may be credit.
  func takeChannel(_ channel: SellingChannel) {
    if let old = seller.channel, old !== channel {
      // What was asked for on the one is not to be paid, or left unpaid, on another.
      guard !seller.hasPromises else { return refuseChannel(channel.id) }
      endSelling()
    }
    (seller.isLeaving, seller.isChannelDone) = (false, false)
    seller.channel = channel
    if !channel.users.contains(where: { $0 === self }) { channel.users.append(self) }
    welcome(at: accounts.priceClock?.price ?? 0)
    // Noted now, so that the first request that costs something does not wait for the disk.
    accounts.prepareCharge(channel)
    tellNeed(voucher: channel.voucher)
    if accounts.configuration.selling?.friends.contains(channel.payer) == true {
      seller.generation = 0
      offerQuote()
    }
  }

  // Gives the payer a window, if it may have one.
  private func welcome(at price: UInt128) {
    guard let channel = seller.channel else { return }
    accounts.clearOldDebt(channel)
    accounts.credit.welcome(
      channel.payer, from: introduction.address, history: max(channel.history, channel.paid),
      pieceLength: market.pieceLength, price: price, at: now)
  }

  /// Tells how the channel stands; what was told last is not told again with `once`.
  func tellNeed(voucher: SignedVoucher? = nil, once: Bool = false) {
    guard let channel = seller.channel, let standing = accounts.credit[channel.payer] else {
      return
    }
    // Where there is no window, the price of one makes the beginning.
    var required = channel.delivered + channel.reserved
    if standing.window == 0 || standing.isInDefault { required += standing.firstWindowValue }
    let need = SpeedNeed(
      channelID: channel.id, required: required, accepted: channel.paid,
      deposit: channel.deposit, window: UInt64(max(standing.window, 0)), voucher: voucher)
    guard !once || need != seller.lastNeed else { return }
    seller.lastNeed = need
    send(.need(need))
  }

  /// The peer accepts a quote, or none.
  func accepted(_ id: UInt64) {
    guard id != 0 else {
      seller.accepted = nil
      market.slotsChanged()
      return
    }
    guard market.isSelling, !seller.isBarred, !seller.isLeaving,
      let channel = seller.channel, !channel.isClosing,
      let quote = seller.offered.last(where: { $0.id == id }),
      quote.expiry > accounts.unixTime(at: now)
    else { return strike(2) }
    let isFirst = seller.accepted == nil
    seller.accepted = quote
    // Slots are given at the end of a batch: whoever stops paying and begins again within one has
    // asked for nothing in a paid slot, and loses it for a round.
    let isFreeRider = seller.freeBatch == market.batch
    seller.isIdleUntil = isFreeRider ? now + accounts.configuration.round : .distantPast
    welcome(at: quote.price)
    accounts.prepareCharge(channel)
    if seller.barter.base == nil {
      // Barter counts from here, by what this receipt says.
      tellReceipt(isDue: true)
      seller.barter.base = toldVerified
    }
    if isFirst {
      tellNeed()
      market.slotsChanged()
    }
  }

  /// A voucher: it may be sent on any connection on which its channel was shown.
  func vouched(_ voucher: SignedVoucher) {
    guard let channel = seller.channel, channel.id == voucher.channelID else { return strike(4) }
    // The same may come again, as nobody knows what a broken connection lost.
    guard voucher.cumulativeAmount > channel.paid else {
      return voucher.cumulativeAmount == channel.paid ? () : strike(1)
    }
    accounts.receive(voucher, from: self)
  }

  /// Bytes arrive at the peer: whoever is slow to check them is no defaulter.
  func progressed() {
    guard let payer = seller.channel?.payer, let standing = accounts.credit[payer],
      standing.fullSince != nil
    else { return }
    standing.fullSince = now
  }

  // MARK: Requests

  /// Whether a request may be served.
  func admit(_ block: BlockRequest) -> RequestVerdict {
    guard let quote = validQuote(), let channel = seller.channel else {
      if seller.isSeated { seller.freeBatch = market.batch }
      return .serve()
    }
    seller.admittedInRound += 1
    guard quote.price > 0 else { return .serve() }
    var found = accounts.credit[channel.payer]
    // A first window that nobody used was taken back; there may be another.
    if found?.window == 0, now >= seller.welcomeAt {
      seller.welcomeAt = now + .seconds(1)
      welcome(at: quote.price)
      tellNeed(once: true)
      found = accounts.credit[channel.payer]
    }
    guard let standing = found, standing.window > 0 || standing.room > 0 else { return .serve() }
    let cost = Bill.cost(of: block.length, at: quote.price)
    guard accounts.mayDeliver(cost, on: channel, standing) else {
      if !seller.isHolding {
        seller.isHolding = true
        tellNeed(once: true)
      }
      return .hold
    }
    // Were it sent twice for one promise, to take one back would make the other free.
    guard seller.promise(block, at: quote.price) else { return .reject }
    channel.reserved += cost
    standing.reserved += cost
    return .serve()
  }

  private func validQuote() -> SpeedQuote? {
    guard let quote = seller.accepted else { return nil }
    guard quote.expiry > accounts.unixTime(at: now) else {
      seller.accepted = nil
      market.slotsChanged()
      return nil
    }
    return quote
  }

  /// Asks again about what is held back.
  func reconsider() {
    guard seller.isHolding else { return }
    seller.isHolding = false
    market.put(.reconsider(handle))
  }

  private func settlePromise(_ block: BlockRequest) -> (price: UInt128, channel: SellingChannel)? {
    guard let price = seller.takePromise(block), let channel = seller.channel else { return nil }
    let cost = Bill.cost(of: block.length, at: price)
    channel.reserved -= min(cost, channel.reserved)
    if let standing = accounts.credit[channel.payer] {
      standing.reserved -= min(cost, standing.reserved)
    }
    return (price, channel)
  }

  func dropped(_ block: BlockRequest) {
    _ = settlePromise(block)
    endIfServed()
  }

  /// A block went out: what of it exceeds barter is billed.
  func delivered(_ block: BlockRequest) {
    guard let (price, channel) = settlePromise(block) else {
      market.freeBytesOut += block.length
      return
    }
    market.paidBytesOut += block.length
    bill(block.length, at: price, on: channel)
    if seller.mark.map({ now - $0.at > .seconds(30) }) ?? true { seller.mark = (sent, now) }
    endIfServed()
  }

  private func bill(_ bytes: Int, at price: UInt128, on channel: SellingChannel) {
    let billed = seller.barter.step(bytes, verified: toldVerified)
    let value = channel.deliver(billed, at: price)
    seller.earned += value
    market.earned += value
    guard let standing = accounts.credit[channel.payer] else { return }
    standing.delivered += value
    standing.watch(at: now)
  }

  // MARK: Disputes and ends

  /// What was sent long enough ago must have come.
  func checkReceipt(_ receipt: SpeedReceipt) {
    guard seller.accepted != nil, let mark = seller.mark,
      now - mark.at >= .seconds(30), let channel = seller.channel
    else { return }
    let underWay = accounts.credit[channel.payer]?.window ?? 0
    let slack = max(market.pieceLength, mark.bytes / 100, 64 << 10) + underWay
    seller.mark = (sent, now)
    guard mark.bytes > Int(clamping: receipt.received) + slack else { return }
    stopSelling(.dispute)
  }

  private func bye(_ reason: SpeedBye.Reason, _ id: ChannelID, total: UInt128) -> SpeedBye {
    SpeedBye(
      reason: reason, channelID: id, sent: UInt64(sent), received: UInt64(received),
      total: total)
  }

  /// Paid mode ends by our will: the peer is served as any other from here on.
  func stopSelling(_ reason: SpeedBye.Reason) {
    guard let channel = seller.channel else { return }
    send(.bye(bye(reason, channel.id, total: channel.delivered)))
    if reason == .unpaid || reason == .dispute {
      // It may pay and show its channel again.
      seller.accepted = nil
      market.slotsChanged()
      reconsider()
    } else {
      buyerLeft()
    }
  }

  /// Paid mode ends, but not for what was asked for in it: to leave must not make that free.
  func buyerLeft(isDone: Bool = false) {
    seller.accepted = nil
    seller.isLeaving = true
    seller.isChannelDone = seller.isChannelDone || isDone
    market.slotsChanged()
    reconsider()
    endIfServed()
  }

  private func endIfServed() {
    guard seller.isLeaving, !seller.hasPromises, let channel = seller.channel else { return }
    let isDone = seller.isChannelDone
    endSelling()
    if isDone { accounts.close(channel) }
  }

  /// Paid mode is over on this side.
  func endSelling() {
    guard let channel = seller.channel else { return }
    for block in seller.promises { _ = settlePromise(block) }
    seller.accepted = nil
    (seller.isLeaving, seller.isChannelDone) = (false, false)
    market.noteTrade(of: self)
    seller.channel = nil
    channel.users.removeAll { $0 === self }
    market.slotsChanged()
    reconsider()
    accounts.release(channel)
  }

  /// The connection is gone.
  func leaveSelling() { endSelling() }
}
