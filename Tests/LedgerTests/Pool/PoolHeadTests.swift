import ChainTypes
import Keys
import Ledger
import Logging
import Primitives
import TestSupport
import Testing

@Suite("The transaction pool, when the head moves")
struct PoolHeadTests {
  let alice = Address(0xa)
  let bob = Address(0xb)

  @Test("drops what is included, whoever included it, and moves on")
  func inclusion() throws {
    let fixture = PoolFixture()
    for nonce: UInt64 in [0, 1, 2, 4, 6] { try fixture.add(alice, nonce) }
    fixture.move([alice: .init(nonce: 2)])
    #expect(fixture.nonces(alice) == [[2], [4, 6]])
    fixture.move([alice: .init(nonce: 4)])
    #expect(fixture.nonces(alice) == [[4], [6]])
    fixture.move([alice: .init(nonce: 7)])
    #expect(fixture.nonces(alice) == [[], []])
    #expect(fixture.pool.status == .init(pending: 0, queued: 0, byteCount: 0))
    #expect(try fixture.pool.pendingNonce(of: alice) == 7)
  }

  @Test("sets back what the money no longer covers, and brings it forth when it does again")
  func balance() throws {
    let fixture = PoolFixture()
    for nonce: UInt64 in 0..<4 { try fixture.add(alice, nonce) }
    fixture.move([alice: .init(nonce: 0, balance: 4_300_000)])
    #expect(fixture.nonces(alice) == [[0, 1], [2, 3]])
    #expect(fixture.order() == [[0xa, 0], [0xa, 1]])
    fixture.move([alice: .init(nonce: 1, balance: 2_200_000)])
    #expect(fixture.nonces(alice) == [[1], [2, 3]])
    fixture.move([alice: .init(nonce: 1, balance: 100_000_000)])
    #expect(fixture.nonces(alice) == [[1, 2, 3], []])
  }

  @Test("looks at those accounts only that it is told of, or at all")
  func touched() throws {
    let fixture = PoolFixture()
    try fixture.add(alice, 0)
    try fixture.add(bob, 0)
    fixture.move([alice: .init(nonce: 1)])
    #expect(fixture.pool.status.pending == 1)
    fixture.move(all: true)
    #expect(fixture.pool.status.pending == 1)
    #expect(fixture.nonces(bob) == [[0], []])
  }

  @Test("keeps the limits of queued ones when many are set back at once")
  func demotionLimits() throws {
    let fixture = PoolFixture {
      $0.gappedPerSender = 3
      $0.globalGapped = 4
    }
    for sender in [alice, bob] {
      for nonce: UInt64 in 0..<6 {
        try fixture.add(sender, nonce, tip: sender == alice ? 5 : 6)
      }
    }
    fixture.move([alice: .init(balance: 0), bob: .init(balance: 2_100_000)])
    // Alice's last two go, as the cheapest of six when four may stay.
    #expect(fixture.nonces(alice) == [[], [0]])
    #expect(fixture.nonces(bob) == [[0], [1, 2, 3]])
    #expect(fixture.pool.status.queued == 4)
  }

  @Test("follows a real chain: senders, receivers, and money that modules move")
  func realChain() throws {
    let test = try TestChain()
    let pool = try TransactionPool(
      view: test.chain.view, clock: { 0 },
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    let keys = TestChain.keys
    let poor = TestChain.key(50)
    for nonce: UInt64 in 0..<3 {
      let transaction = try TestChain.transfer(
        from: keys[0], nonce: nonce, to: poor.address, value: nonce == 0 ? 6_300_000_000_000_000 : 1
      )
      let outcome = try pool.add(.init(recovering: transaction), isLocal: true)
      #expect(outcome.isPending)
    }
    var source = pool.source(baseFee: test.chain.view.nextBaseFee)
    let prepared = try test.chain.build(
      BlockAttributes(timestamp: 2_000, feeRecipient: Address(0xfee)), from: &source)
    #expect(prepared.block.transactions.count == 3)
    try test.chain.commit(prepared, seal: test.seal(prepared))
    pool.headChanged(
      to: test.chain.view, included: prepared.block.transactions, refused: source.refused)
    #expect(pool.status == .init(pending: 0, queued: 0, byteCount: 0))
    #expect(try pool.pendingNonce(of: keys[0].address) == 3)

    // A receiver that the pool follows: three for the money of three, then a block takes the first
    // and gives more.
    for nonce: UInt64 in 0..<3 {
      _ = try pool.add(
        .init(
          recovering: TestChain.transfer(
            from: poor, nonce: nonce, to: keys[1].address, value: 0)), isLocal: false)
    }
    #expect(pool.content(of: poor.address).pending.count == 3)
    // A block by others spends poor's nonce 0 by a transaction that the pool has not seen.
    try test.mine([
      TestChain.transfer(from: poor, nonce: 0, to: keys[1].address, value: 4_200_000_000_000_000)
    ])
    pool.headChanged(to: test.chain.view)
    #expect(pool.content(of: poor.address).pending.count == 0)
    #expect(pool.content(of: poor.address).queued.map(\.transaction.nonce) == [1, 2])
    try test.mine([
      TestChain.transfer(
        from: keys[2], nonce: 0, to: poor.address, value: 4_200_000_000_000_000)
    ])
    pool.headChanged(to: test.chain.view)
    #expect(pool.content(of: poor.address).pending.map(\.transaction.nonce) == [1, 2])
    // An older view changes nothing.
    pool.headChanged(to: try TestChain().chain.view)
    #expect(pool.content(of: poor.address).pending.map(\.transaction.nonce) == [1, 2])
  }
}
