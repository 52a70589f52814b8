internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct UInt256Tests {
  struct Row {
    var left, right, sum, difference, productHigh, productLow: UInt256
    var quotient, remainder: UInt256?
  }

  /// A number of up to 64 hex digits.
  static func number(_ hex: some StringProtocol) throws -> UInt256 {
    try Hex.decodeQuantity("0x" + hex)
  }

  static func rows() throws -> [Row] {
    try uint256Table.split(separator: "\n").map { line in
      let columns = line.split(separator: " ")
      try #require(columns.count == 7)
      return Row(
        left: try number(columns[0]), right: try number(columns[1]), sum: try number(columns[2]),
        difference: try number(columns[3]),
        productHigh: columns[4].count > 64 ? try number(columns[4].dropLast(64)) : 0,
        productLow: try number(trimmed(columns[4].suffix(64))),
        quotient: columns[5] == "-" ? nil : try number(columns[5]),
        remainder: columns[6] == "-" ? nil : try number(columns[6]))
    }
  }

  static func trimmed(_ digits: Substring) -> Substring {
    let rest = digits.drop { $0 == "0" }
    return rest.isEmpty ? "0" : rest
  }

  @Test func `computes what Python computes`() throws {
    let rows = try Self.rows()
    #expect(rows.count > 60)
    for row in rows {
      let (left, right) = (row.left, row.right)
      let note: Comment = "\(left), \(right)"
      let sum = left.addingReportingOverflow(right)
      #expect(sum.partialValue == row.sum, note)
      #expect(sum.overflow == (row.sum < left), note)
      #expect(left &+ right == row.sum, note)
      #expect(left.adding(right) == (sum.overflow ? nil : row.sum), note)

      let difference = left.subtractingReportingOverflow(right)
      #expect(difference.partialValue == row.difference, note)
      #expect(difference.overflow == (left < right), note)
      #expect(left &- right == row.difference, note)
      #expect(left.subtracting(right) == (left < right ? nil : row.difference), note)

      let product = left.multipliedFullWidth(by: right)
      #expect(product.high == row.productHigh, note)
      #expect(product.low == row.productLow, note)
      #expect(left &* right == row.productLow, note)
      #expect(left.multiplying(by: right) == (row.productHigh == 0 ? row.productLow : nil), note)

      let division = left.quotientAndRemainder(dividingBy: right)
      #expect(division?.quotient == row.quotient, note)
      #expect(division?.remainder == row.remainder, note)
      #expect(left.divided(by: right) == row.quotient, note)
    }
  }

  /// A number with long runs of equal bits, on which carries and estimated quotients go wrong.
  static func rough(_ random: inout SeededGenerator) -> UInt256 {
    var value = UInt256.zero
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let run = UInt256.max >> Int.random(in: 0...256, using: &random)
      value = value ^ (run << Int.random(in: 0...255, using: &random))
    }
    return Bool.random(using: &random) ? value ^ UInt256(random.next() & 3) : value
  }

  @Test func `divides so that quotient and remainder make up the dividend`() throws {
    var random = SeededGenerator()
    for _ in 0..<20_000 {
      let (left, right) = (Self.rough(&random), Self.rough(&random))
      let note: Comment = "\(left), \(right), seed \(random.seed)"
      guard let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right) else {
        #expect(right.isZero, note)
        continue
      }
      #expect(remainder < right, note)
      #expect(quotient.multiplying(by: right)?.adding(remainder) == left, note)
    }
  }

  @Test func `divides by every power of two as it shifts`() throws {
    var random = SeededGenerator()
    for places in 0..<256 {
      let value = Self.rough(&random)
      let division = try #require(value.quotientAndRemainder(dividingBy: .one << places))
      #expect(division.quotient == value >> places, "\(value), \(places), seed \(random.seed)")
      #expect(division.remainder == value &- ((value >> places) << places))
    }
  }

  @Test func `obeys the laws of a ring`() {
    var random = SeededGenerator()
    for _ in 0..<2_000 {
      let (a, b, c) = (Self.rough(&random), Self.rough(&random), Self.rough(&random))
      let note: Comment = "\(a), \(b), \(c), seed \(random.seed)"
      #expect(a &+ b == b &+ a, note)
      #expect((a &+ b) &+ c == a &+ (b &+ c), note)
      #expect(a &* b == b &* a, note)
      #expect((a &* b) &* c == a &* (b &* c), note)
      #expect(a &* (b &+ c) == a &* b &+ a &* c, note)
      #expect(a &- b &+ b == a, note)
    }
  }

  @Test func `shifts bits out and zeros in`() {
    let value = UInt256(high: 0x0123 << 112 | 0x4567, low: 0x89ab << 112 | 0xcdef)
    #expect(value << 0 == value)
    #expect(value >> 0 == value)
    #expect(value << 16 == UInt256(high: 0x4567 << 16 | 0x89ab, low: 0xcdef << 16))
    #expect(value >> 16 == UInt256(high: 0x0123 << 96, low: 0x4567 << 112 | 0x89ab << 96))
    #expect(value << 128 == UInt256(high: value.low, low: 0))
    #expect(value >> 128 == UInt256(high: 0, low: value.high))
    #expect(UInt256.one << 255 == UInt256(high: 1 << 127, low: 0))
    #expect((UInt256.one << 255) >> 255 == 1)
    for places in [256, 257, 1_000, Int.max] {
      #expect(UInt256.max << places == 0)
      #expect(UInt256.max >> places == 0)
    }
  }

  @Test func `combines bits`() {
    let left = UInt256(high: 0b1100, low: 0b1010)
    let right = UInt256(high: 0b1010, low: 0b0110)
    #expect(left | right == UInt256(high: 0b1110, low: 0b1110))
    #expect(left & right == UInt256(high: 0b1000, low: 0b0010))
    #expect(left ^ right == UInt256(high: 0b0110, low: 0b1100))
  }

  @Test func `orders by size`() {
    let ascending: [UInt256] = [
      0, 1, UInt256(UInt64.max), UInt256(UInt128.max), UInt256(high: 1, low: 0),
      UInt256(high: 1, low: 1), UInt256(high: 2, low: 0), .max,
    ]
    #expect(ascending.shuffled().sorted() == ascending)
  }

  @Test func `counts significant bits`() {
    #expect(UInt256.zero.bitWidth == 0)
    for places in 0..<256 { #expect((UInt256.one << places).bitWidth == places + 1) }
    #expect(UInt256.max.bitWidth == 256)
  }

  @Test func `converts to and from bytes, words and machine integers`() throws {
    var random = SeededGenerator()
    for count in 0...32 {
      let bytes = random.bytes(count)
      let value = try #require(UInt256(bigEndian: bytes))
      #expect(UInt256(value.word) == value)
      #expect(value.word.bytes == Array(repeating: 0, count: 32 - count) + bytes)
      #expect(value.minimalBytes == Array(bytes.drop { $0 == 0 }))
    }
    #expect(UInt256(bigEndian: random.bytes(33)) == nil)
    #expect(UInt256(exactly: -1) == nil)
    #expect(UInt256(exactly: Int.max) == UInt256(UInt64(Int.max)))
    #expect(UInt64(exactly: UInt256(UInt64.max)) == .max)
    #expect(UInt64(exactly: UInt256(UInt64.max) &+ 1) == nil)
    #expect(UInt64(exactly: UInt256(high: 1, low: 0)) == nil)
  }

  @Test func `reads and writes decimal digits`() throws {
    let maximum =
      "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    #expect(UInt256.max.description == maximum)
    #expect(UInt256(decimal: maximum) == .max)
    #expect(UInt256(decimal: maximum.dropLast() + "6") == nil)
    #expect(UInt256(decimal: "1" + maximum) == nil)
    #expect(UInt256(decimal: "") == nil)
    for text in ["-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "١"] {
      #expect(UInt256(decimal: text) == nil, "\(text)")
    }
    #expect(UInt256.zero.description == "0")
    #expect(
      UInt256(high: 1, low: 0).description == "340282366920938463463374607431768211456")
    for exponent in 0...77 {
      let digits = "1" + String(repeating: "0", count: exponent)
      #expect(UInt256.powerOfTen(exponent)?.description == digits)
      #expect(UInt256(decimal: digits) == UInt256.powerOfTen(exponent))
    }
    #expect(UInt256.powerOfTen(78) == nil)
    #expect(UInt256.powerOfTen(-1) == nil)
    var random = SeededGenerator()
    for _ in 0..<500 {
      let value = Self.rough(&random)
      #expect(UInt256(decimal: value.description) == value, "seed \(random.seed)")
    }
  }
}
