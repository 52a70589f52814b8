import BitTorrent
import NIOCore
import Primitives
import Speed
import Testing

@Suite("Credit for payers")
struct CreditOfficeTests {
  let price: UInt128 = 1 << 40
  let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  func welcome(
    _ office: inout CreditOffice, _ payer: UInt32, host: UInt32, history: UInt128 = 0,
    at now: NIODeadline? = nil
  ) -> Int {
    office.welcome(
      Address(payer), from: PeerAddress(ipv4: host, port: 1), history: history,
      pieceLength: 16_384, price: price, at: now ?? start)
    return office[Address(payer)]?.window ?? 0
  }

  @Test("strangers get 64 first windows among them, one for each /24")
  func strangers() {
    var office = CreditOffice(SellingTerms(floorPrice: price))
    #expect(welcome(&office, 1, host: 0x0101_0101) == 128 << 10)
    #expect(welcome(&office, 2, host: 0x0101_01fe) == 0)
    for index in 3..<200 as Range<UInt32> {
      _ = welcome(&office, index, host: 0x0200_0000 + index << 8)
    }
    #expect(office.firstWindowBytes == 8 << 20)
    // One who has paid for a window before is none of them.
    #expect(welcome(&office, 999, host: 0x0101_0102, history: price) == 128 << 10)
  }

  @Test("private and loopback addresses have no prefix in common")
  func local() {
    var office = CreditOffice(SellingTerms(floorPrice: price))
    #expect(welcome(&office, 1, host: 0x7f00_0001) == 128 << 10)
    #expect(welcome(&office, 2, host: 0x7f00_0001) == 128 << 10)
    #expect(welcome(&office, 3, host: 0xc0a8_0001) == 128 << 10)
  }

  @Test("a first window that was lost counts for a day; one that was not is free at once")
  func lost() {
    var office = CreditOffice(SellingTerms(floorPrice: price))
    _ = welcome(&office, 1, host: 0x0101_0101)
    office[Address(1)]?.delivered = 5
    office.left(Address(1), at: start)
    #expect(office[Address(1)]?.isInDefault == true)
    #expect(welcome(&office, 2, host: 0x0101_0102) == 0)
    #expect(welcome(&office, 2, host: 0x0101_0102, at: start + .hours(23)) == 0)
    #expect(welcome(&office, 2, host: 0x0101_0102, at: start + .hours(25)) == 128 << 10)
    _ = welcome(&office, 3, host: 0x0303_0303)
    office.left(Address(3), at: start)
    #expect(welcome(&office, 4, host: 0x0303_0304) == 128 << 10)
  }

  @Test("a first window that nobody pays for is somebody else's after a minute")
  func idle() {
    var office = CreditOffice(SellingTerms(floorPrice: price))
    #expect(welcome(&office, 1, host: 0x0101_0101) == 128 << 10)
    _ = office.tick(at: start + .seconds(59)) { _ in .seconds(1) }
    #expect(welcome(&office, 2, host: 0x0101_0102, at: start + .seconds(59)) == 0)
    _ = office.tick(at: start + .seconds(60)) { _ in .seconds(1) }
    #expect(office[Address(1)]?.window == 0 && office.firstWindowBytes == 0)
    #expect(welcome(&office, 2, host: 0x0101_0102, at: start + .seconds(60)) == 128 << 10)
    // Not where something is owed for it.
    office[Address(2)]?.delivered = 5
    _ = office.tick(at: start + .seconds(200)) { _ in .seconds(1) }
    #expect(office[Address(2)]?.window == 128 << 10)
  }

  @Test("a window doubles with each half of it paid in time, up to its cap")
  func growth() {
    var office = CreditOffice(SellingTerms(floorPrice: price))
    let payer = Address(1)
    var window = welcome(&office, 1, host: 0x0101_0101)
    for _ in 0..<6 {
      let half = UInt128(window / 2) * price >> 20
      office[payer]?.delivered += half
      office.paid(payer, half, cap: 1 << 20, lateAfter: .seconds(1), at: start)
      window = min(window * 2, 1 << 20)
      #expect(office[payer]?.window == window)
    }
  }

