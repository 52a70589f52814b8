import BitTorrent
import NIOCore
import TestSupport
import Testing

@Suite("Rate meter")
struct RateMeterTests {
  private let start = NIODeadline.uptimeNanoseconds(7_300_000_000)

  @Test("tells a steady rate to within a hundredth")
  func steady() {
    var meter = RateMeter(at: start)
    for tick in 1...1_000 { meter.add(1_000, at: start + .milliseconds(10) * tick) }
    #expect((99_000...101_000).contains(meter.rate(at: start + .seconds(10))))
    #expect(meter.total == 1_000_000)
  }

  @Test("follows within four seconds, and is 0 four seconds after the last byte")
  func change() {
    var meter = RateMeter(at: start)
    meter.add(4_000_000, at: start)
    #expect(meter.rate(at: start + .seconds(2)) > 1_000_000)
    #expect(meter.rate(at: start + .seconds(5)) == 0)
    #expect(meter.rate(at: start + .hours(10_000)) == 0)
    meter.add(400, at: start + .hours(10_000))
    #expect(meter.rate(at: start + .hours(10_000) + .seconds(3)) > 0)
    #expect(meter.total == 4_000_400)
  }

  @Test("is no more than four times the truth at the beginning, and never traps")
  func beginning() {
    var meter = RateMeter(at: start)
    meter.add(1_000, at: start)
    #expect(meter.rate(at: start) <= 8_000)
    meter.add(.max / 2, at: start)
    #expect(meter.rate(at: start) > 0)
    #expect(meter.rate(at: .uptimeNanoseconds(0)) > 0)
  }
}

@Suite("Rate limiter")
struct RateLimiterTests {
  private let start = NIODeadline.uptimeNanoseconds(7_300_000_000)
  private let block = BlockRequest.blockLength

  @Test("lets everything pass without a rate")
  func unlimited() {
    let limiter = RateLimiter(rate: nil, at: start)
    #expect(limiter.claim(1 << 40, at: start) == 1 << 40)
    #expect(limiter.nextBlock(at: start) == nil)
  }

  @Test("lets nothing pass at rate 0")
  func stopped() {
    let limiter = RateLimiter(rate: 0, at: start)
    #expect(limiter.claim(block, at: start + .seconds(100)) == 0)
    #expect(limiter.nextBlock(at: start + .seconds(100)) == .distantFuture)
  }

  @Test(
    "keeps the rate over time and the burst within a second",
    arguments: [1_000, 50_000, 5_000_000])
  func rate(rate: Int) {
    let limiter = RateLimiter(rate: rate, at: start)
    var passed = 0
    var now = start
    for _ in 0..<100_000 where now < start + .seconds(100) {
      let granted = limiter.claim(block, at: now)
      passed += granted
      guard granted == 0 else { continue }
      #expect(limiter.nextBlock(at: now).map { $0 > now } == true)
      now = limiter.nextBlock(at: now) ?? now
    }
    let burst = max(rate, RateLimiter.leastBurst)
    #expect(passed <= rate * 100 + burst + block)
    #expect(passed >= rate * 99)
  }

  @Test("leaves half of what is there to the next")
  func sharing() {
    let limiter = RateLimiter(rate: 1_000_000, at: start)
    #expect(limiter.claim(1_000_000, at: start) == 500_000)
    #expect(limiter.claim(1_000_000, at: start) == 250_000)
    #expect(limiter.claim(100_000, at: start) == 100_000)
  }

  @Test("counts what moved unasked, and gives back what did not move")
  func accounts() {
    let limiter = RateLimiter(rate: 100_000, at: start)
    limiter.spend(1_000_000)
    #expect(limiter.claim(block, at: start + .seconds(1)) == 0)
    #expect(limiter.claim(block, at: start + .milliseconds(1_200)) == block)
    limiter.refund(1 << 40)
    #expect(limiter.available(of: 1 << 40, at: start + .milliseconds(1_200)) == 50_000)
  }

  @Test("takes a new rate at once, without a windfall")
  func newRate() {
    let limiter = RateLimiter(rate: nil, at: start)
    limiter.setRate(100_000, at: start + .hours(1))
    #expect(limiter.claim(block, at: start + .hours(1)) == 0)
    #expect(limiter.claim(block, at: start + .hours(1) + .milliseconds(200)) == block)
    limiter.setRate(Int.max, at: start + .hours(1))
    limiter.setRate(nil, at: start + .hours(1))
    #expect(limiter.claim(1 << 30, at: start + .hours(1)) == 1 << 30)
  }
}
