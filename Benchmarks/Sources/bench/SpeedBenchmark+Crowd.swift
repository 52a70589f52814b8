internal import BitTorrent
internal import ChainTypes
internal import Foundation
internal import KeyValueStore
internal import Keys
internal import Logging
internal import Metainfo
internal import NIOCore
internal import PaymentChannels
internal import Primitives
internal import Speed

extension SpeedBenchmark {
  /// A seller with many payers, which are another program; then one that is far away.
  static func crowd(_ settings: Settings, _ report: inout Report) async throws {
    let peers = settings.count(500, quick: 20)
    let rate = settings.count(100_000_000, quick: 10_000_000)
    let seconds = settings.count(10, quick: 2)
    try await CrowdSeller.with(payers: peers, settings) { seller in
      let crowd = try CrowdProcess(port: seller.port, seller, peers: peers, rate: rate)
      defer { crowd.stop() }
      try await crowd.wait(until: peers)
      var costs: (paid: [Double], free: [Double]) = ([], [])
      var sent = 0.0
      // What came while all beginnings and ends were over, which the crowd has all at once.
      var waits = [Int](repeating: 0, count: WaitHistogram.bounds.count + 1)
      for round in 0..<settings.count(3, quick: 1) {
        for isPaid in round % 2 == 0 ? [true, false] : [false, true] {
          _ = try crowd.say(isPaid ? "paid" : "free")
          // What was asked for before comes first.
          try await Task.sleep(for: .seconds(1))
          let before = (Timing.processorSeconds, await seller.bytesOut(isPaid: isPaid))
          let waited = await seller.waits()
          let start = ContinuousClock.now
          try await Task.sleep(for: .seconds(seconds))
          let time = (ContinuousClock.now - start) / .seconds(1)
          let bytes = Double(await seller.bytesOut(isPaid: isPaid) - before.1)
          try require(bytes > Double(rate) * time / 4, "the crowd gets only \(bytes / time) B/s")
          let cost = (Timing.processorSeconds - before.0) / bytes
          if isPaid {
            costs.paid.append(cost)
            for (index, count) in await seller.waits().enumerated() {
              waits[index] += count - waited[index]
            }
            sent += bytes / time / Double(settings.count(3, quick: 1))
          } else {
            costs.free.append(cost)
          }
        }
      }
      let share = (Timing.median(costs.paid) - Timing.median(costs.free)) * 100e6 * 100
      let count = waits.reduce(0, +)
      try require(count > 0, "no voucher came")
      var least = count - count / 100
      let place = waits.firstIndex { classCount in
        least -= classCount
        return least <= 0
      }
      let bounds = WaitHistogram.bounds + [.infinity]
      report.add(
        "voucher's wait at a seller with \(peers) payers, p99 (\(count) vouchers, "
          + "\(Report.number(sent / 1e6)) MB/s)",
        bounds[place ?? bounds.count - 1] * 1_000, unit: " ms", .below(20))
      report.add(
        "payment at 100 MB/s to \(peers) payers, of one core", share, unit: " %", .below(10))
    }
    try await CrowdSeller.with(payers: 1, settings) { seller in
      let relay = try Relay(
        to: seller.port, bytesPerSecond: 125_000_000, delay: .milliseconds(50))
      defer { relay.stop() }
      let crowd = try CrowdProcess(port: relay.port, seller, peers: 1, rate: 0)
      defer { crowd.stop() }
      try await crowd.wait(until: 1)
      let times = try crowd.say("first").split(separator: " ").compactMap { Double($0) }
      try require(times.count == 2, "no block came")
      report.add(
        "first paid request to its block over a round trip of \(Report.number(times[0])) ms",
        times[1] - times[0], unit: " ms more", .below(5))
    }
  }
}

/// A seller in this program, with books in which the channels of its payers are open.
private struct CrowdSeller: Sendable {
  let payee: Address
  let metainfo: Metainfo
  let port: Int
  private let markets: SpeedMarkets

