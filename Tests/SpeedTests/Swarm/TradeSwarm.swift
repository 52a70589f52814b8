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

  private func join(_ index: Int) -> SpeedMarket {
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
    for entry in ledger.entries(payer: desk.account) {
      let id = entry.descriptor.id
      desk.mailbox.post(
        .opened(
          entry.descriptor, deposit: entry.deposit,
          signed: desk.books.withLock { $0.signed[id] ?? 0 }))
    }
    let market = SpeedMarket(accounts: shared, buying: part.buys ? buying : nil)
    market.wake = { [unowned self] in
      guard let swarm else { return }
      let host = swarm.hosts[index]
      swarm.plan(host, after: .nanoseconds(1)) { swarm.tell(host, .woken) }
    }
    accounts[index] = shared
    markets[index] = market
    return market
  }

  // MARK: Money

  /// What a seller delivered to a payer for money and was not paid, in wei.
  func loss(of seller: Int, to payer: Int) -> UInt128 {
    let account = desks[payer].account
    return ledger.entries(payer: account).filter {
      $0.descriptor.payee == desks[seller].account
    }.reduce(0) { sum, entry in
      let id = entry.descriptor.id
      let (delivered, paid) = desks[seller].books.withLock {
        ($0.billed[id] ?? 0, $0.paid[id] ?? 0)
      }
      return sum + (delivered > paid ? delivered - paid : 0)
    }
  }

  /// Notes what every host has found to be right of every seller.
  func look() {
    for (index, market) in markets.enumerated() {
      guard let market else { continue }
      for row in market.statistics.peers {
        guard let payee = row.payee, row.verified > 0 else { continue }
        right[Source(host: index, payee: payee, peer: row.peer)] = row.verified
      }
    }
  }

  /// Bytes of a seller that a host found to be right, on all their connections.
  func verified(by host: Int, from seller: Int) -> Int {
    let account = desks[seller].account
    return right.reduce(0) { sum, entry in
      entry.key.host == host && entry.key.payee == account ? sum + entry.value : sum
    }
  }

  private struct Source: Hashable {
    var host: Int
    var payee: Address
    var peer: PeerHandle
  }
  private var right: [Source: Int] = [:]

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
