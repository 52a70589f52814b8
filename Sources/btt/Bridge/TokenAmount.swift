internal import Primitives

/// Amounts of tokens that are not BTT, in their own decimals.
enum TokenAmount {
  /// The units that a decimal number of tokens is.
  static func parse(_ text: String, decimals: UInt8) throws -> UInt256 {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? String(parts[1]) : ""
    guard let whole = parts.first, fraction.utf8.count <= Int(decimals),
      parts.count == 1 || !fraction.isEmpty,
      let units = UInt256(
        decimal: whole + fraction
          + String(repeating: "0", count: Int(decimals) - fraction.utf8.count)
      )
    else {
      throw CommandFailure(
        .invalidInput, "\(text) is no amount of a token with \(decimals) decimals",
        next: "give a number such as 1.5")
    }
    return units
  }

  /// A decimal number of tokens.
  static func format(_ units: UInt256, decimals: UInt8) -> String {
    guard decimals > 0 else { return units.description }
    let digits = units.description
    let padded = String(repeating: "0", count: max(0, Int(decimals) + 1 - digits.count)) + digits
    var fraction = padded.suffix(Int(decimals))
    while fraction.last == "0" { fraction.removeLast() }
    let whole = padded.dropLast(Int(decimals))
    return fraction.isEmpty ? String(whole) : "\(whole).\(fraction)"
  }
}