  static func with(
    payers: Int, _ settings: Settings, _ body: (CrowdSeller) async throws -> Void
  ) async throws {
    let scratch = try Scratch()
    let mebibytes = settings.count(256, quick: 16)
    var random = Sequence64(seed: 6)
    try Data(random.bytes(mebibytes << 20)).write(
      to: URL(fileURLWithPath: scratch.path("payload")))
    var creator = TorrentCreator()
    creator.version = .v2
    creator.pieceLength = 256 << 10
    let metainfo = try creator.create(from: scratch.path("payload"))

    let key = try PrivateKey(bytes: random.bytes(32))
    let store = try ChannelParties.store(scratch.path("books"))
    defer { store.close() }
    let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
    let service = try await ChannelService.open(
      store: store, ledger: BenchLedger(), account: key, logger: logger)
    let channels = try Crowd.payers(payers).map { Crowd.channel(of: $0.address, to: key.address) }
    let domain = ChannelDomain(chainID: BenchLedger.chainID)
    let merged = try await service.merge(
      ChannelArchive(
        domain: domain, entries: channels.map { .init(role: .payee, descriptor: $0) }))
    try require(merged == payers, "a channel is not in the books")
    let till = ChannelTill(
      service: service, ledger: BenchLedger(), hasClock: false, signers: [key],
      statement: try Statement(path: scratch.path("statement")), logger: logger)
    let markets = SpeedMarkets(
      till: till, selling: SellingTerms(floorPrice: 1_000_000_000_000_000))

    var configuration = SessionConfiguration()
    guard let listen = PeerAddress("127.0.0.1:0") else { throw BenchError("no address") }
    configuration.listen = listen
    configuration.maximumConnections = 2 * payers + 16
    configuration.maximumConnectionsPerTorrent = 2 * payers + 16
    configuration.uploadSlots = payers + payers / 4 + 8
    configuration.strategies = markets
    let session = try await TorrentSession.start(configuration, logger: logger)
    do {
      let torrent = try await session.add(
        .metainfo(metainfo), TorrentOptions(directory: scratch.path))
      for await status in torrent.updates {
        if case .seeding = status.phase { break }
      }
      let seller = CrowdSeller(
        payee: key.address, metainfo: metainfo, port: Int(session.address.port), markets: markets)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await till.run() }
        group.addTask { await markets.run() }
        defer { group.cancelAll() }
        try await body(seller)
      }
    } catch {
      await session.stop()
      throw error
    }
    await session.stop()
  }

  private func statistics() async -> SpeedStatistics {
    await markets.statistics(of: metainfo.info.hashes.primary) ?? SpeedStatistics()
  }

  func bytesOut(isPaid: Bool) async -> Int {
    let now = await statistics()
    return isPaid ? now.paidBytesOut : now.freeBytesOut
  }

  /// How many vouchers waited how long until they were on disk and their payer had credit for them.
  func waits() async -> [Int] { await markets.totals().voucherWaits.counts }
}

/// The crowd's program.
private final class CrowdProcess {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var rest = Data()

  init(port: Int, _ seller: CrowdSeller, peers: Int, rate: Int) throws {
    let layout = seller.metainfo.info.layout
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      "crowd", "\(port)", seller.metainfo.info.hashes.primary.hex, seller.payee.hex, "\(peers)",
      "\(rate)", "\(layout.pieceLength)", "\(layout.pieceCount - 1)",
    ]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  /// Says a line, and gives the answer to it.
  func say(_ line: String) throws -> String {
    try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    while true {
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        defer { rest = Data(rest[(end + 1)...]) }
        return String(decoding: rest[..<end], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      try require(!more.isEmpty, "the crowd ended early")
      rest += more
    }
  }

  /// Waits until so many may ask for blocks.
  func wait(until count: Int) async throws {
    for _ in 0..<300 {
      if try Int(say("ready")) == count { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw BenchError("of the crowd only \(try say("ready")) may ask for blocks")
  }

  func stop() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
