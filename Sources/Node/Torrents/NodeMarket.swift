internal import BitTorrent
internal import ChainTypes
internal import Foundation
internal import JSON
internal import Keys
internal import Logging
internal import Metainfo
internal import PaymentChannels
internal import Primitives
internal import Speed
internal import Synchronization

/// The trade of a node's torrents: its till, its markets, and what may be spent for which torrent,
/// which outlives a restart.
package final class NodeMarket: Sendable {
  let till: ChannelTill
  let markets: SpeedMarkets
  let measured = Mutex("")
  private let budgetFile: String
  private let directory: DataDirectory
  private let budgets: Mutex<[SHA1Hash: BuyingTerms]>

  /// The market of a node whose channels are open.
  init(
    _ channels: NodeChannels, _ settings: TorrentSettings, _ books: ChannelConfiguration,
    hasClock: Bool, in directory: DataDirectory, logger: Logger
  ) async throws {
    let account = channels.account.hex
    till = channels.till(
      statement: try Statement(path: "\(directory.channels)/\(account).statement"),
      hasClock: hasClock,
      logger: logger)
    var selling: SellingTerms?
    if settings.price > 0 {
      var terms = SellingTerms(floorPrice: settings.price)
      terms.freeShare = 100 - settings.paidShare
      terms.graceSeconds = books.minimumGraceSeconds
      terms.graceBlocks = books.minimumGraceBlocks
      selling = terms
    }
    markets = SpeedMarkets(till: till, selling: selling)
    self.directory = directory
    budgetFile = "\(directory.channels)/\(account).budgets.json"
    await markets.setSpending(settings.isSpending)
    let kept = try Self.read(budgetFile)
    budgets = Mutex(kept)
    for (torrent, terms) in kept { await markets.buy(terms, for: torrent) }
  }

  /// What gives the session's torrents their strategies.
  var strategies: any StrategySource { markets }

  /// Does what markets order, until the task is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.till.run() }
      group.addTask { await self.markets.run() }
      group.addTask {
        while !Task.isCancelled {
          await self.measure()
          try? await Task.sleep(for: .seconds(1))
        }
      }
    }
  }

  /// Writes down what was traded and spent, once the session has ended.
  func close() async { await markets.close() }

  /// Whether anything is paid for; what the settings say holds again after a restart.
  func spending(_ isSpending: Bool?) async -> Bool {
    if let isSpending { await markets.setSpending(isSpending) }
    return markets.isSpending
  }

  /// Says what is paid for a torrent; nil pays nothing more.
  func buy(_ terms: BuyingTerms?, for torrent: SHA1Hash) async throws {
    let all = budgets.withLock { budgets in
      budgets[torrent] = terms
      return budgets
    }
    try directory.write(Self.json(all).serialized, to: budgetFile)
    await markets.buy(terms, for: torrent)
  }

  /// How the trade of a torrent goes; amounts in wei as decimal texts.
  func trade(of torrent: SHA1Hash) async -> JSONValue {
    var object: JSONObject = [:]
    if let terms = budgets.withLock({ $0[torrent] }) { object["buying"] = Self.json(terms) }
    guard let now = await markets.statistics(of: torrent) else { return .object(object) }
    object["paidBytesIn"] = JSONValue(now.paidBytesIn)
    object["freeBytesIn"] = JSONValue(now.freeBytesIn)
    object["paidBytesOut"] = JSONValue(now.paidBytesOut)
    object["freeBytesOut"] = JSONValue(now.freeBytesOut)
    object["spent"] = .string(String(now.spent))
    object["locked"] = .string(String(now.locked))
    object["earned"] = .string(String(now.earned))
    object["price"] = now.price.map { .string(String($0)) }
    object["gain"] = now.gain.flatMap { JSONValue(exactly: $0) }
    object["peers"] = JSONValue(now.peers.count)
    return .object(object)
  }

  // MARK: - What is kept

  private static func json(_ budgets: [SHA1Hash: BuyingTerms]) -> JSONValue {
    .object(JSONObject(budgets.sorted { $0.key.hex < $1.key.hex }.map { ($0.hex, json($1)) }))
  }

  private static func json(_ terms: BuyingTerms) -> JSONValue {
    var object: JSONObject = [
      "budget": .string(String(terms.budget)), "maxPrice": .string(String(terms.maximumPrice)),
    ]
    object["targetRate"] = terms.targetRate.map { JSONValue($0) }
    return .object(object)
  }

  private static func read(_ file: String) throws -> [SHA1Hash: BuyingTerms] {
    guard let bytes = try DataDirectory.read(file, limit: 16 << 20) else { return [:] }
    var budgets: [SHA1Hash: BuyingTerms] = [:]
    for member in (try JSONValue.parse(bytes)).objectValue?.members ?? [] {
      guard let torrent = try? SHA1Hash(hex: member.key),
        let terms = BuyingTerms(json: member.value)
      else {
        throw NodeError(
          .file,
          "\(file) is damaged at \(member.key.prefix(100)): mend it, or remove it, and give "
            + "the torrents their budgets anew")
      }
      budgets[torrent] = terms
    }
    return budgets
  }
}

extension BuyingTerms {
  /// Reads `{budget, maxPrice, targetRate?}`, amounts in wei as decimal texts, the rate in bytes a
  /// second; nil where something is missing or malformed.
  init?(json: JSONValue) {
    func wei(_ name: String) -> UInt128? { json[name]?.stringValue.flatMap { UInt128($0) } }
    guard let budget = wei("budget"), let price = wei("maxPrice") else { return nil }
    self.init(budget: budget, maximumPrice: price)
    if let rate = json["targetRate"], !rate.isNull {
      guard let rate = rate.intValue, rate > 0 else { return nil }
      targetRate = rate
    }
  }
}
