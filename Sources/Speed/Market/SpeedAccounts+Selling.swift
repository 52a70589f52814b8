internal import BitTorrent
internal import ChainTypes
internal import NIOCore
internal import PaymentChannels
internal import Primitives

// The seller's side of what torrents share.
extension SpeedAccounts {
  // MARK: Channels

  /// Somebody has proved to sign for this channel.
  func admit(_ descriptor: ChannelDescriptor, for connection: SpeedConnection) {
    let id = descriptor.id
    if let channel = selling[id] {
      guard !channel.isClosing else { return connection.refuseChannel(id) }
      return connection.takeChannel(channel)
    }
    let isNew = admissions[id] == nil
    admissions[id, default: []].append((connection, descriptor))
    if isNew { desk.submit(.admit(descriptor)) }
  }

  func admitted(_ statement: PayerStatement) {
    guard let waiting = admissions.removeValue(forKey: statement.channelID),
      let descriptor = waiting.first?.descriptor
    else { return }
    let terms = configuration.selling ?? SellingTerms(floorPrice: 0)
    guard statement.deposit >= terms.leastDeposit else {
      for (connection, _) in waiting { connection.refuseChannel(statement.channelID) }
      return
    }
    let channel = SellingChannel(statement, descriptor)
    selling[channel.id] = channel
    byPayer[channel.payer, default: []].append(channel.id)
    let standing = credit.standing(
      of: channel.payer, firstWindow: SpeedExtension.firstWindow, price: priceClock?.price ?? 0)
    // What an earlier run delivered and was not paid for is a debt; what was paid ahead is credit.
    standing.delivered += channel.delivered
    standing.paid += channel.paid
    for (connection, _) in waiting where !connection.isGone {
      connection.takeChannel(channel)
    }
  }

  private func connections(payer: Address) -> [SpeedConnection] {
    (byPayer[payer] ?? []).flatMap { selling[$0]?.users ?? [] }
  }

  // MARK: Money

  /// A voucher came; the desk looks at it.
  func receive(_ voucher: SignedVoucher, from connection: SpeedConnection) {
    receivingSince[voucher.channelID] = receivingSince[voucher.channelID] ?? now
    selling[voucher.channelID]?.offer(voucher)
    desk.submit(.receive(voucher, from: PaymentChannels.PeerID(connection.number)))
  }

  func received(_ id: ChannelID, paid: UInt128, deposit: UInt128) {
    guard let channel = selling[id] else { return }
    if let since = receivingSince.removeValue(forKey: id) {
      voucherWaits.add(now - since)
      // The slowest counts, and is slowly forgotten.
      let faded = TimeAmount.nanoseconds(syncTime.nanoseconds / 100 * 99)
      syncTime = min(max(now - since, faded), .milliseconds(500))
    }
    channel.deposit = max(channel.deposit, deposit)
    if paid > channel.paid {
      let amount = paid - channel.paid
      channel.received(paid)
      let users = connections(payer: channel.payer)
      for user in users { user.seller.pace.note(user.sent, at: now) }
      let rate = users.reduce(0) { $0 + max($1.uploadRate, $1.seller.pace.bytesPerSecond) }
      let piece = users.map(\.market.pieceLength).max() ?? 0
      let wait = roundTrip(of: users) + syncTime + .milliseconds(1)
      let needed = Double(rate) * Double(wait.nanoseconds) / 1e9
      let cap = max(2 * (Int(min(needed, 1e12)) + piece), 1 << 20)
      let before = credit[channel.payer]?.window ?? 0
      credit.paid(
        channel.payer, amount, cap: cap, lateAfter: Self.lateLimit(wait), at: now)
      let after = credit[channel.payer]?.window ?? 0
      for user in users {
        user.pardon()
        if before != after { user.tellNeed() }
        user.reconsider()
      }
    }
    if channel.isCloseOrdered { close(channel) }
  }

  func refused(_ id: ChannelID, from number: UInt64, isForged: Bool) {
    receivingSince[id] = nil
    for market in markets {
      for connection in market.connections.values where connection.number == number {
        connection.strike(isForged ? Self.forgeryWeight : 1)
        // As where it exceeds the deposit that is seen here: the buyer learns what is.
        if !isForged { connection.tellNeed(once: true) }
      }
    }
    if let channel = selling[id], channel.isCloseOrdered { close(channel) }
  }

