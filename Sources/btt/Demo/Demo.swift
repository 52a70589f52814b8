internal import BitTorrent
internal import ChainTypes
internal import Foundation
internal import JSON
internal import Keys
internal import Ledger
internal import LedgerRPC
internal import Metainfo
internal import Node
internal import PaymentChannels
internal import Primitives
internal import Speed

/// The demo: sets everything up in one folder, runs the race, and checks its own numbers.
struct Demo: Sendable {
  let folder: String
  /// Bytes of payload.
  let payload: Int
  /// The seeder's upload limit, in bytes a second.
  let uploadRate: Int
  let hasTransmission: Bool

  /// What a MiB costs at least.
  private static let price = "0.05 BTT"
  /// What the paying leecher may spend.
  private static let budget = "50 BTT"
  /// The longest that the race may take.
  private static let patience = Duration.seconds(240)

  func run() async throws {
    let view = DemoView()
    view.step("A ledger, two wallets, a tracker")
    let chain = try DemoLedger(in: folder + "/ledger")
    let supply = chain.devnet.genesis.supply
    let ports = AsyncStream.makeStream(of: Int.self)
    let facts: DemoFacts = try await withThrowingTaskGroup(of: DemoFacts?.self) { group in
      group.addTask {
        try await chain.run { ports.continuation.yield($0) }
        return nil
      }
      group.addTask {
        var starts = ports.stream.makeAsyncIterator()
        guard let port = await starts.next() else { throw CancellationError() }
        let url = "http://127.0.0.1:\(port)"
        view.say("ledger   \(url), chain \(chain.devnet.genesis.chainID)")
        return try await JSONRPCClient.withClient(.init(endpoint: url)) { client in
          let ledger = RPCLedgerClient(
            client: client, trust: .endpoint,
            configuration: .init { .seconds(Date().timeIntervalSince1970) })
          return try await trade(chain.devnet.accounts, ledger, view)
        }
      }
      defer { group.cancelAll() }
      while let facts = try await group.next() {
        if let facts { return facts }
      }
      throw CancellationError()
    }
    view.step("The ledger, every row read again from disk")
    var checks = facts.checks
    let report = try chain.verify()
    checks.check(
      "\(report.transactionCount) transactions; all balances "
        + "\(Amount(wei: report.balanceSum)) and \(Amount(wei: report.burned)) burned are the "
        + "supply",
      report.balanceSum.adding(report.burned) == supply)
    checks.check(
      "every transaction on the ledger is one of the two wallets'",
      report.transactionCount == facts.transactions)
    try view.conclude(checks)
  }

  // MARK: - Wallets

  private func trade(
    _ keys: [PrivateKey], _ ledger: any LedgerClient, _ view: DemoView
  ) async throws -> DemoFacts {
    let seller = try await DemoWallet.open(keys[0], in: folder + "/seller", ledger: ledger)
    do {
      let buyer = try await DemoWallet.open(keys[1], in: folder + "/buyer", ledger: ledger)
      do {
        let facts = try await withThrowingTaskGroup(of: DemoFacts?.self) { group in
          group.addTask {
            await seller.run()
            return nil
          }
          group.addTask {
            await buyer.run()
            return nil
          }
          group.addTask { try await race(seller, buyer, view) }
          defer { group.cancelAll() }
          while let facts = try await group.next() {
            if let facts { return facts }
          }
          throw CancellationError()
        }
        await buyer.close()
        await seller.close()
        return facts
      } catch {
        await buyer.close()
        throw error
      }
    } catch {
      await seller.close()
      throw error
    }
  }

  // MARK: - The race

