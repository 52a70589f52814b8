public import BitTorrent
internal import ChainTypes
internal import Foundation
public import Metainfo
internal import NIOCore
internal import Synchronization

/// The markets of a session's torrents, and what they come to.
///
///     let markets = SpeedMarkets(till: till, selling: SellingTerms(floorPrice: price))
///     await markets.buy(BuyingTerms(budget: budget, maximumPrice: price), for: infoHash)
///     configuration.strategies = markets       // of the session that is started then
///     await markets.run()                      // as long as the session runs
///     await markets.close()                    // once it has ended
public final class SpeedMarkets: StrategySource {
  /// The session's desk.
  public let till: ChannelTill
  private let configuration: SpeedConfiguration
  private let recorder: TradeRecorder
  let state = Mutex(State())

  struct State {
    /// What torrents traded that rest now.
    var ended = SpeedTotals()
    /// How the connections of torrents stood when these came to rest, not written down yet.
    var lastTrade: [(torrent: SHA1Hash, rows: [SpeedPeerRow])] = []
    var accounts: NIOLoopBound<SpeedAccounts>?
    var seats: [SHA1Hash: StrategySeat] = [:]
    var buying: [SHA1Hash: BuyingTerms] = [:]
    /// What had been spent when the torrents that run began to.
    var spentAtStart: [SHA1Hash: UInt128] = [:]
    var notSold: Set<SHA1Hash> = []
    var isSpending = true
  }

  /// Markets at a till; `selling` nil sells nothing.
  public init(till: ChannelTill, selling: SellingTerms? = nil) {
    self.till = till
    recorder = TradeRecorder(statement: till.statement)
    configuration = SpeedConfiguration(selling: selling, unixOffset: Self.unixOffset)
  }

  // Taken anew from time to time, as the monotonic clock stands still while the machine sleeps.
  private static var unixOffset: Int64 {
    let now = Int64(Date().timeIntervalSince1970)
    return now - Int64(clamping: NIODeadline.now().uptimeNanoseconds / 1_000_000_000)
  }

  // MARK: - What is wanted

  /// Says what is paid for a torrent, at once where it runs; nil buys nothing more.
  ///
  /// What was spent for it before counts. What is owed already may be signed in any case.
  public func buy(_ terms: BuyingTerms?, for torrent: SHA1Hash) async {
    if let terms { await till.allow(terms.budget, for: torrent) }
    let spent = till.statement.spent(for: torrent)
    let (seat, buying) = state.withLock { state in
      var terms = terms
      terms?.spentBefore = state.spentAtStart[torrent] ?? spent
      state.buying[torrent] = terms
      return (state.seats[torrent], state.isSpending ? terms : nil)
    }
    seat?.enter { strategy, _ in (strategy as? SpeedMarket)?.buying = buying }
  }

  /// Buys nothing more for a torrent while it runs; returns when what was asked for at a price has
  /// come and nothing is owed on any channel, after ten seconds at the latest.
  public func stopBuying(for torrent: SHA1Hash) async {
    guard let seat = state.withLock({ $0.seats[torrent] }) else { return }
    seat.enter { strategy, _ in (strategy as? SpeedMarket)?.buying = nil }
    await settle([seat])
  }

  /// Whether anything is bought, whatever budgets say.
  public var isSpending: Bool { state.withLock { $0.isSpending } }

  /// Turns buying on or off for all torrents.
  ///
  /// Off, nothing more is asked for at a price at once; what was asked for before is paid as it
  /// comes and proves right, for ten seconds at most, and then nothing is signed any more.
  public func setSpending(_ isSpending: Bool) async {
    let torrents = state.withLock { state in
      state.isSpending = isSpending
      return state.seats.map { torrent, seat in (seat, isSpending ? state.buying[torrent] : nil) }
    }
    if isSpending { await till.setSpending(true) }
    for (seat, terms) in torrents {
      seat.enter { strategy, _ in (strategy as? SpeedMarket)?.buying = terms }
    }
    if !isSpending {
      await settle(torrents.map { $0.0 }) { self.isSpending }
      // It may have been turned on again.
      if !self.isSpending { await till.setSpending(false) }
    }
  }

