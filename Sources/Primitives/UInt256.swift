/// An unsigned 256-bit integer.
///
/// Operators that could overflow are the wrapping ones (`&+`, `&-`, `&*`), as the EVM wants them;
/// money uses `adding`, `subtracting` and `multiplying`, which are nil when the result does not
/// fit. Nothing here traps.
@frozen
public struct UInt256: Hashable, Sendable {
  /// The low 128 bits.
  public var low: UInt128
  /// The high 128 bits.
  public var high: UInt128

  /// 0.
  public static let zero = UInt256(high: 0, low: 0)
  /// 1.
  public static let one = UInt256(high: 0, low: 1)
  /// 2^256 − 1.
  public static let max = UInt256(high: .max, low: .max)

  /// high · 2^128 + low.
  @inlinable public init(high: UInt128, low: UInt128) {
    self.low = low
    self.high = high
  }

  /// The value of a machine integer.
  @inlinable public init(_ value: UInt64) { self.init(high: 0, low: UInt128(value)) }

  /// The value of a 128-bit integer.
  @inlinable public init(_ value: UInt128) { self.init(high: 0, low: value) }

  /// The value of `value`, or nil when it is negative.
  @inlinable public init?(exactly value: Int) {
    guard value >= 0 else { return nil }
    self.init(UInt64(value))
  }

  /// Whether the value is 0.
  @inlinable public var isZero: Bool { low | high == 0 }

  /// The number of bits up to the highest one set; 0 for zero.
  @inlinable public var bitWidth: Int {
    high != 0 ? 256 - high.leadingZeroBitCount : 128 - low.leadingZeroBitCount
  }
}

extension UInt256: ExpressibleByIntegerLiteral {
  /// The value of a literal of up to 64 bits.
  @inlinable public init(integerLiteral value: UInt64) { self.init(value) }
}

extension UInt256: Comparable {
  /// Numeric order.
  @inlinable public static func < (left: UInt256, right: UInt256) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }
}

// MARK: - Arithmetic

extension UInt256 {
  /// The sum modulo 2^256.
  @inlinable public static func &+ (left: UInt256, right: UInt256) -> UInt256 {
    left.addingReportingOverflow(right).partialValue
  }

  /// The difference modulo 2^256.
  @inlinable public static func &- (left: UInt256, right: UInt256) -> UInt256 {
    left.subtractingReportingOverflow(right).partialValue
  }

  /// The product modulo 2^256.
  @inlinable public static func &* (left: UInt256, right: UInt256) -> UInt256 {
    let product = left.low.multipliedFullWidth(by: right.low)
    let high = product.high &+ left.low &* right.high &+ left.high &* right.low
    return UInt256(high: high, low: product.low)
  }

  /// The sum modulo 2^256, and whether it wrapped.
  @inlinable public func addingReportingOverflow(
    _ other: UInt256
  ) -> (partialValue: UInt256, overflow: Bool) {
    let (low, carry) = low.addingReportingOverflow(other.low)
    let (sum, first) = high.addingReportingOverflow(other.high)
    let (high, second) = sum.addingReportingOverflow(carry ? 1 : 0)
    return (UInt256(high: high, low: low), first || second)
  }

  /// The difference modulo 2^256, and whether it wrapped.
  @inlinable public func subtractingReportingOverflow(
    _ other: UInt256
  ) -> (partialValue: UInt256, overflow: Bool) {
    let (low, borrow) = low.subtractingReportingOverflow(other.low)
    let (difference, first) = high.subtractingReportingOverflow(other.high)
    let (high, second) = difference.subtractingReportingOverflow(borrow ? 1 : 0)
    return (UInt256(high: high, low: low), first || second)
  }

  /// The 512-bit product.
  @inlinable public func multipliedFullWidth(by other: UInt256) -> (high: UInt256, low: UInt256) {
    let lowLow = low.multipliedFullWidth(by: other.low)
    let lowHigh = low.multipliedFullWidth(by: other.high)
    let highLow = high.multipliedFullWidth(by: other.low)
    let highHigh = high.multipliedFullWidth(by: other.high)
    let (first, carry1) = lowLow.high.addingReportingOverflow(lowHigh.low)
    let (second, carry2) = first.addingReportingOverflow(highLow.low)
    var top = UInt256(high: highHigh.high, low: highHigh.low)
    top = top &+ UInt256(lowHigh.high) &+ UInt256(highLow.high)
    top = top &+ UInt256((carry1 ? 1 : 0) as UInt64) &+ UInt256((carry2 ? 1 : 0) as UInt64)
    return (top, UInt256(high: second, low: lowLow.low))
  }

  /// The sum, or nil when it does not fit.
  @inlinable public func adding(_ other: UInt256) -> UInt256? {
    let (value, overflow) = addingReportingOverflow(other)
    return overflow ? nil : value
  }

  /// The difference, or nil when `other` is the greater.
  @inlinable public func subtracting(_ other: UInt256) -> UInt256? {
    let (value, overflow) = subtractingReportingOverflow(other)
    return overflow ? nil : value
  }

  /// The product, or nil when it does not fit.
  @inlinable public func multiplying(by other: UInt256) -> UInt256? {
    if high == 0, other.high == 0 {
      let product = low.multipliedFullWidth(by: other.low)
      return UInt256(high: product.high, low: product.low)
    }
    let product = multipliedFullWidth(by: other)
    return product.high.isZero ? product.low : nil
  }

