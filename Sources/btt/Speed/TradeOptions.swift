internal import ArgumentParser
internal import BitTorrent
internal import Foundation
internal import Metainfo
internal import PaymentChannels
internal import Primitives
internal import Speed

/// What is paid for a torrent.
struct BuyingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Pay for pieces, at most so much for this torrent; what was paid for it before counts. \
      Without it nothing is paid.
      """, valueName: "amount"), transform: Arguments.amount)
  var budget: Amount?

  @Option(
    help: ArgumentHelp(
      "Pay at most so much for a MiB; no seller is told (default: 1 BTT).", valueName: "amount"),
    transform: Arguments.amount)
  var maxPrice: Amount?

  @Option(
    help: ArgumentHelp(
      "Pay only while less than so many KiB a second come (default: as fast as can be).",
      valueName: "KiB/s"))
  var targetRate: Int?

  func validate() throws {
    guard budget != nil || (maxPrice == nil && targetRate == nil) else {
      throw ValidationError("--max-price and --target-rate are about a --budget: give one")
    }
    guard targetRate.map({ (1...1 << 40).contains($0) }) ?? true else {
      throw ValidationError("--target-rate is at least 1 KiB a second")
    }
  }

  /// The terms; nil where nothing is paid.
  func terms() throws -> BuyingTerms? {
    guard let budget else { return nil }
    let price = try maxPrice ?? Amount(parsing: "1 BTT")
    return BuyingTerms(
      budget: try ChannelArguments.wei(budget), maximumPrice: try ChannelArguments.wei(price),
      targetRate: targetRate.map { $0 << 10 })
  }
}

/// What is asked for a torrent's upload.
struct SellingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Ask so much for a MiB of those who want theirs first; where more want that than there is \
      room for, the price rises. Without it nothing is sold.
      """, valueName: "amount"), transform: Arguments.amount)
  var price: Amount?

  @Option(
    help: ArgumentHelp(
      "Hundredths of the upload that are for sale; the rest is for those who do not pay.",
      valueName: "percent"))
  var paidShare = 80

  func validate() throws {
    guard (1...100).contains(paidShare) else {
      throw ValidationError("--paid-share is a number from 1 to 100")
    }
  }

  /// The terms; nil where nothing is sold.
  func terms(_ books: BooksOptions) throws -> SellingTerms? {
    guard let price else { return nil }
    var terms = SellingTerms(floorPrice: try ChannelArguments.wei(price))
    terms.freeShare = 100 - paidShare
    terms.graceSeconds = books.minGrace
    terms.graceBlocks = books.minGraceBlocks
    return terms
  }
}

/// With whose money, and where the books are.
struct TradeBooksOptions: ParsableArguments {
  @OptionGroup var ledger: BooksOptions

  @Option(
    name: .customLong("books"),
    help: ArgumentHelp(
      "Directory of the books (default: $XDG_STATE_HOME/btt/channels).", valueName: "directory"),
    completion: .directory)
  var directory: String?
}

/// The trade of one torrent for as long as its transfer lasts.
struct Trade: Sendable {
  let markets: SpeedMarkets
  let torrent: SHA1Hash

  /// Calls `body` with a trade whose books are open and followed, and closes them in order.
  static func run<Value: Sendable>(
    _ books: TradeBooksOptions, buying: BuyingTerms?, selling: SellingTerms?,
    torrent: SHA1Hash, _ body: @escaping @Sendable (Trade) async throws -> Value
  ) async throws -> Value {
    try await books.ledger.withBooks(in: books.directory) { open in
      let till = ChannelTill(
        service: open.service, ledger: open.ledger, hasClock: open.hasClock,
        signers: [open.account],
        statement: try Statement(path: open.path + StatementOptions.suffix),
        logger: BooksOptions.logger)
      let markets = SpeedMarkets(till: till, selling: selling)
      if let buying { await markets.buy(buying, for: torrent) }
      let trade = Trade(markets: markets, torrent: torrent)
      let value = try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask {
          await open.service.run()
          return nil
        }
        group.addTask {
          await till.run()
          return nil
        }
        group.addTask {
          let value = try await body(trade)
          if selling != nil { await trade.cash(open.service) }
          return value
        }
        defer { group.cancelAll() }
        while let result = try await group.next() {
          if let result { return result }
        }
        throw CancellationError()
      }
      await markets.close()
      return value
    }
  }

  /// Cashes what is worth its fee, if the ledger does it soon.
  private func cash(_ service: ChannelService) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          _ = try await service.settle()
        } catch {
          Output.note("not cashed yet: \(error); btt channel settle does it later")
        }
      }
      group.addTask { try? await Task.sleep(for: .seconds(10)) }
      await group.next()
      group.cancelAll()
    }
  }

  /// How the trade goes.
  func statistics() async -> SpeedStatistics? { await markets.statistics(of: torrent) }

  /// Buys nothing more, and gives what was asked for the time to come and be paid.
  func stopBuying() async {
    guard await statistics()?.peers.contains(where: { $0.buyingChannel != nil }) ?? false else {
      return
    }
    await markets.stopBuying(for: torrent)
  }

  /// Waits until what is owed is paid and the sellers know, but not for long.
  func settleUp() async {
    for _ in 0..<100 {
      guard let rows = await statistics()?.peers,
        rows.contains(where: { $0.buyingChannel != nil })
      else { return }
      try? await Task.sleep(for: .milliseconds(100))
    }
  }
}
