/// Prices by small numbers, so that what each of thousands of requests costs takes few bytes.
package struct PriceList {
  private var prices: [UInt128] = []

  /// A list without prices.
  package init() {}

  /// The number of a price; where `isFresh`, the numbers before are not asked for any more.
  package mutating func number(of price: UInt128, isFresh: Bool) -> UInt32 {
    if let last = prices.indices.last, prices[last] == price { return UInt32(last) }
    if isFresh { prices.removeAll(keepingCapacity: true) }
    // Far back it is not looked for: one that is there twice does no harm.
    if let index = prices.suffix(16).lastIndex(of: price) { return UInt32(index) }
    prices.append(price)
    return UInt32(prices.count - 1)
  }

  /// The price that has a number.
  package subscript(number: UInt32) -> UInt128 { prices[Int(number)] }
}