  /// Quotient and remainder, or nil when `divisor` is 0.
  public func quotientAndRemainder(
    dividingBy divisor: UInt256
  ) -> (quotient: UInt256, remainder: UInt256)? {
    if divisor.isZero { return nil }
    if self < divisor { return (.zero, self) }
    if high == 0 {
      let (quotient, remainder) = low.quotientAndRemainder(dividingBy: divisor.low)
      return (UInt256(quotient), UInt256(remainder))
    }
    if divisor.high == 0 {
      // Schoolbook with 128-bit digits: the first digit's remainder is below the divisor, so
      // that dividing the full width cannot overflow.
      let (top, carry) = high.quotientAndRemainder(dividingBy: divisor.low)
      let (bottom, remainder) = divisor.low.dividingFullWidth((carry, low))
      return (UInt256(high: top, low: bottom), UInt256(remainder))
    }
    // The quotient fits 128 bits. Estimate it from the leading digits (Knuth 4.3.1 D with one
    // digit), which is at most two too large, and correct it.
    let shift = divisor.high.leadingZeroBitCount
    let normalised = divisor << shift
    let overflow = shift == 0 ? 0 : high >> (128 - shift)
    let shifted = self << shift
    var estimate = normalised.high.dividingFullWidth((overflow, shifted.high)).quotient
    while true {
      let product = divisor.multipliedFullWidth(by: UInt256(estimate))
      if product.high.isZero, product.low <= self {
        return (UInt256(estimate), self &- product.low)
      }
      estimate &-= 1
    }
  }

  /// The quotient, or nil when `divisor` is 0.
  public func divided(by divisor: UInt256) -> UInt256? {
    quotientAndRemainder(dividingBy: divisor)?.quotient
  }
}

// MARK: - Bits

extension UInt256 {
  /// Bits shifted left; 0 from 256 places on.
  @inlinable public static func << (value: UInt256, places: Int) -> UInt256 {
    switch places {
    case ..<1: value
    case ..<128:
      UInt256(high: value.high << places | value.low >> (128 - places), low: value.low << places)
    case ..<256: UInt256(high: value.low << (places - 128), low: 0)
    default: .zero
    }
  }

  /// Bits shifted right; 0 from 256 places on.
  @inlinable public static func >> (value: UInt256, places: Int) -> UInt256 {
    switch places {
    case ..<1: value
    case ..<128:
      UInt256(high: value.high >> places, low: value.low >> places | value.high << (128 - places))
    case ..<256: UInt256(high: 0, low: value.high >> (places - 128))
    default: .zero
    }
  }

  /// Bitwise or.
  @inlinable public static func | (left: UInt256, right: UInt256) -> UInt256 {
    UInt256(high: left.high | right.high, low: left.low | right.low)
  }

  /// Bitwise and.
  @inlinable public static func & (left: UInt256, right: UInt256) -> UInt256 {
    UInt256(high: left.high & right.high, low: left.low & right.low)
  }

  /// Bitwise exclusive or.
  @inlinable public static func ^ (left: UInt256, right: UInt256) -> UInt256 {
    UInt256(high: left.high ^ right.high, low: left.low ^ right.low)
  }
}

// MARK: - Conversions

extension UInt64 {
  /// The same value, or nil when it does not fit 64 bits.
  @inlinable public init?(exactly value: UInt256) {
    guard value.high == 0, let low = UInt64(exactly: value.low) else { return nil }
    self = low
  }
}

extension UInt256 {
  /// The big-endian number in a 32-byte word.
  @inlinable public init(_ word: Hash256) {
    self.init(
      high: UInt128(word.word0.bigEndian) << 64 | UInt128(word.word1.bigEndian),
      low: UInt128(word.word2.bigEndian) << 64 | UInt128(word.word3.bigEndian))
  }

  /// The big-endian number in up to 32 bytes, or nil when there are more.
  @inlinable public init?(bigEndian bytes: some Collection<UInt8>) {
    guard bytes.count <= 32 else { return nil }
    self = .zero
    for byte in bytes { self = self << 8 | UInt256(UInt64(byte)) }
  }

  /// The value as a 32-byte big-endian word.
  @inlinable public var word: Hash256 {
    var hash = Hash256()
    hash.word0 = UInt64(truncatingIfNeeded: high >> 64).bigEndian
    hash.word1 = UInt64(truncatingIfNeeded: high).bigEndian
    hash.word2 = UInt64(truncatingIfNeeded: low >> 64).bigEndian
    hash.word3 = UInt64(truncatingIfNeeded: low).bigEndian
    return hash
  }

  /// The shortest big-endian bytes; none for zero.
  public var minimalBytes: [UInt8] {
    let count = (bitWidth + 7) / 8
    return word.withUnsafeBytes { [UInt8]($0[(32 - count)...]) }
  }

  /// Reads decimal digits, or nil when the text has others, has none, or does not fit.
  public init?(decimal text: some StringProtocol) {
    guard !text.isEmpty, text.utf8.count <= 78 else { return nil }
    var value = UInt256.zero
    for character in text.utf8 {
      guard (0x30...0x39).contains(character),
        let next = value.multiplying(by: 10)?.adding(UInt256(UInt64(character - 0x30)))
      else { return nil }
      value = next
    }
    self = value
  }

  /// Ten to the power of `exponent`, or nil above 77.
  public static func powerOfTen(_ exponent: Int) -> UInt256? {
    guard (0...77).contains(exponent) else { return nil }
    var value = UInt256.one
    for _ in 0..<exponent { value = value &* 10 }
    return value
  }
}

extension UInt256: CustomStringConvertible {
  /// Decimal digits.
  public var description: String {
    if high == 0 { return String(low) }
    let chunk = UInt256(10_000_000_000_000_000_000 as UInt64)
    var rest = self
    var parts: [String] = []
    while rest.high != 0, let step = rest.quotientAndRemainder(dividingBy: chunk) {
      let digits = String(step.remainder.low)
      parts.append(String(repeating: "0", count: 19 - digits.count) + digits)
      rest = step.quotient
    }
    return String(rest.low) + parts.reversed().joined()
  }
}