  /// Waits until what was asked for at a price has come and is paid, but not for long, and not when
  /// there is no more need to.
  private func settle(_ seats: [StrategySeat], unless isNeedless: () -> Bool = { false }) async {
    let end = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < end {
      var isSettled = true
      for seat in seats {
        let answer = await seat.ask { ($0 as? SpeedMarket)?.isSettled ?? true }
        isSettled = isSettled && answer ?? true
      }
      if isSettled || isNeedless() || Task.isCancelled { return }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Says that a torrent's upload is not sold; it holds from when the torrent runs next.
  public func keepFree(_ torrent: SHA1Hash) { state.withLock { _ = $0.notSold.insert(torrent) } }

  // MARK: - The session's side

  /// The market of a torrent that begins to run.
  public func strategy(for seat: StrategySeat) -> (any Strategy)? {
    let accounts = accounts(on: seat.eventLoop)
    let spent = till.statement.spent(for: seat.id)
    let (buying, sells) = state.withLock { state in
      state.seats[seat.id] = seat
      state.spentAtStart[seat.id] = spent
      state.buying[seat.id]?.spentBefore = spent
      let terms = state.isSpending ? state.buying[seat.id] : nil
      return (terms, !state.notSold.contains(seat.id))
    }
    let market = SpeedMarket(accounts: accounts, buying: buying, sells: sells)
    market.wake = { seat.enter { _, _ in } }
    market.atEnd = { [weak self, unowned market] in
      self?.leave(seat, market.statistics, market.takeTrade(), market.accounts.voucherWaits)
    }
    return market
  }

  /// The torrent rests; where it runs again it has another seat.
  private func leave(
    _ seat: StrategySeat, _ statistics: SpeedStatistics, _ trade: [SpeedPeerRow],
    _ waits: WaitHistogram
  ) {
    state.withLock { state in
      if !trade.isEmpty { state.lastTrade.append((seat.id, trade)) }
      state.ended.add(statistics)
      state.ended.voucherWaits = waits
      if state.seats[seat.id]?.number == seat.number { state.seats[seat.id] = nil }
    }
  }

  /// What the session's torrents share, made on its event loop with the first of them.
  private func accounts(on eventLoop: any EventLoop) -> SpeedAccounts {
    if let accounts = state.withLock({ $0.accounts }) { return accounts.value }
    let accounts = SpeedAccounts(
      desk: till, mailbox: till.mailbox, configuration: configuration)
    state.withLock { $0.accounts = NIOLoopBound(accounts, eventLoop: eventLoop) }
    // Whichever torrent runs takes in the mail of all; one of these few runs, or else the next
    // that does will find it.
    till.mailbox.onPost { [weak self] in
      let seats = self?.state.withLock { Array($0.seats.values.prefix(4)) } ?? []
      for seat in seats { seat.enter { _, _ in } }
    }
    return accounts
  }

  // MARK: - What it comes to

  /// A torrent's trade now; nil while it rests.
  public func statistics(of torrent: SHA1Hash) async -> SpeedStatistics? {
    await state.withLock({ $0.seats[torrent] })?.ask { ($0 as? SpeedMarket)?.statistics } ?? nil
  }

  /// Keeps the statement up to date, until the task is cancelled.
  public func run() async {
    while !Task.isCancelled {
      await record()
      try? await Task.sleep(for: .seconds(1))
    }
    await record()
  }

  /// Writes down what was traded and spent, once the session has ended and nothing runs any more.
  public func close() async {
    await record()
    await till.close()
  }

  private func record() async {
    let offset = Self.unixOffset
    for (torrent, seat) in state.withLock({ $0.seats }) {
      let trade = await seat.ask { strategy in
        (strategy as? SpeedMarket)?.accounts.unixOffset = offset
        return (strategy as? SpeedMarket)?.takeTrade()
      }
      guard let trade = trade ?? nil else { continue }
      recorder.record(trade, of: torrent)
    }
    // After what was asked for above, which is older.
    let ended = state.withLock { state in
      defer { state.lastTrade = [] }
      return state.lastTrade
    }
    for (torrent, rows) in ended { recorder.record(rows, of: torrent) }
  }
}
