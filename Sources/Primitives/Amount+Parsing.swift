/// Why a text is not an amount.
public enum AmountError: Error, Equatable, Sendable {
  /// There is nothing but white space.
  case empty
  /// The number has a minus sign.
  case negative
  /// The number has an exponent, as in `1e18`.
  case exponent
  /// The number has a comma, which some read as a point and others as nothing.
  case comma
  /// The text does not begin with a number of the form `12` or `12.5`.
  case notANumber
  /// What follows the number is none of the units.
  case unknownUnit(String)
  /// `MBTT` may be meant as a thousandth or as a million.
  case ambiguousUnit(String)
  /// The number has more decimals than its unit can be divided into.
  case tooPrecise(unit: Amount.Unit)
  /// The amount is 2^256 wei or more.
  case overflow
}

extension AmountError: CustomStringConvertible {
  /// The cause, and an example of what is right.
  public var description: String {
    switch self {
    case .empty: "no amount given: write one such as 1.5 BTT"
    case .negative: "an amount cannot be negative: write one such as 1.5 BTT"
    case .exponent:
      "an amount is not written with an exponent: write all digits, such as 1500000 wei"
    case .comma:
      "an amount has no commas: write 1500.25 BTT, with a point and without thousands separators"
    case .notANumber: "an amount begins with a decimal number, such as 1.5 BTT or 250 mBTT"
    case .unknownUnit(let text):
      "unknown unit '\(text)': use one of "
        + Amount.Unit.allCases.map(\.symbol).joined(separator: ", ") + ", as in 250 mBTT"
    case .ambiguousUnit(let text):
      "'\(text)' may mean a thousandth or a million: write 250 mBTT, or 250000000 BTT"
    case .tooPrecise(let unit):
      "\(unit.symbol) has at most \(unit.decimals) decimals: "
        + (unit == .wei ? "write a whole number, such as 1000 wei" : "drop the digits beyond")
    case .overflow: "the amount is too large: at most 2^256 - 1 wei can be held, such as 1.5 BTT"
    }
  }
}

extension Amount {
  /// The longest text that is looked at.
  private static let maximumLength = 128

  /// Reads what a person typed: a decimal number, and a unit behind it or `unit`.
  ///
  /// Units are `BTT`, `mBTT`, `gwei`, `wei` and, for the old ledger's, `uBTTOLD` or `legacy`, in
  /// any case; only the capital M of `MBTT` is refused, as that is a million elsewhere. The number
  /// has digits on both sides of its point, no sign, no exponent and no separators, and no more
  /// decimals than the unit holds: nothing is ever rounded.
  public init(parsing text: some StringProtocol, unit: Unit = .btt) throws(AmountError) {
    let characters = Array(text.utf8.prefix(Self.maximumLength + 1))
    guard characters.count <= Self.maximumLength else { throw .notANumber }
    func isSpace(_ character: UInt8) -> Bool { character == 0x20 || character == 0x09 }
    func isDigit(_ character: UInt8) -> Bool { (0x30...0x39).contains(character) }

    var rest = characters[...].drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    guard let first = rest.first else { throw .empty }
    guard first != 0x2d else { throw .negative }

    let whole = rest.prefix(while: isDigit)
    rest = rest.dropFirst(whole.count)
    guard !whole.isEmpty else { throw .notANumber }
    var fraction: ArraySlice<UInt8> = []
    if rest.first == 0x2e {
      fraction = rest.dropFirst().prefix(while: isDigit)
      rest = rest.dropFirst(fraction.count + 1)
      guard !fraction.isEmpty else { throw .notANumber }
    }
    if rest.first == 0x2c { throw .comma }
    if let mark = rest.first, mark | 0x20 == 0x65,
      let next = rest.dropFirst().first, isDigit(next) || next == 0x2b || next == 0x2d
    {
      throw .exponent
    }

    let symbol = String(decoding: rest.drop(while: isSpace), as: UTF8.self)
    var unit = unit
    if !symbol.isEmpty {
      guard let named = Unit(symbol: symbol) else { throw .unknownUnit(symbol) }
      if named == .milliBTT, symbol.hasPrefix("M") { throw .ambiguousUnit(symbol) }
      unit = named
    }

    guard fraction.count <= unit.decimals else { throw .tooPrecise(unit: unit) }
    var wei = UInt256.zero
    let padding = repeatElement(0x30 as UInt8, count: unit.decimals - fraction.count)
    for digits in [Array(whole), Array(fraction), Array(padding)] {
      for digit in digits {
        guard let next = wei.multiplying(by: 10)?.adding(UInt256(UInt64(digit - 0x30))) else {
          throw .overflow
        }
        wei = next
      }
    }
    self.wei = wei
  }
}
