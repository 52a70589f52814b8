import BitTorrent
import Foundation
import Metainfo
import NIOCore
import Primitives
import Speed
import SwarmSimulation
import TestSupport
import Testing

/// Whole swarms with cheaters, from seeds: `BTT_SWARM_SEEDS` says how many, `BTT_SEED` replays one
/// and tells its story.
@Suite("Swarms with cheaters", .serialized)
struct CheaterSwarmTests {
  static let seeds: [UInt64] = {
    func number(_ name: String) -> UInt64? {
      ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
    if let seed = number("BTT_SEED") { return [seed] }
    return Array(1...max(1, number("BTT_SWARM_SEEDS") ?? usual))
  }()

  #if DEBUG
    private static let usual: UInt64 = 1
  #else
    private static let usual: UInt64 = 8
  #endif

  static let cheats: [(TradeSwarm.Part, Liar?)] = [
    (.stopsPaying(vouchers: 0), nil), (.seller, .corrupting), (.stopsPaying(vouchers: 3), nil),
    (.seller, .slowWalking), (.oldVoucher, nil), (.dear, nil), (.stopsPaying(vouchers: 0), nil),
    (.demandsPrepayment, nil), (.seller, .boasting), (.seller, .mute),
  ]

  private static let pieceLength = 65_536

  /// The first four hosts are honest sellers, the next `cheaters` cheat, of the others one in three
  /// has never heard of money.
  static func swarm(
    seed: UInt64, hosts count: Int = 100, cheaters: Int, pieces: Int = 96
  ) throws -> TradeSwarm {
    var random = SeededGenerator(seed: seed)
    let torrent = try SimulatedTorrent(
      seed % 2 == 0 ? .v2 : .v1, pieces: pieces, pieceLength: pieceLength, seed: random.next())
    var hosts: [HostPlan] = []
    var parts: [TradeSwarm.Part] = []
    for index in 0..<count {
      var host = HostPlan(index < 4 ? .everything : .nothing)
      var part: TradeSwarm.Part = index < 4 ? .seller : index % 3 == 0 ? .stranger : .trader
      if index >= 4, index < 4 + cheaters {
        let (cheat, liar) = cheats[(index - 4) % cheats.count]
        part = cheat
        if let liar { host = HostPlan(liar) }
        if cheat == .dear || cheat == .demandsPrepayment { host.beginning = .everything }
      }
      // Slow enough for channels to be open long before the end.
      host.lineRate = (32 << 10) << Int.random(in: index < 4 ? 2...4 : 0...3, using: &random)
      host.configure = { $0.maximumConnections = 30 }
      hosts.append(host)
      parts.append(part)
    }
    var scenario = Scenario(torrent, hosts, seed: seed)
    scenario.patience = .seconds(900)
    return try TradeSwarm(scenario, parts)
  }

  @Test(
    "honest hosts complete, and lose no more than the table of the market says",
    arguments: [10, 30], seeds)
  func bounds(cheaters: Int, seed: UInt64) throws {
    let trade = try Self.swarm(seed: seed, cheaters: cheaters)
    trade.swarm?.inspect = { _ in trade.look() }
    let report = try trade.run()
    if Self.seeds.count == 1 { print(report.story.joined(separator: "\n")) }
    #expect(report.violations.isEmpty, "\(report)")

    let cheats = trade.parts.indices.filter { 4..<4 + cheaters ~= $0 }
    let honest = trade.parts.indices.filter { !cheats.contains($0) && trade.parts[$0] != .stranger }
    var moved: UInt128 = 0
    for seller in honest {
      var newcomers: UInt128 = 0
      for payer in cheats {
        // Its window at its price, and nothing beyond that.
        let (loss, window) = (
          trade.loss(of: seller, to: payer), trade.window(of: seller, for: payer)
        )
        #expect(
          loss <= window, "\(payer) took \(loss) of \(seller), window \(window), seed \(seed)")
        newcomers += loss
      }
      // All cheaters of a swarm are new to a seller.
      let price = trade.markets[seller]?.accounts.priceClock?.price ?? TradeSwarm.price
      #expect(
        newcomers <= max(price, TradeSwarm.price) * 8,
        "\(seller) lost \(newcomers) wei to all cheaters, seed \(seed)")
    }
    for payer in honest {
      for seller in cheats {
        // What was right is paid at the price that was accepted, in v1 one piece more.
        let paid = trade.paid(by: payer, to: seller)
        let right = trade.verified(by: payer, from: seller) + (seed % 2 == 0 ? 0 : Self.pieceLength)
        let due = (UInt128(right) * trade.price(at: seller)) >> 20
        #expect(paid <= due, "\(payer) paid \(seller) for \(right) bytes, seed \(seed)")
      }
      for seller in honest where seller != payer {
        moved += trade.paid(by: payer, to: seller)
        // What is under way at the end is all that the books may differ by.
        let (loss, window) = (
          trade.loss(of: seller, to: payer), trade.window(of: seller, for: payer)
        )
        #expect(loss <= window, "\(seller), \(payer), seed \(seed)")
        let right = trade.verified(by: payer, from: seller) + Self.pieceLength
        let due = (UInt128(right) * trade.price(at: seller)) >> 20
        #expect(trade.paid(by: payer, to: seller) <= due, "\(payer), \(seller), seed \(seed)")
      }
    }
    #expect(moved > TradeSwarm.price, "nobody traded")
    if ProcessInfo.processInfo.environment["BTT_FIGURES"] != nil {
      print(trade.figures(cheaters: cheats, moved: moved))
    }
  }

  @Test("two runs of one seed are the same, money and all", arguments: [UInt64](1...2))
  func replays(seed: UInt64) throws {
    func run() throws -> (UInt64, [UInt128]) {
      let trade = try Self.swarm(seed: seed, hosts: 24, cheaters: 10, pieces: 24)
      let report = try trade.run()
      return (report.traceHash, trade.desks.map(\.spent))
    }
    let (first, second) = (try run(), try run())
    #expect(first == second)
  }

  @Test("more buyers than slots raise the price, and all complete", arguments: seeds)
  func priceRises(seed: UInt64) throws {
    let torrent = try SimulatedTorrent(pieces: 40, pieceLength: 65_536, seed: seed)
    var seller = HostPlan(.everything)
    seller.lineRate = 256 << 10
    seller.configure = { $0.uploadSlots = 3 }
    var buyer = HostPlan(.nothing)
    // Nobody gets it from other buyers.
    buyer.lineRate = 4 << 10
    let hosts = [seller] + [HostPlan](repeating: buyer, count: 8)
    var scenario = Scenario(torrent, hosts, seed: seed)
    scenario.patience = .seconds(900)
    let trade = try TradeSwarm(
      scenario, [.seller] + .init(repeating: .trader, count: 8))
    var dearest: UInt128 = 0
    trade.swarm?.inspect = { _ in
      dearest = max(dearest, trade.markets[0]?.accounts.priceClock?.price ?? 0)
    }
    let report = try trade.run()
    #expect(report.violations.isEmpty, "\(report)")
    #expect(dearest > TradeSwarm.price && dearest <= TradeSwarm.price * 5)
  }

  @Test("books agree after either side dies at any moment", arguments: seeds)
  func deaths(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed ^ 0xdead)
    let torrent = try SimulatedTorrent(pieces: 96, pieceLength: 65_536, seed: seed)
    var seller = HostPlan(.everything)
    seller.lineRate = 512 << 10
    var scenario = Scenario(torrent, [seller, HostPlan(.nothing), HostPlan(.nothing)], seed: seed)
    for _ in 0..<4 {
      scenario.faults.append(
        Fault(
          at: .milliseconds(Int64.random(in: 1_000...12_000, using: &random)),
          host: Int.random(in: 0...2, using: &random),
          Death.allCases.randomElement(using: &random) ?? .kill,
          absence: .milliseconds(Int64.random(in: 100...3_000, using: &random))))
    }
    let trade = try TradeSwarm(scenario, [.seller, .trader, .stranger])
    trade.swarm?.inspect = { _ in trade.look() }
    let report = try trade.run()
    #expect(report.violations.isEmpty, "\(report)")
    let signed = trade.paid(by: 1, to: 0)
    #expect(trade.desks[0].income <= signed)
    #expect(signed <= (TradeSwarm.price * 4 * UInt128(torrent.payload.readableBytes)) >> 20)
    // What neither was paid nor taken back is a window at most.
    #expect(trade.loss(of: 0, to: 1) <= TradeSwarm.price * 2)
  }
}
