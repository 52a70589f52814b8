import ChainTypes
import Ledger
import Logging
import Primitives
import Testing

@Suite("The transaction pool")
struct TransactionPoolTests {
  let alice = Address(0xa)
  let bob = Address(0xb)

  /// The words of the error that adding gives.
  private func refusal(
    _ fixture: PoolFixture, _ transaction: RecoveredTransaction
  ) -> (text: String, peerFault: Bool)? {
    do throws(PoolError) {
      _ = try fixture.pool.add(transaction, isLocal: false)
      return nil
    } catch {
      return (error.description, error.isPeerFault)
    }
  }

  @Test("refuses what no block takes, in geth's words, and says whether the peer is to blame")
  func refusals() throws {
    typealias F = PoolFixture
    let fixture = F(accounts: [alice: .init(nonce: 5, balance: 3_000_000)]) { $0.minimumTip = 1 }
    let cases: [(RecoveredTransaction, begins: String, peerFault: Bool)] = [
      (try F.transaction(alice, 4), "nonce too low: address \(alice), tx: 4 state: 5", false),
      (
        try F.transaction(alice, 5, value: 900_001),
        "insufficient funds for gas * price + value: address \(alice) have 3000000 want 3000001",
        false
      ),
      (
        try F.transaction(alice, 5, gas: 100_001),
        "exceeds block gas limit: gas limit 100001, a block has 100000", true
      ),
      (
        try F.transaction(alice, 5, gas: 21_015, data: [1]),
        "intrinsic gas too low: have 21015, want 21016", true
      ),
      (try F.transaction(alice, 5, tip: 1, cap: 1), "transaction underpriced: max fee", true),
      (try F.transaction(alice, 5, tip: 0), "transaction underpriced: gas tip cap 0", false),
      (
        try F.transaction(alice, 5, tip: 101),
        "max priority fee per gas higher than max fee per gas", true
      ),
      (
        try F.transaction(alice, 5, chainID: 1),
        "invalid chain id for signer: have 1 want 1337", true
      ),
      (
        try F.transaction(alice, 5, chainID: nil),
        "only replay-protected (EIP-155) transactions allowed", true
      ),
      (try F.transaction(alice, 5, gas: 60_000, to: nil), "no bytecode on this chain", true),
      (try F.transaction(alice, .max), "nonce has max value", true),
    ]
    for (transaction, begins, peerFault) in cases {
      let error = try #require(refusal(fixture, transaction), "\(begins)")
      #expect(error.text.hasPrefix(begins), "\(error.text)")
      #expect(error.peerFault == peerFault, "\(begins)")
    }
    #expect(fixture.pool.status == .init(pending: 0, queued: 0, byteCount: 0))
    #expect(refusal(fixture, try F.transaction(alice, 5, value: 900_000)) == nil)
    let known = try #require(refusal(fixture, try F.transaction(alice, 5, value: 900_000)))
    #expect(known.text.hasPrefix("already known"))
    #expect(!known.peerFault)
  }

  @Test("takes what offers less than the base fee, and keeps it until the base fee is lower")
  func waitsForBaseFee() throws {
    let fixture = PoolFixture()
    try fixture.add(alice, 0, tip: 1, cap: 2)
    try fixture.add(alice, 1, tip: 50, cap: 100)
    try fixture.add(bob, 0)
    #expect(fixture.order() == [[0xb, 0]])
    #expect(fixture.pool.hasExecutable(baseFee: 100))
    #expect(!fixture.pool.hasExecutable(baseFee: 101))
    fixture.move(baseFee: 2)
    #expect(fixture.order() == [[0xb, 0], [0xa, 0], [0xa, 1]])
  }

  @Test("keeps nonces in order, and what follows a gap waits for it to be filled")
  func gaps() throws {
    let fixture = PoolFixture(accounts: [alice: .init(nonce: 3)])
    #expect(try fixture.add(alice, 3).isPending)
    #expect(try !fixture.add(alice, 6).isPending)
    #expect(try !fixture.add(alice, 5).isPending)
    #expect(fixture.nonces(alice) == [[3], [5, 6]])
    #expect(try fixture.pool.pendingNonce(of: alice) == 4)
    #expect(try fixture.pool.pendingNonce(of: bob) == 0)
    #expect(try fixture.add(alice, 4).isPending)
    #expect(fixture.nonces(alice) == [[3, 4, 5, 6], []])
    #expect(try fixture.pool.pendingNonce(of: alice) == 7)
    #expect(fixture.pool.status.pending == 4)
    #expect(fixture.pool.content().keys.elementsEqual([alice]))
  }

