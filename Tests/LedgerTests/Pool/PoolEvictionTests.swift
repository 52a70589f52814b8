import ChainTypes
import Ledger
import Primitives
import Testing

@Suite("The transaction pool, when it is full")
struct PoolEvictionTests {
  let alice = Address(0xa)
  let bob = Address(0xb)
  let carol = Address(0xc)

  @Test("drops the cheapest sender's last nonce for a dearer one")
  func cheapest() throws {
    let fixture = PoolFixture { $0.globalSlots = 4 }
    try fixture.add(alice, 0, tip: 5)
    try fixture.add(alice, 1, tip: 5)
    try fixture.add(bob, 0, tip: 4)
    try fixture.add(bob, 1, tip: 9)
    // Bob's second offers more, but cannot be had without his first.
    try fixture.add(carol, 0, tip: 6)
    #expect(fixture.nonces(bob) == [[0], []])
    try fixture.add(carol, 1, tip: 6)
    #expect(fixture.nonces(bob) == [[], []])
    try fixture.add(carol, 2, tip: 6)
    #expect(fixture.nonces(alice) == [[0], []])
    #expect(fixture.pool.status.pending == 4)
  }

  @Test("refuses what offers no more than the cheapest, and changes nothing")
  func underpriced() throws {
    let fixture = PoolFixture { $0.globalSlots = 2 }
    try fixture.add(alice, 0, tip: 5)
    try fixture.add(bob, 0, tip: 6)
    let before = fixture.pool.content()
    for tip: UInt256 in [1, 5] {
      let error = #expect(throws: PoolError.self) { try fixture.add(carol, 0, tip: tip) }
      #expect(error?.description.hasPrefix("transaction underpriced") == true)
      #expect(error?.isPeerFault == false)
    }
    #expect(fixture.pool.content() == before)
    try fixture.add(alice, 0, tip: 7, cap: 200)
    try fixture.add(carol, 0, tip: 7)
    #expect(fixture.nonces(bob) == [[], []])
  }

  @Test("never drops a sender's own nonces for a later one of the same sender")
  func ownPredecessors() throws {
    let fixture = PoolFixture { $0.globalSlots = 2 }
    try fixture.add(alice, 0, tip: 1)
    try fixture.add(alice, 1, tip: 1)
    let error = #expect(throws: PoolError.self) { try fixture.add(alice, 2, tip: 50) }
    #expect(error?.description.hasPrefix("txpool is full") == true)
    #expect(fixture.nonces(alice) == [[0, 1], []])
    // Nor does a dear one behind a cheap one count as dear.
    try fixture.add(bob, 0, tip: 3)
    #expect(fixture.nonces(alice) == [[0], []])
    #expect(throws: PoolError.self) { try fixture.add(alice, 1, tip: 50) }
  }

  @Test("drops what waits for an earlier nonce before anything that can stand in a block")
  func gappedFirst() throws {
    let fixture = PoolFixture { $0.globalSlots = 2 }
    try fixture.add(alice, 1, tip: 90)
    try fixture.add(bob, 0, tip: 1)
    try fixture.add(carol, 0, tip: 1)
    #expect(fixture.nonces(alice) == [[], []])
    let error = #expect(throws: PoolError.self) { try fixture.add(alice, 1, tip: 90) }
    #expect(error == .full)
  }

  @Test("drops what is below the base fee before what is not, however large its tip")
  func belowBaseFee() throws {
    let fixture = PoolFixture { $0.globalSlots = 2 }
    fixture.move(baseFee: 50)
    try fixture.add(alice, 0, tip: 49, cap: 49)
    try fixture.add(bob, 0, tip: 1, cap: 60)
    try fixture.add(carol, 0, tip: 1, cap: 60)
    #expect(fixture.nonces(alice) == [[], []])
    // At another base fee the order is another.
    fixture.move([carol: .init(nonce: 1)], baseFee: 3)
    try fixture.add(alice, 0, tip: 46, cap: 49)
    try fixture.add(carol, 1, tip: 2, cap: 60)
    #expect(fixture.nonces(bob) == [[], []])
  }

  @Test("drops no local one for a remote one, but for a dearer local one")
  func local() throws {
    let fixture = PoolFixture { $0.globalSlots = 2 }
    try fixture.add(alice, 0, tip: 1, local: true)
    try fixture.add(bob, 0, tip: 2, local: true)
    #expect(throws: PoolError.full) { try fixture.add(carol, 0, tip: 90) }
    try fixture.add(carol, 0, tip: 3, local: true)
    #expect(fixture.nonces(alice) == [[], []])
    #expect(fixture.nonces(bob) == [[0], []])
  }

  @Test("counts bytes, and drops as many as a large one needs or none at all")
  func bytes() throws {
    let small = try PoolFixture.transaction(alice, 0).signed.encoded.count
    let fixture = PoolFixture { $0.globalBytes = small * 5 + 20 }
    for (index, tip) in [2 as UInt256, 3, 4, 9, 5].enumerated() {
      try fixture.add(Address(UInt32(index + 1)), 0, tip: tip)
    }
    let before = fixture.pool.content()
    let data = [UInt8](repeating: 0, count: small * 2)
    #expect(throws: PoolError.self) { try fixture.add(carol, 0, tip: 4, gas: 50_000, data: data) }
    #expect(fixture.pool.content() == before)
    try fixture.add(carol, 0, tip: 5, gas: 50_000, data: data)
    #expect(fixture.order().map(\.[0]) == [4, 5, 0xc])
    #expect(fixture.pool.status.byteCount <= small * 5 + 20)
  }

  @Test("bounds those that wait for an earlier nonce by themselves")
  func gappedLimit() throws {
    let fixture = PoolFixture { $0.globalGapped = 2 }
    try fixture.add(alice, 1, tip: 5)
    try fixture.add(alice, 2, tip: 9)
    try fixture.add(bob, 0, tip: 1)
    #expect(throws: PoolError.self) { try fixture.add(carol, 1, tip: 9) }
    try fixture.add(carol, 1, tip: 10)
    #expect(fixture.nonces(alice) == [[], [1]])
    #expect(fixture.nonces(bob) == [[0], []])
    try fixture.add(carol, 0)
    #expect(fixture.nonces(carol) == [[0, 1], []])
    #expect(fixture.pool.status.queued == 1)
  }
}
