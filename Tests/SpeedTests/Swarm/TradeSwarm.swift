import BitTorrent
import ChainTypes
import NIOCore
import Primitives
import Speed
import SwarmSimulation
import Synchronization
import TestSupport

/// A simulated swarm whose hosts trade: each has a market, a desk and money on one ledger.
final class TradeSwarm {
  /// What a host does in the market.
  enum Part: Hashable {
    /// It does not speak the extension.
    case stranger
    /// It sells, and buys what it lacks.
    case trader
    /// It sells only.
    case seller
    /// It buys and signs `vouchers` vouchers, then none.
    case stopsPaying(vouchers: Int)
    /// It sends its first voucher over and over.
    case oldVoucher
    /// It asks a hundred times the price.
    case dear
    /// It wants to be paid before it delivers, and then does not deliver.
    case demandsPrepayment
  }

  static let price: UInt128 = 1 << 40
  let ledger = TestLedger()
  let parts: [Part]
  private(set) var desks: [TestDesk] = []
  private(set) var markets: [SpeedMarket?] = []
  private(set) var swarm: SimulatedSwarm?
  private var accounts: [SpeedAccounts?] = []

  /// The swarm of a scenario; `parts` says who of its hosts does what.
  init(_ scenario: Scenario, _ parts: [Part]) throws {
    var scenario = scenario
    self.parts = parts
    for (index, part) in parts.enumerated() {
      let desk = try TestDesk(ledger, key: UInt32(index))
      desk.cheat = part.deskCheat
      desks.append(desk)
      markets.append(nil)
      lives.append(0)
      accounts.append(nil)
      guard part != .stranger else { continue }
      scenario.hosts[index].strategy = { [unowned self] in join(index) }
      if part.isCheating, scenario.hosts[index].behaviour == nil {
        scenario.hosts[index].behaviour = { Plain() }
        scenario.hosts[index].kind = "\(part)"
      }
    }
    let swarm = SimulatedSwarm(scenario)
    self.swarm = swarm
    for (index, desk) in desks.enumerated() {
      // Signing and disks take a moment, the ledger takes a block.
      desk.later = { [unowned swarm] order, event in
        let host = swarm.hosts[index]
        let delay: TimeAmount = order.isLedgers ? .seconds(1) : .milliseconds(2)
        swarm.plan(host, after: delay) {
          desk.mailbox.post(event)
          swarm.tell(host, .woken)
        }
      }
    }
  }

  /// Runs it to its end; nothing of it is left in memory but the books.
  func run() throws -> SimulationReport {
    guard let swarm else { throw SwarmIsOver() }
    let report = swarm.run()
    for desk in desks { desk.later = nil }
    return report
  }

  private struct SwarmIsOver: Error {}

  private func join(_ index: Int) -> any Strategy {
    let (part, desk) = (parts[index], desks[index])
    var selling = SellingTerms(floorPrice: part == .dear ? Self.price * 100 : Self.price)
    selling.graceSeconds = 900
    var buying = BuyingTerms(budget: Self.price * 4_096, maximumPrice: Self.price * 4)
    buying.measuresGain = false
    _ = desk.mailbox
    let shared = SpeedAccounts(
      desk: desk, mailbox: desk.mailbox,
      configuration: SpeedConfiguration(
        selling: part.sells ? selling : nil, unixOffset: 1_700_000_000),
      random: SeededGenerator(seed: UInt64(index) &* 7_919 &+ 1))
    // What was noted of an earlier life stays noted; its books have forgotten some.
    if lives[index] > 0 { desk.forget(keeping: UInt128(lives[index] * 5 % 17)) }
    lives[index] += 1
    desk.announce()
    let market = SpeedMarket(accounts: shared, buying: part.buys ? buying : nil)
    market.wake = { [unowned self] in
      guard let swarm else { return }
      let host = swarm.hosts[index]
      swarm.plan(host, after: .nanoseconds(1)) { swarm.tell(host, .woken) }
    }
    accounts[index] = shared
    markets[index] = market
    return Auditor(market) { [unowned self] payer, sold, given in
      let pair = Pair(host: index, other: payer)
      audited[pair, default: (0, 0)].sold += sold
      audited[pair, default: (0, 0)].given += given
    }
  }

  // MARK: Money

  /// What a seller delivered to a payer at a price, after barter, and was not paid, in wei.
  ///
  /// It is counted here from what went over the connections: what the seller wrote off, or never
  /// billed, is lost all the same.
  func loss(of seller: Int, to payer: Int) -> UInt128 {
    let account = desks[payer].account
    let sold = sold.reduce(0 as UInt128) { sum, entry in
      entry.key.host == seller && entry.key.other == account ? sum + entry.value : sum
    }
    let paid = ledger.entries(payer: account).reduce(0 as UInt128) { sum, entry in
      sum + desks[seller].paid(entry.descriptor.id)
    }
    // The seller's own bill and an outsider's count: the greater is what it lost.
    let counted = audited[Pair(host: seller, other: account)] ?? (0, 0)
    let barter = UInt128(counted.given) * (dearest[seller] ?? Self.price)
    let worth = max(sold, counted.sold > barter ? (counted.sold - barter) >> 20 : 0)
    return worth > paid ? worth - paid : 0
  }

