internal import ChainTypes
internal import Foundation
internal import KeyValueStore
internal import Keys
internal import PaymentChannels
internal import Primitives

extension ChannelsBenchmark {
  /// What one channel leaves on disk.
  ///
  /// The worst for the store: each payment is verified and is a batch of its own, for one is sent
  /// when the one before is credited. Syncs, which change no byte of it, are left out: a million
  /// of them take an hour.
  static func disk(
    _ settings: Settings, _ report: inout Report
  ) async throws {
    let parties = try ChannelParties(count: 1)
    let scratch = try Scratch()
    let path = scratch.path("books")
    let store = try ChannelParties.store(path)
    defer { store.close() }
    let service = try await parties.payee(in: UnsyncedStore(store))
    var largest = 0
    let count = settings.count(1_000_000, quick: 5_000)
    let step = 5_000
    for start in stride(from: 0, to: count, by: step) {
      let amounts = (start + 1)...(start + step)
      for voucher in try parties.vouchers(concurrently: amounts) {
        let credit = try await service.receive(voucher, from: PeerID(1))
        try require(credit.paid == voucher.cumulativeAmount, "a voucher is not in the books")
        if voucher.cumulativeAmount % 500 == 0 { largest = max(largest, try size(of: path)) }
      }
    }
    try await service.shutdown()
    report.add(
      "channels: store while one channel takes \(Report.number(Double(count))) payments, at most",
      Double(largest) / Double(1 << 20), unit: " MiB", .below(16))
    try store.compact(.all)
    var live = 0
    try store.snapshot().forEach { key, value in
      live += key.count + value.count
      return true
    }
    let kept = Report.number(Double(try size(of: path)) / 1_024)
    report.add(
      "channels: live bytes after them, compacted (all files: \(kept) KiB)", Double(live),
      unit: " B", .below(1_024))
  }

  /// The bytes of the files in a directory.
  private static func size(of directory: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: directory).reduce(0) { sum, name in
      // A file may go while it is being looked at.
      let attributes = try? FileManager.default.attributesOfItem(atPath: directory + "/" + name)
      return sum + (attributes?[.size] as? Int ?? 0)
    }
  }
}

extension ChannelParties {
  /// Vouchers over these amounts for the only channel, signed on all cores.
  fileprivate func vouchers(concurrently amounts: ClosedRange<Int>) throws -> [SignedVoucher] {
    let (payer, domain, id) = (payer, domain, channels[0].id)
    return try ChainFixture.concurrentMap(Array(amounts)) { amount in
      try Voucher(channelID: id, cumulativeAmount: UInt128(amount)).signed(by: payer, in: domain)
    }
  }
}

/// A store whose writes wait for no disk.
private final class UnsyncedStore: KeyValueStore {
  private let store: LevelDBStore

  init(_ store: LevelDBStore) { self.store = store }

  func get(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? { try store.get(key) }
  func write(_ batch: WriteBatch, sync: Bool) throws(StoreError) {
    try store.write(batch, sync: false)
  }
  func snapshot() throws(StoreError) -> any StoreSnapshot { try store.snapshot() }
  func close() { store.close() }
  func approximateSize(of range: KeyRange) throws(StoreError) -> UInt64 {
    try store.approximateSize(of: range)
  }
  func compact(_ range: KeyRange) throws(StoreError) { try store.compact(range) }
}
