import ChainTypes
import Ledger
import Primitives
import Testing

@Suite("What the pool offers a block builder")
struct PoolSourceTests {
  let alice = Address(0xa)
  let bob = Address(0xb)
  let carol = Address(0xc)

  @Test("comes dearest first, then earliest, each sender's in nonce order")
  func order() throws {
    let fixture = PoolFixture()
    try fixture.add(alice, 0, tip: 5)
    try fixture.add(alice, 1, tip: 20)
    try fixture.add(bob, 0, tip: 5)
    try fixture.add(bob, 1, tip: 4)
    try fixture.add(carol, 0, tip: 7, cap: 7)
    #expect(fixture.order() == [[0xa, 0], [0xa, 1], [0xb, 0], [0xb, 1], [0xc, 0]])
    #expect(fixture.order(baseFee: 2) == [[0xa, 0], [0xa, 1], [0xb, 0], [0xc, 0], [0xb, 1]])
    #expect(fixture.order(baseFee: 8) == [[0xa, 0], [0xa, 1], [0xb, 0], [0xb, 1]])
    #expect(fixture.order(baseFee: 101).isEmpty)
  }

  @Test("leaves a sender's later ones out when one is refused")
  func skipping() throws {
    let fixture = PoolFixture()
    for sender in [alice, bob, carol] {
      for nonce: UInt64 in 0..<2 { try fixture.add(sender, nonce) }
    }
    var source = fixture.pool.source(baseFee: 3)
    var next = source.next()
    let first = try #require(next)
    source.skip(first, .insufficientFunds(sender: alice, have: 0, want: 1))
    next = source.next()
    let second = try #require(next)
    source.skip(second, .gasLimitReached(have: 0, want: 21_000))
    #expect([first.sender, second.sender] == [alice, bob])
    #expect(source.next()?.sender == carol)
    #expect(source.next()?.sender == carol)
    #expect(source.next() == nil)
    #expect(source.next() == nil)
    // Only what is wrong with the account is worth another look at it.
    #expect(source.refused == [alice])
  }

  @Test("is of one moment: what comes later is not in it")
  func snapshot() throws {
    let fixture = PoolFixture()
    try fixture.add(alice, 0)
    var source = fixture.pool.source(baseFee: 3)
    try fixture.add(alice, 1)
    fixture.move([alice: .init(nonce: 2)])
    #expect(source.next()?.signed.transaction.nonce == 0)
    #expect(source.next() == nil)
  }
}
