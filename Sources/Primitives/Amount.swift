/// An amount of BTT, held exactly as a count of wei.
public struct Amount: Hashable, Sendable {
  /// The amount in wei, of which 10^18 make one BTT.
  public var wei: UInt256

  /// Nothing.
  public static let zero = Amount(wei: .zero)

  /// The amount of `wei` wei.
  public init(wei: UInt256) { self.wei = wei }

  /// `count` of a unit, or nil when it does not fit 256 bits.
  public init?(_ count: UInt256, _ unit: Unit) {
    guard let wei = count.multiplying(by: unit.weiPerUnit) else { return nil }
    self.wei = wei
  }

  /// How many of a unit the amount is, or nil when it is not a whole number of them.
  ///
  /// The old ledger, whose amounts are counts of `legacy`, can so be told nothing it would round.
  public func count(of unit: Unit) -> UInt256? {
    let step = wei.quotientAndRemainder(dividingBy: unit.weiPerUnit)
    guard let step, step.remainder.isZero else { return nil }
    return step.quotient
  }

  /// The sum, or nil when it does not fit 256 bits.
  public func adding(_ other: Amount) -> Amount? { wei.adding(other.wei).map(Amount.init) }

  /// The difference, or nil when `other` is the greater.
  public func subtracting(_ other: Amount) -> Amount? {
    wei.subtracting(other.wei).map(Amount.init)
  }

  /// Whether the amount is nothing.
  public var isZero: Bool { wei.isZero }
}

extension Amount {
  /// What amounts are written in.
  public enum Unit: Sendable, CaseIterable {
    /// The coin since the redenomination of 2022, 10^18 wei.
    case btt
    /// A thousandth of a BTT, 10^15 wei.
    case milliBTT
    /// The old ledger's unit: a millionth of a BTTOLD, of which one became 1,000 BTT.
    ///
    /// It is therefore worth 10^15 wei, just as an mBTT is; a name of its own keeps old figures
    /// recognisable.
    case legacy
    /// 10^9 wei, as gas prices are quoted.
    case gwei
    /// The smallest unit.
    case wei

    /// How the unit is written behind a number.
    public var symbol: String {
      switch self {
      case .btt: "BTT"
      case .milliBTT: "mBTT"
      case .legacy: "uBTTOLD"
      case .gwei: "gwei"
      case .wei: "wei"
      }
    }

    /// How many decimals a number of this unit may have.
    public var decimals: Int {
      switch self {
      case .btt: 18
      case .milliBTT, .legacy: 15
      case .gwei: 9
      case .wei: 0
      }
    }

    var weiPerUnit: UInt256 { UInt256.powerOfTen(decimals) ?? .one }

    init?(symbol: some StringProtocol) {
      let lowered = symbol.lowercased()
      if lowered == "legacy" {
        self = .legacy
        return
      }
      guard let unit = Unit.allCases.first(where: { $0.symbol.lowercased() == lowered }) else {
        return nil
      }
      self = unit
    }
  }
}

extension Amount: Comparable {
  /// Numeric order.
  public static func < (left: Amount, right: Amount) -> Bool { left.wei < right.wei }
}

extension Amount: CustomStringConvertible {
  /// The shortest exact decimal number of BTT, with the unit: `1.5 BTT`.
  public var description: String { formatted(.btt) }

  /// The shortest exact decimal number of a unit, with its symbol.
  ///
  /// With `grouped`, the whole part's thousands are set apart by commas, which is for people:
  /// such a text cannot be read back.
  public func formatted(_ unit: Unit, grouped: Bool = false) -> String {
    let step = wei.quotientAndRemainder(dividingBy: unit.weiPerUnit)
    var text = (step?.quotient ?? wei).description
    if grouped {
      var groups: [Substring] = []
      var rest = text[...]
      while rest.count > 3 {
        groups.append(rest.suffix(3))
        rest = rest.dropLast(3)
      }
      text = ([rest] + groups.reversed()).joined(separator: ",")
    }
    if let remainder = step?.remainder, !remainder.isZero {
      let digits = remainder.description
      var fraction = String(repeating: "0", count: unit.decimals - digits.count) + digits
      while fraction.last == "0" { fraction.removeLast() }
      text += "." + fraction
    }
    return text + " " + unit.symbol
  }
}
