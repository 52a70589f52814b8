internal import ChainTypes
internal import Foundation
internal import KeyValueStore
internal import Keys
internal import LedgerRPC
internal import Logging
internal import PaymentChannels
internal import Primitives
internal import Speed

/// A wallet of the demo: a key, the books of its channels, and the till of its markets.
struct DemoWallet: Sendable {
  let account: Address
  let service: ChannelService
  let till: ChannelTill
  let ledger: any LedgerClient
  private let statementPath: String
  private let store: LevelDBStore

  /// Opens new books in a folder.
  static func open(
    _ key: PrivateKey, in folder: String, ledger: any LedgerClient
  ) async throws -> DemoWallet {
    let store = try LevelDBStore(configuration: .init(path: folder))
    do {
      var configuration = ChannelConfiguration()
      configuration.minimumGraceBlocks = 1
      let logger = Logger(label: "btt.demo") { _ in SwiftLogNoOpLogHandler() }
      let service = try await ChannelService.open(
        store: store, ledger: ledger, account: key, configuration: configuration, logger: logger)
      let statementPath = folder + StatementOptions.suffix
      let till = ChannelTill(
        service: service, ledger: ledger, signers: [key],
        statement: try Statement(path: statementPath), logger: logger)
      return DemoWallet(
        account: key.address, service: service, till: till, ledger: ledger,
        statementPath: statementPath, store: store)
    } catch {
      store.close()
      throw error
    }
  }

  /// Follows the ledger and does what markets order, until the task is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await service.run() }
      group.addTask { await till.run() }
    }
  }

  /// What the wallet and its vault have.
  func money() async throws -> DemoMoney { try await DemoMoney(of: account, ledger) }

  /// The fees of all its transactions, by their receipts.
  func fees() async throws -> UInt256 {
    var sum = UInt256.zero
    for hash in try transactions {
      guard let receipt = try await ledger.receipt(of: hash) else {
        throw CommandFailure(.badReply, "the ledger has no receipt of transaction \(hash)")
      }
      sum = sum &+ receipt.fee
    }
    return sum
  }

  /// Its transactions, as its statement tells them.
  var transactions: [Hash256] {
    get throws {
      try Statement.read(path: statementPath).compactMap {
        if case .transaction(_, let hash, _) = $0.event { hash } else { nil }
      }
    }
  }

  /// Closes the books.
  func close() async {
    await till.close()
    try? await service.shutdown()
    store.close()
  }
}
