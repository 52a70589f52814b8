/// A sum of bytes at prices, exact until it is looked at.
struct Bill: Hashable {
  // A price is for 2^20 bytes.
  private static let unitBits: UInt128 = 20
  // Wei times 2^20. Prices below 2^80 and bytes below 2^47 keep it in its bounds.
  private var scaled: UInt128 = 0

  /// Adds bytes at a price for a MiB.
  mutating func add(_ bytes: Int, at price: UInt128) {
    let (cost, isTooMuch) = price.multipliedReportingOverflow(by: UInt128(max(bytes, 0)))
    let (sum, overflow) = scaled.addingReportingOverflow(cost)
    scaled = isTooMuch || overflow ? .max : sum
  }

  /// The sum in whole wei.
  var wei: UInt128 { scaled >> Self.unitBits }

  /// What bytes cost, rounded up.
  static func cost(of bytes: Int, at price: UInt128) -> UInt128 {
    let (product, overflow) = price.multipliedReportingOverflow(by: UInt128(max(bytes, 0)))
    guard !overflow else { return .max }
    return product >> unitBits + (product & (1 << unitBits - 1) == 0 ? 0 : 1)
  }
}
