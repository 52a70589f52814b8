internal import CReference
internal import ChainTypes
internal import Foundation
internal import KeyValueStore
internal import Keys
internal import Logging
internal import PaymentChannels
internal import Primitives

/// Vouchers through the books of a payee, with every one on disk before it counts.
enum ChannelsBenchmark {
  private static let channelCount = 64
  private static let domain = ChannelDomain(chainID: BenchLedger.chainID)
  private static let writeBuffer = 4 << 20

  static func run(_ settings: Settings, _ report: inout Report) async throws {
    var random = Sequence64(seed: 4)
    let payer = try PrivateKey(bytes: random.bytes(32))
    let payee = try PrivateKey(bytes: random.bytes(32))
    let channels = (0..<UInt64(channelCount)).map { number in
      ChannelDescriptor(
        payer: payer.address, payee: payee.address, graceSeconds: 86_400, graceBlocks: 720,
        openCount: number, chainID: domain.chainID)
    }
    try verify(channels, payer, settings, &report)
    try await accept(channels, payer, payee, settings, &report)
    try await latency(channels[0], payer, payee, settings, &report)
    try await disk(channels[0], payer, payee, settings, &report)
  }

  /// Reading a voucher's bytes and finding its signer, against finding a signer alone.
  private static func verify(
    _ channels: [ChannelDescriptor], _ payer: PrivateKey, _ settings: Settings,
    _ report: inout Report
  ) throws {
    let count = settings.count(2_000, quick: 100)
    let vouchers = try (0..<count).map { number in
      try Voucher(
        channelID: channels[number % channelCount].id, cumulativeAmount: UInt128(number + 1)
      ).signed(by: payer, in: domain)
    }
    let encoded = vouchers.map(\.encoded)
    let digests = vouchers.flatMap { $0.voucher.digest(in: domain).bytes }
    let signatures = vouchers.flatMap { $0.signature.compact + [$0.signature.recoveryID] }
    let times = try Timing.interleaved(rounds: settings.count(15, quick: 3)) {
      let good = try encoded.count {
        try SignedVoucher(decoding: $0).isSigned(by: payer.address, in: domain)
      }
      try require(good == count, "a voucher does not verify")
    } _: {
      try require(reference_recover(digests, signatures, count) == count, "the reference fails")
    }
    report.add(
      "channels: voucher verified, one core", ours: Double(count) / times.ours,
      reference: Double(count) / times.reference, unit: "/s", atLeast: 0.9)
  }

  /// Every voucher of every channel is waited for until it is on disk and buys credit.
  private static func accept(
    _ channels: [ChannelDescriptor], _ payer: PrivateKey, _ payee: PrivateKey,
    _ settings: Settings, _ report: inout Report
  ) async throws {
    let rounds = settings.count(1_500, quick: 20)
    let vouchers = try channels.map { channel in
      try (1...rounds).map { amount in
        try Voucher(channelID: channel.id, cumulativeAmount: UInt128(amount))
          .signed(by: payer, in: domain)
      }
    }
    let scratch = try Scratch()
    let store = try open(scratch.path("books"))
    defer { store.close() }
    let service = try await service(of: payee, in: store, .payee, channels)
    let before = Timing.processorSeconds
    let clock = ContinuousClock()
    let start = clock.now
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
    let wall = (clock.now - start) / .seconds(1)
    let processor = Timing.processorSeconds - before
    let count = Double(rounds * channelCount)
    report.add(
      "channels: vouchers on disk before credit, 64 channels, by the clock", count / wall,
      unit: "/s", .atLeast(20_000))
    report.add(
      "channels: the same by processor time, one core", count / processor, unit: "/s",
      .atLeast(20_000))
  }

  /// From the payer's call to sign until the payee's book, on disk, gives credit.
  private static func latency(
    _ channel: ChannelDescriptor, _ payer: PrivateKey, _ payee: PrivateKey, _ settings: Settings,
    _ report: inout Report
  ) async throws {
    let scratch = try Scratch()
    let payerStore = try open(scratch.path("payer"))
    let payeeStore = try open(scratch.path("payee"))
    defer {
      payerStore.close()
      payeeStore.close()
    }
    let paying = try await service(of: payer, in: payerStore, .payer, [channel])
    let paid = try await service(of: payee, in: payeeStore, .payee, [channel])
    let clock = ContinuousClock()
    var times: [Double] = []
    for amount in 1...settings.count(2_000, quick: 20) {
      let start = clock.now
      let voucher = try await paying.pay(channel.id, total: UInt128(amount))
      let received = try SignedVoucher(decoding: voucher.encoded)
      _ = try await paid.receive(received, from: PeerID(1))
      times.append((clock.now - start) / .milliseconds(1))
    }
    report.add(
      "channels: signing to credited on disk, median", Timing.median(times), unit: " ms",
      .below(2))
  }

  /// What one channel leaves on disk.
  private static func disk(
    _ channel: ChannelDescriptor, _ payer: PrivateKey, _ payee: PrivateKey, _ settings: Settings,
    _ report: inout Report
  ) async throws {
    let scratch = try Scratch()
    let store = try open(scratch.path("books"))
    defer { store.close() }
    let service = try await service(of: payee, in: store, .payee, [channel])
    var largest = 0
    let count = settings.count(1_000_000, quick: 2_000)
    for amount in 1...count {
      let voucher = try Voucher(channelID: channel.id, cumulativeAmount: UInt128(amount))
        .signed(by: payer, in: domain)
      _ = try await service.receive(voucher, from: PeerID(1))
      if amount % (count / 200) == 0 {
        largest = max(largest, try size(of: scratch.path("books")))
      }
    }
    try await service.shutdown()
    report.add(
      "channels: store while one channel takes 1 000 000 payments, at most",
      Double(largest) / Double(1 << 20), unit: " MiB", .below(16))
    var live = 0
    try store.snapshot().forEach { key, value in
      live += key.count + value.count
      return true
    }
    report.add(
      "channels: live bytes after them", Double(live), unit: " B", .below(1_024))
  }

  private static func open(_ path: String) throws -> LevelDBStore {
    var configuration = LevelDBStore.Configuration(path: path)
    configuration.writeBufferBytes = writeBuffer
    return try LevelDBStore(configuration: configuration)
  }

  private static func size(of directory: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: directory).reduce(0) { sum, name in
      // A file may go while it is being looked at.
      let attributes = try? FileManager.default.attributesOfItem(atPath: directory + "/" + name)
      return sum + (attributes?[.size] as? Int ?? 0)
    }
  }

  private static func service(
    of key: PrivateKey, in store: LevelDBStore, _ role: ChannelRole,
    _ channels: [ChannelDescriptor]
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
}
