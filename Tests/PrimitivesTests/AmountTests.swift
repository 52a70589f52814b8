internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct AmountTests {
  @Test(arguments: [
    ("1.5", "1500000000000000000"), ("1.5 BTT", "1500000000000000000"),
    ("1.5BTT", "1500000000000000000"), ("  1.5\tbtt ", "1500000000000000000"),
    ("250 mBTT", "250000000000000000"), ("250 mbtt", "250000000000000000"),
    ("0.000000000000001 mBTT", "1"), ("1000 wei", "1000"), ("1000 WEI", "1000"),
    ("3 gwei", "3000000000"), ("0.000000001 Gwei", "1"), ("7 uBTTOLD", "7000000000000000"),
    ("7 legacy", "7000000000000000"), ("0", "0"), ("0 wei", "0"),
    ("0.000000000000000001", "1"), ("007", "7000000000000000000"),
    ("990000000000000", "990000000000000000000000000000000"),
    (
      "115792089237316195423570985008687907853269984665640564039457584007913129639935 wei",
      "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    ),
    (
      "115792089237316195423570985008687907853269984665640564039457.584007913129639935",
      "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    ),
  ])
  func `reads numbers with and without units`(_ text: String, _ wei: String) throws {
    #expect(try Amount(parsing: text).wei.description == wei)
  }

  @Test func `takes the unit asked for where none is written`() throws {
    #expect(try Amount(parsing: "12", unit: .wei).wei == 12)
    #expect(try Amount(parsing: "12 gwei", unit: .wei).wei == 12_000_000_000)
  }

  @Test(arguments: [
    ("", AmountError.empty), ("   ", .empty), ("-1", .negative), ("-0", .negative),
    ("NaN", .notANumber), ("inf", .notANumber), ("+1", .notANumber), ("BTT", .notANumber),
    (".5", .notANumber), ("1.", .notANumber), ("1.BTT", .notANumber), ("٣", .notANumber),
    ("1e18", .exponent), ("1E18 wei", .exponent), ("1.5e-3", .exponent), ("1e+2", .exponent),
    ("1,5", .comma), ("1,000.5 BTT", .comma),
    ("0x10", .unknownUnit("x10")), ("1 eth", .unknownUnit("eth")), ("1 2", .unknownUnit("2")),
    ("1.2.3", .unknownUnit(".3")), ("1 BTT please", .unknownUnit("BTT please")),
    ("1 BTT\u{0}", .unknownUnit("BTT\u{0}")), ("1_000", .unknownUnit("_000")),
    ("5 MBTT", .ambiguousUnit("MBTT")), ("5 Mbtt", .ambiguousUnit("Mbtt")),
    ("0.0000000000000000001", .tooPrecise(unit: .btt)), ("1.0 wei", .tooPrecise(unit: .wei)),
    ("1.0000000001 gwei", .tooPrecise(unit: .gwei)),
    (
      "115792089237316195423570985008687907853269984665640564039457584007913129639936 wei",
      .overflow
    ),
    ("115792089237316195423570985008687907853269984665640564039458", .overflow),
    (String(repeating: "9", count: 120), .overflow),
    (String(repeating: "0", count: 200), .notANumber),
  ])
  func `refuses other texts with the reason`(_ text: String, _ error: AmountError) {
    #expect(throws: error) { try Amount(parsing: text) }
    #expect(error.description.count > 20)
  }

  @Test(arguments: [
    ("1500000000000000000", "1.5 BTT"), ("1", "0.000000000000000001 BTT"), ("0", "0 BTT"),
    ("1000000000000000000", "1 BTT"), ("1010000000000000000000", "1010 BTT"),
  ])
  func `writes the shortest exact number of BTT`(_ wei: String, _ text: String) throws {
    #expect(Amount(wei: try #require(UInt256(decimal: wei))).description == text)
  }

  @Test func `writes any unit, with groups where asked`() throws {
    let amount = try Amount(parsing: "1234567.00089")
    #expect(amount.formatted(.btt, grouped: true) == "1,234,567.00089 BTT")
    #expect(amount.formatted(.milliBTT) == "1234567000.89 mBTT")
    #expect(amount.formatted(.legacy) == "1234567000.89 uBTTOLD")
    #expect(amount.formatted(.gwei, grouped: true) == "1,234,567,000,890,000 gwei")
    #expect(amount.formatted(.wei) == "1234567000890000000000000 wei")
    #expect(try Amount(parsing: "999").formatted(.btt, grouped: true) == "999 BTT")
    #expect(try Amount(parsing: "1000").formatted(.btt, grouped: true) == "1,000 BTT")
  }

  @Test func `a thousand of the old ledger's units are one BTT, and nothing is rounded`() throws {
    // One old BTT, a million units, became a thousand BTT.
    let old = try #require(Amount(1_000_000, .legacy))
    #expect(old == Amount(1_000, .btt))
    #expect(old.count(of: .legacy) == 1_000_000)
    #expect(Amount(1, .btt)?.count(of: .legacy) == 1_000)
    #expect(Amount(wei: 1_000_000_000_000_000).count(of: .legacy) == 1)
    for wei: UInt256 in [1, 999_999_999_999_999, 1_000_000_000_000_001] {
      #expect(Amount(wei: wei).count(of: .legacy) == nil)
    }
    #expect(Amount.zero.count(of: .legacy) == .zero)
    #expect(Amount(.max, .legacy) == nil)
    // All BTT there is, 990 trillion.
    let supply = try #require(Amount(990_000_000_000_000, .btt))
    #expect(supply.count(of: .legacy) == 990_000_000_000_000_000)
  }

  @Test(arguments: Amount.Unit.allCases)
  func `reads back what it writes, in every unit`(_ unit: Amount.Unit) throws {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let word = try #require(Hash256(random.bytes(32)))
      let amount = Amount(wei: UInt256(word) >> Int.random(in: 0...255, using: &random))
      #expect(try Amount(parsing: amount.formatted(unit)) == amount, "seed \(random.seed)")
    }
  }

  @Test func `adds and subtracts without wrapping`() throws {
    let one = try Amount(parsing: "1 wei")
    #expect(Amount(wei: .max).adding(one) == nil)
    #expect(Amount.zero.subtracting(one) == nil)
    #expect(one.adding(one)?.wei == 2)
    #expect(one.subtracting(one) == .zero)
    #expect(Amount.zero < one)
    #expect(Amount.zero.isZero && !one.isZero)
    #expect(Amount(.max, .gwei) == nil)
    #expect(Amount(3, .btt) == (try Amount(parsing: "3")))
  }
}