  @Test(
    "replaces one when both fees are a tenth above its, rounded up",
    arguments: [
      (cap: 110 as UInt64, tip: 13 as UInt64, taken: true), (110, 12, false),
      (109, 13, false), (1_000, 12, false), (1_000, 13, true), (101, 12, false),
    ])
  func replacement(cap: UInt64, tip: UInt64, taken: Bool) throws {
    let fixture = PoolFixture()
    try fixture.add(alice, 0, tip: 11, cap: 100)
    let before = fixture.pool.content(of: alice).pending
    let new = try PoolFixture.transaction(alice, 0, tip: UInt256(tip), cap: UInt256(cap))
    if taken {
      let outcome = try fixture.pool.add(new, isLocal: false)
      #expect(outcome == .init(isPending: true, replaced: before[0].hash))
      #expect(fixture.pool.content(of: alice).pending == [new.signed])
      #expect(fixture.pool.transaction(before[0].hash) == nil)
    } else {
      let error = #expect(throws: PoolError.self) {
        try fixture.pool.add(new, isLocal: false)
      }
      #expect(error?.description.hasPrefix("replacement transaction underpriced") == true)
      #expect(fixture.pool.content(of: alice).pending == before)
    }
  }

  @Test("never replaces one for nothing, even when its fees are zero")
  func freeReplacement() throws {
    let fixture = PoolFixture()
    try fixture.add(alice, 0, tip: 0, cap: 5)
    #expect(throws: PoolError.self) { try fixture.add(alice, 0, tip: 0, cap: 100) }
    #expect(throws: PoolError.self) { try fixture.add(alice, 0, tip: 5, cap: 5) }
    try fixture.add(alice, 0, tip: 1, cap: 6)
  }

  @Test("refuses what the sender cannot pay beside what waits already")
  func overdraft() throws {
    // Each costs 2 100 000 at most.
    let fixture = PoolFixture(accounts: [alice: .init(balance: 5_000_000)])
    try fixture.add(alice, 0)
    try fixture.add(alice, 1)
    let error = #expect(throws: PoolError.self) { try fixture.add(alice, 2) }
    #expect(
      error?.description == "insufficient funds for gas * price + value: address \(alice) "
        + "balance 5000000, queued cost 4200000, tx cost 2100000, overshot 1300000")
    // A dearer replacement counts in the place of the old one.
    #expect(throws: PoolError.self) { try fixture.add(alice, 1, tip: 2, cap: 200) }
    try fixture.add(alice, 1, tip: 2, cap: 110, value: 590_000)
    #expect(fixture.nonces(alice) == [[0, 1], []])
  }

  @Test("lets one sender have so many and no more")
  func senderLimits() throws {
    let fixture = PoolFixture {
      $0.pendingPerSender = 3
      $0.gappedPerSender = 2
    }
    for nonce: UInt64 in [0, 2, 4] { try fixture.add(alice, nonce) }
    let gapped = #expect(throws: PoolError.self) { try fixture.add(alice, 5) }
    #expect(gapped == .senderLimit(sender: alice, count: 2, gapped: true))
    #expect(gapped?.description.hasPrefix("account limit exceeded") == true)
    try fixture.add(alice, 1)
    #expect(fixture.nonces(alice) == [[0, 1, 2], [4]])
    let pending = #expect(throws: PoolError.self) { try fixture.add(alice, 3) }
    #expect(pending == .senderLimit(sender: alice, count: 3, gapped: false))
    try fixture.add(bob, 0)
    // A block makes room.
    fixture.move([alice: .init(nonce: 2)])
    try fixture.add(alice, 3)
    #expect(fixture.nonces(alice) == [[2, 3, 4], []])
  }

  @Test("drops what waits too long for an earlier nonce, and nothing else")
  func lifetime() throws {
    let fixture = PoolFixture { $0.gappedLifetime = .seconds(100) }
    try fixture.add(alice, 0)
    try fixture.add(alice, 2, local: true)
    fixture.advance(seconds: 60)
    try fixture.add(alice, 3)
    fixture.advance(seconds: 41)
    fixture.move()
    #expect(fixture.nonces(alice) == [[0], [3]])
    fixture.advance(seconds: 1_000)
    fixture.move()
    #expect(fixture.nonces(alice) == [[0], []])
  }

  @Test("tells what became pending since one last asked")
  func arrivals() throws {
    let fixture = PoolFixture()
    let start = fixture.pool.arrivalCount
    try fixture.add(alice, 1)
    #expect(fixture.pool.arrivals(since: start).hashes.isEmpty)
    try fixture.add(alice, 0)
    let (hashes, next) = fixture.pool.arrivals(since: start)
    #expect(hashes == fixture.pool.content(of: alice).pending.map(\.hash))
    try fixture.add(bob, 0)
    #expect(
      fixture.pool.arrivals(since: next).hashes
        == fixture.pool.content(of: bob).pending.map(\.hash))
    #expect(fixture.pool.arrivals(since: .max).hashes.isEmpty)
  }

  @Test("wakes its readers when something becomes pending, and lets them go at the end")
  func streams() async throws {
    let fixture = PoolFixture()
    let updates = fixture.pool.updates()
    let readiness = fixture.pool.readiness()
    try fixture.add(alice, 1)
    try fixture.add(alice, 0)
    let late = fixture.pool.readiness()
    fixture.pool.close()
    var hashes: [Hash256] = []
    for await hash in updates { hashes.append(hash) }
    #expect(hashes == fixture.pool.content(of: alice).pending.map(\.hash))
    for stream in [readiness, late] {
      var count = 0
      for await _ in stream { count += 1 }
      #expect(count == 1)
    }
    for await _ in fixture.pool.updates() { Issue.record("a closed pool has no news") }
  }

  @Test("says when an account cannot be read")
  func unreadable() throws {
    struct Broken: Error {}
    let head = PoolHead(
      number: 0, chainID: PoolFixture.chainID, gasLimit: 1_000_000, baseFee: 3, baseFeeFloor: 2
    ) { _ in throw Broken() }
    let pool = TransactionPool(
      configuration: .init(), head: head, storage: nil, clock: { 0 }, logger: .init(label: "test"))
    let transaction = try PoolFixture.transaction(alice, 0)
    let error = #expect(throws: PoolError.self) { try pool.add(transaction, isLocal: true) }
    #expect(error == .stateUnavailable("Broken()"))
    #expect(error?.isPeerFault == false)
  }

  @Test("refuses transactions of modules")
  func modules() throws {
    let head = PoolHead(
      number: 0, chainID: PoolFixture.chainID, gasLimit: 1_000_000, baseFee: 3, baseFeeFloor: 2
    ) { _ in Account(balance: .max, codeHash: Keccak256.hash([1] as [UInt8])) }
    let pool = TransactionPool(
      configuration: .init(), head: head, storage: nil, clock: { 0 }, logger: .init(label: "test"))
    let transaction = try PoolFixture.transaction(alice, 0)
    let error = #expect(throws: PoolError.self) { try pool.add(transaction, isLocal: true) }
    #expect(error == .rejected(.senderHasCode(alice)))
  }

  @Test("serves many at once while the head moves")
  func concurrency() async throws {
    let fixture = PoolFixture { $0.globalSlots = 150 }
    let senders = (1...8).map { Address($0) }
    await withTaskGroup { group in
      for sender in senders {
        group.addTask {
          for nonce: UInt64 in 0..<50 {
            // Full or too late: either may happen here.
            _ = try? fixture.add(sender, nonce, tip: UInt256(nonce % 7 + 1), local: nonce % 5 == 0)
            _ = fixture.pool.content(of: sender)
          }
        }
      }
      group.addTask {
        for step: UInt64 in 1...40 {
          fixture.move([senders[Int(step % 8)]: .init(nonce: step)], baseFee: UInt256(step % 4 + 2))
        }
      }
    }
    fixture.move(all: true)
    let pool = fixture.pool
    let content = pool.content()
    let pending = content.values.flatMap(\.pending)
    let queued = content.values.flatMap(\.queued)
    #expect(pool.status.pending == pending.count && pool.status.queued == queued.count)
    #expect(pool.status.byteCount == (pending + queued).reduce(0) { $0 + $1.encoded.count })
    #expect(pending.count + queued.count <= 150)
    for (sender, content) in content {
      let first = fixture.money(sender).nonce
      let nonces = content.pending.map(\.transaction.nonce)
      #expect(nonces == Array(first..<first + UInt64(nonces.count)))
      #expect(content.queued.allSatisfy { $0.transaction.nonce > first + UInt64(nonces.count) })
    }
  }
}
