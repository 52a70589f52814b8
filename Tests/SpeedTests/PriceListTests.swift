import Speed
import Testing

@Suite("Prices by small numbers")
struct PriceListTests {
  @Test("are told by their numbers, and equal ones have the same")
  func numbers() {
    var list = PriceList()
    let prices: [UInt128] = [7, 1 << 90, 0, 7, 7, .max, 1 << 90]
    let numbers = prices.map { list.number(of: $0, isFresh: false) }
    #expect(numbers.map { list[$0] } == prices)
    #expect(Set(numbers).count == 4)
  }

  @Test("are forgotten once no number is asked for any more")
  func forgetting() {
    var list = PriceList()
    for price in 0..<1_000 as Range<UInt128> { _ = list.number(of: price, isFresh: false) }
    #expect(list.number(of: 5_000, isFresh: true) == 0)
    #expect(list[0] == 5_000)
    // The price that holds keeps its number.
    #expect(list.number(of: 5_000, isFresh: true) == 0)
  }
}
