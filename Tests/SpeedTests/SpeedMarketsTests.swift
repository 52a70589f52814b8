import BitTorrent
import ChainTypes
import Foundation
import KeyValueStore
import Keys
import Logging
import Metainfo
import PaymentChannels
import Primitives
import Speed
import TestSupport
import Testing

/// Two programs on loopback, one of which buys from the other through a channel that is open.
@Suite("The markets of a session", .timeLimit(.minutes(5)))
struct SpeedMarketsTests {
  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  // A wei a byte.
  private static let price: UInt128 = 1 << 20
  private let given: TemporaryDirectory
  private let wanted: TemporaryDirectory
  private let metainfo: Metainfo
  private let ledger = OneChannelLedger()
  private let channel: ChannelDescriptor

  init() throws {
    given = try TemporaryDirectory()
    wanted = try TemporaryDirectory()
    let name = given.path("content")
    try (Data(count: 8 << 20) + Data(UUID().uuidString.utf8)).write(to: URL(fileURLWithPath: name))
    var creator = TorrentCreator()
    creator.version = .v1
    creator.pieceLength = 65_536
    metainfo = try creator.create(from: name)
    channel = ChannelDescriptor(
      payer: TestChain.key(21).address, payee: TestChain.key(22).address, graceSeconds: 3_600,
      graceBlocks: 60, openCount: 0, module: ledger.domain.module, chainID: ledger.domain.chainID)
  }

  private struct Party {
    let service: ChannelService
    let markets: SpeedMarkets
    var till: ChannelTill { markets.till }
  }

  private func party(_ key: PrivateKey, selling: SellingTerms? = nil) async throws -> Party {
    let service = try await ChannelService.open(
      store: SimulatedStore(), ledger: ledger, account: key, logger: Self.logger)
    let till = ChannelTill(
      service: service, ledger: ledger, hasClock: false, signers: [key],
      statement: try Statement(path: nil), logger: Self.logger)
    return Party(service: service, markets: SpeedMarkets(till: till, selling: selling))
  }

  private static func withSession(
    _ markets: SpeedMarkets, _ body: (TorrentSession) async throws -> Void
  ) async throws {
    var configuration = SessionConfiguration()
    configuration.listen = PeerAddress(ipv4: 0x7f00_0001, port: 0)
    configuration.strategies = markets
    let session = try await TorrentSession.start(configuration, logger: logger)
    do {
      try await body(session)
    } catch {
      await session.stop()
      throw error
    }
    await session.stop()
  }

  /// Calls `body` in the middle of a download of which something is paid, so slow that it lasts
  /// until then, with what is downloaded and what is seeded.
  private func trade(_ body: (Party, Torrent, Torrent) async throws -> Void) async throws {
    let seller = try await party(
      TestChain.key(22), selling: SellingTerms(floorPrice: Self.price))
    let buyer = try await party(TestChain.key(21))
    ledger.mine([.opened(channel, deposit: 1 << 60)])
    for party in [seller, buyer] { try await party.service.catchUp() }
    var terms = BuyingTerms(budget: 1 << 60, maximumPrice: Self.price)
    terms.measuresGain = false
    await buyer.markets.buy(terms, for: metainfo.info.hashes.primary)
    let tasks = [seller, buyer].map { party in Task { await party.till.run() } }
    defer { for task in tasks { task.cancel() } }
    try await Self.withSession(seller.markets) { seeder in
      var slow = TorrentOptions(directory: given.path)
      slow.uploadLimit = 64 << 10
      let seed = try await seeder.add(.metainfo(metainfo), slow)
      for await status in seed.updates where status.phase == .seeding { break }
      try await Self.withSession(buyer.markets) { leecher in
        var options = TorrentOptions(directory: wanted.path)
        options.peers = [seeder.address]
        let torrent = try await leecher.add(.metainfo(metainfo), options)
        while await buyer.till.counters.vouchersSigned == 0 {
          try Task.checkCancellation()
          await Task.yield()
        }
        try await body(buyer, torrent, seed)
      }
    }
  }

  @Test("tell what a torrent traded until it came to rest, though nobody had asked before")
  func rests() async throws {
    try await trade { buyer, torrent, _ in
      try await torrent.pause()
      for await status in torrent.updates where status.phase == .paused { break }
      let spent = await buyer.markets.totals().spent
      await buyer.markets.close()
      #expect(spent > 0 && buyer.till.statement.owed(on: channel.id) == spent)
    }
  }

  @Test("pay for what was asked for before spending was turned off, and for nothing more")
  func turnedOff() async throws {
    try await trade { buyer, torrent, seed in
      try await seed.setLimits(TorrentRateLimits(upload: 1 << 20))
      await buyer.markets.setSpending(false)
      for await status in torrent.updates where status.phase == .seeding { break }
      let spent = await buyer.markets.totals().spent
      let paid = try await buyer.service.get(channel.id).paid
      #expect(paid == Amount(wei: UInt256(spent)))
    }
  }

  @Test("stop buying for a torrent: what was asked for before is paid when that returns")
  func stopped() async throws {
    try await trade { buyer, torrent, seed in
      try await seed.setLimits(TorrentRateLimits(upload: 1 << 20))
      await buyer.markets.stopBuying(for: metainfo.info.hashes.primary)
      let paid = try await buyer.service.get(channel.id).paid
      for await status in torrent.updates where status.phase == .seeding { break }
      let spent = await buyer.markets.totals().spent
      #expect(spent > 0 && paid == Amount(wei: UInt256(spent)))
    }
  }
}