  private func roundTrip(of users: [SpeedConnection]) -> TimeAmount {
    users.map(\.roundTrip).max() ?? .milliseconds(100)
  }

  /// After how long at half a window a payment is late: a second and two round trips.
  static func lateLimit(_ roundTrip: TimeAmount) -> TimeAmount {
    .seconds(1) + roundTrip + roundTrip
  }

  // MARK: Deliveries

  /// Whether blocks worth `cost` may be admitted on a channel; what stands in the way is set in
  /// motion.
  func mayDeliver(
    _ cost: UInt128, on channel: SellingChannel, _ standing: PayerStanding
  ) -> Bool {
    guard !channel.isClosing, isLedgerFresh(channel), !standing.isInDefault else { return false }
    let total = channel.delivered + channel.reserved + cost
    guard total <= channel.deposit else { return false }
    guard standing.room >= cost else {
      standing.fullSince = standing.fullSince ?? now
      return false
    }
    if channel.charged < min(total + standing.stretch / 4, channel.deposit) {
      charge(channel, standing, from: total)
    }
    return total <= channel.charged
  }

  /// Notes a first stretch on disk, so that the first request does not wait for it.
  func prepareCharge(_ channel: SellingChannel) {
    guard let standing = credit[channel.payer], standing.room > 0 else { return }
    charge(channel, standing, from: channel.delivered + channel.reserved)
  }

  // What is noted and not delivered looks like a debt after a crash, so it is kept short.
  private func charge(_ channel: SellingChannel, _ standing: PayerStanding, from total: UInt128) {
    guard channel.charging == nil else { return }
    let limit = channel.delivered + channel.reserved + standing.room
    let goal = min(total + standing.stretch, limit, channel.deposit)
    guard goal > channel.charged else { return }
    channel.charging = goal
    desk.submit(.charge(channel.id, upTo: goal, window: standing.windowValue))
  }

  func charged(_ id: ChannelID, upTo total: UInt128?) {
    // Of one that was written off meanwhile nothing is left.
    guard let channel = selling[id], total ?? channel.charging == channel.charging else { return }
    channel.charging = nil
    guard let total else { return }
    channel.charged = max(channel.charged, total)
    for connection in channel.users { connection.reconsider() }
  }

  /// Nobody gives credit on news that is too old to answer a close request.
  func isLedgerFresh(_ channel: SellingChannel) -> Bool {
    guard let ledgerAge else { return true }
    return ledgerAge.age + (now - ledgerAge.at) <= channel.greatestAge
  }

  /// What is owed from before, and was perhaps lost with a connection, is forgiven if it is little.
  func clearOldDebt(_ channel: SellingChannel) {
    guard let standing = credit[channel.payer], standing.debt > 0, channel.delivered > channel.paid,
      channel.reserved == 0
    else { return }
    let amount = channel.delivered - channel.paid
    guard credit.forgives(channel.payer, amount) else { return }
    channel.writeOff(to: channel.paid)
    desk.submit(.writeOff(channel.id, to: channel.paid))
  }

  // MARK: Time and ends

  func tickSelling() {
    let defaulted = credit.tick(at: now) { payer in
      Self.lateLimit(roundTrip(of: connections(payer: payer)))
    }
    // What keeps a request back may have passed without a word.
    for market in markets {
      for connection in market.ordered { connection.reconsider() }
    }
    for payer in defaulted {
      for connection in connections(payer: payer) { connection.stopSelling(.unpaid) }
    }
  }

  /// A connection is no user of a channel any more.
  func release(_ channel: SellingChannel) {
    if channel.users.isEmpty, !channel.isClosing,
      channel.charging ?? channel.charged > channel.delivered
    {
      // What is on its way there is written off after it: the desk keeps the order.
      (channel.charged, channel.charging) = (channel.delivered, nil)
      desk.submit(.writeOff(channel.id, to: channel.delivered))
    }
    guard connections(payer: channel.payer).isEmpty else { return }
    credit.left(channel.payer, at: now)
  }

  /// The payer needs the channel no more: closed when what is under way has come.
  func close(_ channel: SellingChannel) {
    channel.isCloseOrdered = true
    guard receivingSince[channel.id] == nil, !channel.isClosing else { return }
    channel.isClosing = true
    desk.submit(.close(channel.id))
  }

  private static let forgeryWeight = 16
}