  /// The most that a seller ever let a payer owe, at its dearest price, in wei.
  func window(of seller: Int, for payer: Int) -> UInt128 {
    let bytes = windows[Pair(host: seller, other: desks[payer].account)] ?? 0
    return (UInt128(bytes) * (dearest[seller] ?? 0)) >> 20
  }

  /// Bytes of a seller that a host found to be right, on all their connections.
  func verified(by host: Int, from seller: Int) -> Int {
    let account = desks[seller].account
    return right.reduce(0) { sum, entry in
      entry.key.host == host && entry.key.other == account ? sum + entry.value : sum
    }
  }

  /// The most that honest hosts may have paid a seller for 2^20 bytes: what it asked at most, where
  /// that is not above what they would pay.
  func price(at seller: Int) -> UInt128 {
    parts[seller] == .dear ? 0 : min(dearest[seller] ?? Self.price, Self.price * 4)
  }

  /// Notes what moved on every connection, also on those that are no more.
  func look() {
    for (index, market) in markets.enumerated() {
      guard let market else { continue }
      dearest[index] = max(dearest[index] ?? 0, market.accounts.priceClock?.price ?? 0)
      for row in market.takeTrade() {
        if let payee = row.payee {
          right[Line(host: index, life: lives[index], connection: row.connection, other: payee)] =
            row.verified
        }
        if let payer = row.payer {
          sold[Line(host: index, life: lives[index], connection: row.connection, other: payer)] =
            row.earned
          let pair = Pair(host: index, other: payer)
          windows[pair] = max(windows[pair] ?? 0, row.window)
        }
      }
    }
  }

  private struct Line: Hashable {
    var host: Int
    var life: Int
    var connection: UInt64
    var other: Address
  }
  private struct Pair: Hashable {
    var host: Int
    var other: Address
  }
  private var lives: [Int] = []
  // Bytes that went out times their price, and bytes that came in barter.
  private var audited: [Pair: (sold: UInt128, given: Int)] = [:]
  private var right: [Line: Int] = [:]
  private var sold: [Line: UInt128] = [:]
  private var windows: [Pair: Int] = [:]
  private var dearest: [Int: UInt128] = [:]

  /// A line for each kind of cheater, in bytes at the floor's price.
  func figures(cheaters: [Int], moved: UInt128) -> String {
    func bytes(_ value: UInt128) -> UInt128 { value * UInt128(1 << 20) / Self.price }
    var lines = ["honest to honest: \(bytes(moved))"]
    var endings: [SpeedBye.Reason: Int] = [:]
    for (index, market) in markets.enumerated() where !cheaters.contains(index) {
      endings.merge(market?.statistics.endings ?? [:]) { $0 + $1 }
    }
    lines.append("honest ended paid mode: \(endings)")
    let honest = parts.indices.filter { !cheaters.contains($0) }
    for cheater in cheaters {
      let taken = honest.reduce(0 as UInt128) { $0 + loss(of: $1, to: cheater) }
      let gained = honest.reduce(0 as UInt128) { $0 + paid(by: $1, to: cheater) }
      let spent = honest.reduce(0 as UInt128) { $0 + paid(by: cheater, to: $1) }
      lines.append(
        "\(cheater) \(parts[cheater]): took \(bytes(taken)), paid \(bytes(spent)), "
          + "was paid \(bytes(gained))")
    }
    return lines.joined(separator: "\n")
  }

  /// What a payer signed for a payee, in wei.
  func paid(by payer: Int, to payee: Int) -> UInt128 {
    ledger.entries(payer: desks[payer].account).filter {
      $0.descriptor.payee == desks[payee].account
    }.reduce(0) { sum, entry in
      sum + desks[payer].books.withLock { $0.signed[entry.descriptor.id] ?? 0 }
    }
  }
}

extension TradeSwarm.Part {
  var isCheating: Bool {
    switch self {
    case .stranger, .trader, .seller: false
    default: true
    }
  }

  var sells: Bool {
    switch self {
    case .trader, .seller, .dear, .demandsPrepayment: true
    default: false
    }
  }

  var buys: Bool {
    switch self {
    case .trader, .stopsPaying, .oldVoucher: true
    default: false
    }
  }

  var deskCheat: TestDesk.Cheat? {
    switch self {
    case .stopsPaying(let vouchers): .stopsSigning(after: vouchers)
    case .oldVoucher: .repeatsFirst
    case .demandsPrepayment: .chargesNothing
    default: nil
    }
  }
}

extension DeskOrder {
  fileprivate var isLedgers: Bool {
    switch self {
    case .open, .topUp, .close: true
    default: false
    }
  }
}
