import ChainTypes
import Consensus
import KeyValueStore
import Keys
import Ledger
import Logging
import Primitives
import Synchronization
import TestSupport
import Testing

@Suite("A follower", .timeLimit(.minutes(1)))
struct FollowerTests {
  /// What a source answers instead of the truth.
  enum Lie: String, CaseIterable, Sendable {
    case foreignSeal, gap, wrongParent, lostTransaction, wrongRoot, staleBlock, futureTime
    case otherBaseFee, silence
  }

  struct Unreachable: Error {}

  /// A node with blocks, whose next answers a test can falsify.
  final class Source: SealedBlockSource {
    let blocks: [SealedBlock]
    private let lies = Mutex<[Lie]>([])
    private let asked = Mutex(0)

    init(_ blocks: [SealedBlock]) { self.blocks = blocks }

    var requestCount: Int { asked.withLock { $0 } }

    func lie(_ next: Lie...) { lies.withLock { $0 += next } }

    func newestHeight() -> UInt64 { UInt64(blocks.count) }

    func sealedBlocks(from height: UInt64, count: Int) throws -> [SealedBlock] {
      asked.withLock { $0 += 1 }
      let honest = Array(blocks.dropFirst(Int(height) - 1).prefix(count))
      let lie = lies.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      guard let lie else { return honest }
      if lie == .silence { throw Unreachable() }
      return try falsify(honest, lie)
    }

    private func falsify(_ honest: [SealedBlock], _ lie: Lie) throws -> [SealedBlock] {
      guard var block = honest.first?.block else { return [] }
      var key = TestChain.validator
      switch lie {
      case .foreignSeal: key = TestChain.keys[0]
      case .gap: return Array(honest.dropFirst())
      case .wrongParent: block.header.parentHash = .zero
      case .lostTransaction: block.transactions = []
      case .wrongRoot: block.header.stateRoot = .zero
      case .staleBlock: block.header.number -= 1
      case .futureTime: block.header.timestamp = 1 << 40
      case .otherBaseFee: block.header.baseFeePerGas = 1
      case .silence: break
      }
      let seal = try BlockSeal(
        chainID: 1_337, height: block.header.number, blockHash: block.header.hash, key: key)
      return [SealedBlock(block: block, seal: seal)]
    }
  }

  /// A follower of six blocks, over a store and waits of its own.
  struct Fixture {
    let store = SimulatedStore()
    let chain: Chain
    let source: Source
    let follower: Follower
    let ticks = ManualClock()
    let told: Told

    final class Told: Sendable {
      let heights = Mutex<[UInt64]>([])
    }

    init(batchCount: Int = 4) throws {
      let leader = try TestChain()
      for nonce in UInt64(0)..<6 {
        try leader.mine([
          TestChain.transfer(from: TestChain.keys[0], nonce: nonce, to: Address(0xabc))
        ])
      }
      source = Source(try (1...6).compactMap { try leader.chain.view.sealedBlock($0) })
      chain = try TestChain(store: store).chain
      let told = Told()
      self.told = told
      var configuration = Follower.Configuration()
      configuration.pollInterval = .seconds(1)
      configuration.maximumRetryInterval = .seconds(5)
      configuration.batchCount = batchCount
      follower = Follower(
        chain: chain, source: source, configuration: configuration, clock: { 2_000 }, ticks: ticks,
        logger: CrashWorld.silent,
        committed: { view, transactions in
          guard transactions.count == 1 else { return }
          told.heights.withLock { $0.append(view.head.number) }
        })
    }

    var height: UInt64 { chain.view.head.number }
  }

  @Test("executes every block and ends with the same head")
  func catchesUp() async throws {
    let fixture = try Fixture()
    #expect(try await fixture.follower.advance())
    #expect(fixture.height == 4)
    #expect(try await fixture.follower.advance())
    #expect(try await !fixture.follower.advance())
    #expect(fixture.chain.view.headHash == fixture.source.blocks.last?.block.header.hash)
    #expect(fixture.told.heights.withLock { $0 } == [1, 2, 3, 4, 5, 6])
    var verifier = ChainVerifier(view: fixture.chain.view)
    #expect(try verifier.verify().transactionCount == 6)
  }

  @Test("takes nothing of a lie, and the truth after it", arguments: Lie.allCases)
  func lies(_ lie: Lie) async throws {
    let fixture = try Fixture(batchCount: 2)
    _ = try await fixture.follower.advance()
    let before = fixture.chain.view.headHash
    fixture.source.lie(lie)
    await #expect(throws: (any Error).self) { try await fixture.follower.advance() }
    #expect(fixture.chain.view.headHash == before)
    while try await fixture.follower.advance() {}
    #expect(fixture.height == 6)
    var verifier = ChainVerifier(view: fixture.chain.view)
    _ = try verifier.verify()
  }

  @Test("asks a bad source ever more rarely, and a good one as often as told")
  func waits() async throws {
    let fixture = try Fixture()
    fixture.source.lie(.silence, .foreignSeal, .silence, .gap)
    let task = Task { try await fixture.follower.run() }
    // Twice the poll interval, then twice that, up to the limit.
    for (count, wait) in [(1, 2), (2, 4), (3, 5), (4, 5)] {
      await fixture.ticks.waitForSleepers()
      #expect(fixture.source.requestCount == count)
      #expect(fixture.height == 0)
      fixture.ticks.advance(by: .seconds(wait) - .milliseconds(1))
      #expect(fixture.ticks.sleeperCount == 1)
      fixture.ticks.advance(by: .milliseconds(1))
    }
    // Now the truth: two batches and an empty answer, then the poll interval.
    for count in 7...9 {
      await fixture.ticks.waitForSleepers()
      #expect(fixture.source.requestCount == count)
      #expect(fixture.height == 6)
      fixture.ticks.advance(by: .seconds(1))
    }
    task.cancel()
    try await task.value
  }

  @Test("ends with the error of its own store")
  func storeFailure() async throws {
    let fixture = try Fixture()
    fixture.store.failNextWrite(with: .diskFull)
    let error = await #expect(throws: StoreError.self) { try await fixture.follower.run() }
    #expect(error?.code == .diskFull)
    #expect(fixture.height == 0)
  }

  @Test("ends without an error when it is cancelled")
  func cancellation() async throws {
    let fixture = try Fixture()
    let task = Task { try await fixture.follower.run() }
    await fixture.ticks.waitForSleepers()
    task.cancel()
    try await task.value
    #expect(fixture.height == 6)
  }
}
