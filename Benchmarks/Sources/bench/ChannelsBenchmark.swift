internal import CReference
internal import ChainTypes
internal import KeyValueStore
internal import Keys
internal import Logging
internal import PaymentChannels
internal import Primitives

/// Payments through the books of a payee, every one on disk before it counts, and what many
/// channels cost on the ledger.
enum ChannelsBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) async throws {
    let parties = try ChannelParties(count: 64)
    let vouchers = try parties.vouchers(1...UInt128(settings.count(500, quick: 20)))
    try await verify(vouchers, parties, settings, &report)
    try await accept(vouchers, parties, settings, &report)
    try await latency(parties, settings, &report)
    try await disk(settings, &report)
    try blocks(settings, &report)
  }

  /// Through a payee's books that write nowhere, against finding the signers alone; by processor
  /// time, as for one core.
  static func verify(
    _ vouchers: [[SignedVoucher]], _ parties: ChannelParties, _ settings: Settings,
    _ report: inout Report
  ) async throws {
    let all = vouchers.flatMap { $0.prefix(settings.count(100, quick: 20)) }
    let part = vouchers.map { Array($0.prefix(settings.count(100, quick: 20))) }
    let digests = all.flatMap { $0.voucher.digest(in: parties.domain).bytes }
    let signatures = all.flatMap { $0.signature.compact + [$0.signature.recoveryID] }
    var times: (ours: [Double], reference: [Double]) = ([], [])
    for round in 0...settings.count(9, quick: 2) {
      let service = try await parties.payee(in: NoStore())
      let start = Timing.processorSeconds
      try await feed(part, to: service)
      let middle = Timing.processorSeconds
      try require(
        reference_recover(digests, signatures, all.count) == all.count, "the reference fails")
      guard round > 0 else { continue }
      times.ours.append(middle - start)
      times.reference.append(Timing.processorSeconds - middle)
    }
    report.add(
      "channels: voucher verified through the books, one core",
      ours: Double(all.count) / Timing.median(times.ours),
      reference: Double(all.count) / Timing.median(times.reference), unit: "/s", atLeast: 0.9)
  }

  /// 64 payers, each of which sends its next voucher when the last one is on disk.
  ///
  /// So each is verified, and each is waited for; everything, payers too, runs on one core.
  /// Recovering the signers alone, on that core and in turn with ours, tells how much of the core
  /// is left to be saved.
  static func accept(
    _ vouchers: [[SignedVoucher]], _ parties: ChannelParties, _ settings: Settings,
    _ report: inout Report
  ) async throws {
    let count = vouchers.reduce(0) { $0 + $1.count }
    let sample = vouchers.flatMap { $0.prefix(settings.count(100, quick: 20)) }
    let digests = sample.flatMap { $0.voucher.digest(in: parties.domain).bytes }
    let signatures = sample.flatMap { $0.signature.compact + [$0.signature.recoveryID] }
    /// The rates of the books and of finding the signers, by clock and by processor time.
    var rates: (ours: [(Double, Double)], reference: [(Double, Double)]) = ([], [])
    var syncs: [Double] = []
    let clock = ContinuousClock()
    func rate(_ count: Int, _ body: () async throws -> Void) async throws -> (Double, Double) {
      let (start, before) = (clock.now, Timing.processorSeconds)
      try await body()
      let (end, after) = (clock.now, Timing.processorSeconds)
      return (Double(count) / ((end - start) / .seconds(1)), Double(count) / (after - before))
    }
    try await OneCore.run {
      for round in 0..<settings.count(5, quick: 1) {
        rates.reference.append(
          try await rate(sample.count) {
            try require(
              reference_recover(digests, signatures, sample.count) == sample.count,
              "the reference fails")
          })
        let scratch = try Scratch()
        syncs.append(try Timing.syncSeconds(scratch.path("probe"), count: 200))
        let store = try ChannelParties.store(scratch.path("books-\(round)"))
        defer { store.close() }
        let service = try await parties.payee(in: store)
        rates.ours.append(try await rate(count) { try await feed(vouchers, to: service) })
      }
    }
    let sync = Report.number(Timing.median(syncs) * 1_000)
    let signers = Report.number(Timing.median(rates.reference.map(\.0)))
    report.add(
      "channels: vouchers on disk before credit, 64 channels, one core (a bare sync: \(sync) ms; "
        + "finding the signers alone: \(signers)/s)",
      Timing.median(rates.ours.map(\.0)), unit: "/s", .atLeast(20_000))
    report.add(
      "channels: the same by processor time, against finding the signers alone",
      ours: Timing.median(rates.ours.map(\.1)), reference: Timing.median(rates.reference.map(\.1)),
      unit: "/s", atLeast: 0.7)
  }

  /// Each channel's vouchers one after the other, the channels at once.
  private static func feed(
    _ vouchers: [[SignedVoucher]], to service: ChannelService
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (peer, own) in vouchers.enumerated() {
        group.addTask {
          for voucher in own {
            let credit = try await service.receive(voucher, from: PeerID(UInt64(peer)))
            try require(credit.paid >= voucher.cumulativeAmount, "a voucher is not on disk")
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

/// A payer, a payee and open channels between them.
struct ChannelParties {
  let payer: PrivateKey
  let payee: PrivateKey
  let channels: [ChannelDescriptor]
  let domain = ChannelDomain(chainID: BenchLedger.chainID)

  init(count: Int) throws {
    var random = Sequence64(seed: 4)
    let payer = try PrivateKey(bytes: random.bytes(32))
    let payee = try PrivateKey(bytes: random.bytes(32))
    channels = (0..<UInt64(count)).map { number in
      ChannelDescriptor(
        payer: payer.address, payee: payee.address, graceSeconds: 86_400, graceBlocks: 720,
        openCount: number, chainID: BenchLedger.chainID)
    }
    self.payer = payer
    self.payee = payee
  }

  /// Vouchers over these amounts for each channel.
  func vouchers(_ amounts: ClosedRange<UInt128>) throws -> [[SignedVoucher]] {
    let (payer, domain) = (payer, domain)
    return try ChainFixture.concurrentMap(channels.map(\.id)) { id in
      try amounts.map {
        try Voucher(channelID: id, cumulativeAmount: $0).signed(by: payer, in: domain)
      }
    }
  }

  /// The payee's books, with rates that no test of speed reaches.
  func payee(in store: any KeyValueStore) async throws -> ChannelService {
    try await service(of: payee, .payee, in: store)
  }

  /// The payer's books.
  func payer(in store: any KeyValueStore) async throws -> ChannelService {
    try await service(of: payer, .payer, in: store)
  }

  private func service(
    of key: PrivateKey, _ role: ChannelRole, in store: any KeyValueStore
  ) async throws -> ChannelService {
    var configuration = ChannelConfiguration()
    configuration.vouchersPerSecond = 1_000_000
    configuration.voucherBurst = 1_000_000
    let service = try await ChannelService.open(
      store: store, ledger: BenchLedger(), account: key, configuration: configuration,
      logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
    let entries = channels.map { ChannelArchive.Entry(role: role, descriptor: $0) }
    let merged = try await service.merge(ChannelArchive(domain: domain, entries: entries))
    try require(merged == channels.count, "a channel is not in the books")
    return service
  }

  /// A store for books, as a node opens it.
  static func store(_ path: String) throws -> LevelDBStore {
    try LevelDBStore(configuration: .channelBooks(at: path))
  }
}

/// A store that forgets: what is left is the work of the books themselves.
final class NoStore: KeyValueStore {
  private let empty = SimulatedStore()

  func get(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? { nil }
  func write(_ batch: WriteBatch, sync: Bool) {}
  func snapshot() throws(StoreError) -> any StoreSnapshot { try empty.snapshot() }
  func close() {}
  func approximateSize(of range: KeyRange) -> UInt64 { 0 }
  func compact(_ range: KeyRange) {}
}