  @Test("trifles don't make a window grow")
  func trifles() {
    var office = CreditOffice(SellingTerms(floorPrice: price))
    _ = welcome(&office, 1, host: 0x0101_0101)
    for _ in 0..<100 {
      office[Address(1)]?.delivered += 1
      office.paid(Address(1), 1, cap: 1 << 20, lateAfter: .seconds(1), at: start)
    }
    #expect(office[Address(1)]?.window == 128 << 10)
  }

  @Test("a cap in money holds whatever the cap in bytes")
  func valueCap() {
    var terms = SellingTerms(floorPrice: price)
    terms.windowValueCap = price / 2
    var office = CreditOffice(terms)
    _ = welcome(&office, 1, host: 0x0101_0101)
    office[Address(1)]?.delivered += price
    office.paid(Address(1), price, cap: 32 << 20, lateAfter: .seconds(1), at: start)
    #expect(office[Address(1)]?.window == 128 << 10)
  }
}

@Suite("The price clock")
struct PriceClockTests {
  @Test("the price rises a tenth while more buyers than slots accept, and falls to its floor")
  func clock() {
    var clock = PriceClock(floor: 1_000)
    clock.round(demand: 3, slots: 3)
    #expect(clock.price == 1_000)
    clock.round(demand: 4, slots: 3)
    #expect(clock.price == 1_100)
    clock.round(demand: 4, slots: 3)
    #expect(clock.price == 1_210)
    clock.round(demand: 0, slots: 3)
    #expect(clock.price == 1_089)
    for _ in 0..<10 { clock.round(demand: 0, slots: 3) }
    #expect(clock.price == 1_000)
  }

  @Test("no demand brings it above what prices may be")
  func bound() {
    var clock = PriceClock(floor: .max)
    clock.round(demand: 2, slots: 1)
    #expect(clock.price == UInt128(1) << 80 - 1)
  }
}

@Suite("The gain of paying")
struct GainMeterTests {
  func meter(_ periods: Int, _ rate: (_ round: Int, _ isPausing: Bool) -> Int) -> GainMeter {
    var meter = GainMeter()
    for round in 0..<periods * 20 {
      meter.endRound(rate: rate(round, meter.isPausing), isWhole: true)
    }
    return meter
  }

  @Test("one round in ten is without paying, two that lie together in twenty")
  func order() {
    var meter = GainMeter()
    var pauses: [Int] = []
    for round in 0..<40 {
      if meter.isPausing { pauses.append(round) }
      meter.endRound(rate: 1, isWhole: true)
    }
    #expect(pauses == [9, 10, 29, 30])
  }

  @Test("a rate that doubles is a gain of one, whatever the trend")
  func gain() throws {
    let meter = meter(3) { round, isPausing in (1_000 + round * 10) * (isPausing ? 1 : 2) }
    let gain = try #require(meter.gain)
    #expect(abs(gain.mean - 1) < 0.01 && gain.low > 0.9 && gain.high < 1.1)
    #expect(!meter.isWorthless)
  }

  @Test("paying that brings nothing is found out; nothing is said before two pairs")
  func worthless() {
    #expect(meter(0) { _, _ in 1 }.gain == nil)
    #expect(meter(2) { round, _ in 1_000 + round % 3 }.isWorthless)
    #expect(!meter(2) { round, isPausing in isPausing ? 900 + round : 1_100 }.isWorthless)
  }

  @Test("rounds that were not what they should be don't count")
  func partial() {
    var meter = GainMeter()
    for _ in 0..<60 { meter.endRound(rate: 5, isWhole: false) }
    #expect(meter.gain == nil)
  }
}
