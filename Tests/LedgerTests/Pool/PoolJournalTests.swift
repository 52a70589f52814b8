import ChainTypes
import Foundation
import Keys
import Ledger
import Logging
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite("The journal of the transaction pool")
struct PoolJournalTests {
  let keys = [TestChain.key(1), TestChain.key(2)]

  private func transfer(
    _ key: Int, _ nonce: UInt64, tip: UInt256 = 1, cap: UInt256 = 100, data: [UInt8] = []
  ) throws -> RecoveredTransaction {
    let transaction = Transaction(
      chainID: PoolFixture.chainID, nonce: nonce, maxPriorityFeePerGas: tip, maxFeePerGas: cap,
      gasLimit: data.isEmpty ? 21_000 : 90_000, to: Address(1), value: 0, data: data)
    return try RecoveredTransaction(
      recovering: SignedTransaction(signing: transaction, with: keys[key]))
  }

  /// A pool over a file with two local transactions of one sender and one of another.
  private func filled(_ path: String) throws -> [Address: TransactionPool.Content] {
    let pool = PoolFixture(JournalFile(path: path)).pool
    for (key, nonce) in [(0, 1 as UInt64), (0, 0), (1, 0)] {
      _ = try pool.add(transfer(key, nonce), isLocal: true)
    }
    let content = pool.content()
    _ = try pool.add(transfer(1, 1), isLocal: false)
    return content
  }