  private func race(
    _ seller: DemoWallet, _ buyer: DemoWallet, _ view: DemoView
  ) async throws -> DemoFacts {
    view.say("seller   \(seller.account.checksummed)")
    view.say("buyer    \(buyer.account.checksummed)")
    let before = (seller: try await seller.money(), buyer: try await buyer.money())
    let tracker = try await DemoTracker.start()
    view.say("tracker  \(tracker.url)")
    let metainfo = try makeTorrent(tracker.url, view)

    let terms = SellingTerms(floorPrice: try ChannelArguments.wei(Amount(parsing: Self.price)))
    let selling = SpeedMarkets(till: seller.till, selling: terms)
    let buying = SpeedMarkets(till: buyer.till)
    await buying.buy(
      BuyingTerms(
        budget: try ChannelArguments.wei(Amount(parsing: Self.budget)),
        maximumPrice: try ChannelArguments.wei(Amount(parsing: "1 BTT"))),
      for: metainfo.info.hashes.primary)

    let swarm = DemoSwarm(
      folder: folder, metainfo: metainfo, uploadRate: uploadRate, hasTransmission: hasTransmission)
    do {
      try await swarm.start(selling: selling, buying: buying, view)
      let finish = try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await selling.run() }
        group.addTask { await buying.run() }
        let finish = try await swarm.run(within: Self.patience) {
          view.show(swarm.rows(), await buying.statistics(of: metainfo.info.hashes.primary))
        }
        await settle(seller, buyer, view)
        group.cancelAll()
        return finish
      }
      let facts = try await check(finish, swarm, seller, buyer, before, view)
      await swarm.stop()
      await tracker.stop()
      return facts
    } catch {
      await swarm.stop()
      await tracker.stop()
      throw error
    }
  }

  private func makeTorrent(_ tracker: String, _ view: DemoView) throws -> Metainfo {
    let source = folder + "/source"
    try Files.createDirectory(source)
    let path = source + "/payload.bin"
    let noise = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/urandom"))
    defer { try? noise.close() }
    var data = Data(capacity: payload)
    while data.count < payload, let more = try noise.read(upToCount: payload - data.count) {
      data += more
    }
    try data.write(to: URL(fileURLWithPath: path))
    var creator = TorrentCreator()
    creator.pieceLength = 256 << 10
    // Before version 4 Transmission knows the first format alone.
    if hasTransmission { creator.version = .v1 }
    creator.trackers = [[tracker]]
    let metainfo = try creator.create(from: path)
    view.say(
      "torrent  \(metainfo.info.hashes.primary.hex), \(TransferReport.size(Int64(payload)))")
    return metainfo
  }

  /// Waits until the seller has cashed: the last bytes are paid, and the payee closes the channel.
  private func settle(_ seller: DemoWallet, _ buyer: DemoWallet, _ view: DemoView) async {
    view.step("Cashing: the seller closes the channel with the newest voucher")
    for step in 0..<200 {
      let open = await (seller.service.list() + buyer.service.list())
      if open.isEmpty { return }
      // The buyer said that it is done; a seller that did not hear it closes by itself.
      if step == 50 {
        for channel in open where channel.role == .payee {
          _ = try? await seller.service.close(channel.id)
        }
      }
      try? await Task.sleep(for: .milliseconds(100))
    }
  }

  private func check(
    _ finish: DemoSwarm.Finish, _ swarm: DemoSwarm, _ seller: DemoWallet, _ buyer: DemoWallet,
    _ before: (seller: DemoMoney, buyer: DemoMoney), _ view: DemoView
  ) async throws -> DemoFacts {
    let sold = seller.till.statement.books.total(isPaidByUs: false)
    let bought = buyer.till.statement.books.total(isPaidByUs: true)
    let signed = await buyer.till.counters
    let received = await seller.till.counters
    let fees = (seller: try await seller.fees(), buyer: try await buyer.fees())
    let after = (seller: try await seller.money(), buyer: try await buyer.money())
    let transactions = try seller.transactions.count + buyer.transactions.count

    view.step("What came of it")
    view.table(finish, bought: bought, sold: sold)
    view.say(
      "vouchers signed \(signed.vouchersSigned), received \(received.vouchersReceived); "
        + "ledger transactions \(transactions), fees \(Amount(wei: fees.seller &+ fees.buyer))")

    var checks = DemoChecks()
    try swarm.check(&checks)
    let mean = finish.free.reduce(Duration.zero, +) / max(finish.free.count, 1)
    checks.check(
      String(
        format: "the paying peer was %.1f times as fast as the mean of the others, at least 2",
        mean / finish.paid),
      mean >= finish.paid * 2)
    checks.check(
      "what was paid is what the ledger paid out: \(SpeedAmount.text(bought.figures.paid))",
      bought.figures.paid > 0 && bought.figures.paid == sold.figures.paid
        && sold.figures.paid == sold.settled && bought.settled == sold.settled)
    checks.check(
      "nothing was paid that was not delivered and found right",
      bought.figures.verified <= bought.figures.delivered
        && bought.figures.paid <= bought.figures.billed)
    checks.check(
      "the seller has \(SpeedAmount.text(sold.settled)) more, less its fees, to the wei",
      before.seller.sum &+ UInt256(sold.settled) == after.seller.sum &+ fees.seller)
    checks.check(
      "the buyer has \(SpeedAmount.text(sold.settled)) less, and its fees, to the wei",
      before.buyer.sum == after.buyer.sum &+ UInt256(sold.settled) &+ fees.buyer)
    return DemoFacts(checks: checks, transactions: transactions)
  }
}

/// What the race leaves for the ledger's own check.
struct DemoFacts: Sendable {
  var checks: DemoChecks
  var transactions: Int
}
