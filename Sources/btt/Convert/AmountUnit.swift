internal import Primitives

/// What an amount can be written in: a unit, or wei in hexadecimal.
enum AmountUnit: String, CaseIterable {
  case btt = "BTT"
  case milliBTT = "mBTT"
  case gwei
  case wei
  case legacy = "uBTTOLD"
  case hex

  /// Reads a unit's name, in any case but for `MBTT`, which may mean a million.
  init(argument text: String) throws {
    let lowered = text.lowercased()
    let named = Self.allCases.first { $0.rawValue.lowercased() == lowered }
    guard let unit = lowered == "legacy" ? .legacy : named,
      unit != .milliBTT || text.hasPrefix("m")
    else {
      throw CommandFailure(
        .usage,
        "'\(text)' is no unit: use one of "
          + Self.allCases.map(\.rawValue).joined(separator: ", "))
    }
    self = unit
  }

  /// Reads an amount with its unit, or wei in hexadecimal.
  static func parse(_ text: String) throws -> Amount {
    guard text.hasPrefix("0x") || text.hasPrefix("0X") else { return try Amount(parsing: text) }
    // People paste words of storage, whose zeros a quantity must not have.
    let digits = text.dropFirst(2).drop { $0 == "0" }
    return Amount(
      wei: try Hex.decodeQuantity("0x" + (digits.isEmpty && text.count > 2 ? "0" : digits)))
  }

  /// The exact number of this unit.
  func number(_ amount: Amount) -> String {
    let unit: Amount.Unit
    switch self {
    case .btt: unit = .btt
    case .milliBTT: unit = .milliBTT
    case .gwei: unit = .gwei
    case .wei: unit = .wei
    case .legacy: unit = .legacy
    case .hex: return Hex.quantity(amount.wei)
    }
    let text = amount.formatted(unit)
    return String(text.prefix { $0 != " " })
  }
}