  @Test("brings local transactions back after a kill, and remote ones not")
  func kill() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("transactions.journal")
    let content = try filled(path)
    let again = PoolFixture(JournalFile(path: path)).pool
    #expect(again.content() == content)
    // Loading writes the journal anew; another kill changes nothing.
    #expect(PoolFixture(JournalFile(path: path)).pool.content() == content)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 1)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
    #expect((mode as? NSNumber)?.intValue == 0o600)
  }

  @Test("has frames of length, eight bytes of the hash, and the transaction")
  func format() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("journal")
    let transaction = try transfer(0, 0).signed
    _ = try PoolFixture(JournalFile(path: path)).pool.add(
      .init(recovering: transaction), isLocal: true)
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    let count = transaction.encoded.count
    #expect(
      bytes == [0, 0, 0, UInt8(count)] + transaction.hash.bytes.prefix(8) + transaction.encoded)
  }

  @Test("leaves out what has been included, replaced or made invalid meanwhile")
  func stale() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("journal")
    let replacement = try transfer(1, 0, tip: 2, cap: 110)
    do {
      let pool = PoolFixture(JournalFile(path: path)).pool
      for transaction in [
        try transfer(0, 0), try transfer(0, 1), try transfer(1, 0), replacement,
      ] {
        _ = try pool.add(transaction, isLocal: true)
      }
    }
    let size = try fileSize(path)
    let fixture = PoolFixture(
      JournalFile(path: path), accounts: [keys[0].address: .init(nonce: 1)])
    #expect(fixture.nonces(keys[0].address) == [[1], []])
    #expect(fixture.pool.content(of: keys[1].address).pending == [replacement.signed])
    #expect(try fileSize(path) < size)
  }

  @Test("survives an end that is torn off at any byte")
  func torn() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("journal")
    _ = try filled(path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let frame = whole.count / 3
    for count in stride(from: 0, to: whole.count, by: 5) {
      try whole.prefix(count).write(to: URL(fileURLWithPath: path))
      let pool = PoolFixture(JournalFile(path: path)).pool
      #expect(pool.status.pending + pool.status.queued == count / frame, "\(count) bytes")
      // What is added after the damage is found again.
      _ = try pool.add(transfer(1, 5), isLocal: true)
      let again = PoolFixture(JournalFile(path: path)).pool
      #expect(again.content() == pool.content(), "\(count) bytes")
    }
  }

  @Test("loses the frame that is damaged, and at worst those after it")
  func corrupt() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("journal")
    let content = try filled(path)
    let hashes = Set(content.values.flatMap { $0.pending + $0.queued }.map(\.hash))
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let frame = whole.count / 3
    var random = SeededGenerator()
    for index in 0..<whole.count {
      var damaged = whole
      damaged[index] ^= UInt8.random(in: 1...255, using: &random)
      try damaged.write(to: URL(fileURLWithPath: path))
      let pool = PoolFixture(JournalFile(path: path)).pool
      let found = Set(pool.content().values.flatMap { $0.pending + $0.queued }.map(\.hash))
      #expect(found.isSubset(of: hashes), "byte \(index), seed \(random.seed)")
      #expect(found.count >= index / frame, "byte \(index), seed \(random.seed)")
      if index % frame >= 4 { #expect(found.count == 2, "byte \(index), seed \(random.seed)") }
    }
  }

  @Test("is written anew when most of it is of no more use")
  func rewriting() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("journal")
    let fixture = PoolFixture(JournalFile(path: path))
    let data = [UInt8](repeating: 0, count: 16_000)
    var largest: UInt64 = 0
    for nonce: UInt64 in 0..<200 {
      _ = try fixture.pool.add(transfer(0, nonce, data: data), isLocal: true)
      fixture.move([keys[0].address: .init(nonce: nonce + 1)])
      largest = max(largest, try fileSize(path))
    }
    #expect(largest > (1 << 20) - 20_000)
    #expect(largest <= 1 << 20)
    _ = try fixture.pool.add(transfer(0, 200), isLocal: true)
    let again = PoolFixture(
      JournalFile(path: path), accounts: [keys[0].address: .init(nonce: 200)])
    #expect(again.nonces(keys[0].address) == [[200], []])
  }

  @Test("costs the pool nothing when the disk is full, and is whole again after")
  func fullDisk() throws {
    let disk = SmallDisk()
    let log = MessageLog()
    let pool = PoolFixture(disk, logger: log.logger).pool
    _ = try pool.add(transfer(0, 0), isLocal: true)
    disk.isFull.withLock { $0 = true }
    for nonce: UInt64 in 1..<4 { _ = try pool.add(transfer(0, nonce), isLocal: true) }
    #expect(pool.status.pending == 4)
    #expect(log.count(.warning) == 1)
    disk.isFull.withLock { $0 = false }
    _ = try pool.add(transfer(0, 4), isLocal: true)
    #expect(log.count(.notice) == 1)
    let again = PoolFixture(disk).pool
    #expect(again.content(of: keys[0].address).pending.map(\.transaction.nonce) == [0])
    #expect(again.content(of: keys[0].address).queued.map(\.transaction.nonce) == [4])
  }

  @Test(
    "says that a write failed, and is whole when it is written anew",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func failedWrite() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("full")
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
    var file = JournalFile(path: path)
    #expect(throws: (any Error).self) { try file.append([1, 2, 3]) }
    #expect(throws: (any Error).self) { try file.append([1, 2, 3]) }
    try file.replace(with: [[4], [5, 6]])
    try file.append([7])
    #expect(try [UInt8](file.load()) == [4, 5, 6, 7])
  }

  @Test("that cannot be read leaves the pool empty and at work")
  func unreadable() throws {
    let directory = try TemporaryDirectory()
    let log = MessageLog()
    let pool = PoolFixture(JournalFile(path: directory.path), logger: log.logger).pool
    _ = try pool.add(transfer(0, 0), isLocal: true)
    #expect(pool.status.pending == 1)
    #expect(log.count(.warning) == 2)
  }

  private func fileSize(_ path: String) throws -> UInt64 {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.size] as? NSNumber)?.uint64Value ?? 0
  }
}

/// A journal in memory on a disk that may be full.
private final class SmallDisk: JournalStorage {
  let bytes = Mutex<[UInt8]>([])
  let isFull = Mutex(false)

  struct Full: Error {}

  private func check() throws {
    if isFull.withLock({ $0 }) { throw Full() }
  }

  func load() throws -> Data { Data(bytes.withLock { $0 }) }

  func append(_ more: [UInt8]) throws {
    try check()
    bytes.withLock { $0 += more }
  }

  func replace(with parts: some Sequence<[UInt8]>) throws {
    try check()
    let all = parts.flatMap(\.self)
    bytes.withLock { $0 = all }
  }
}

/// What was logged.
private final class MessageLog: Sendable {
  private let levels = Mutex<[Logger.Level]>([])

  func count(_ level: Logger.Level) -> Int { levels.withLock { $0.count { $0 == level } } }

  var logger: Logger {
    Logger(label: "test") { _ in Handler(log: self) }
  }

  private struct Handler: LogHandler {
    let log: MessageLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { log.levels.withLock { $0.append(event.level) } }
  }
}
