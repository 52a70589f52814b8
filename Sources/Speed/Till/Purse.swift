/// The money of a till: what may be signed away, and what is; sums over the whole life of its
/// statement, in wei.
///
/// The ceiling is on disk before anything is signed below it. After a crash it counts as spent, so
/// that no crash, however often it comes, buys more than was allowed.
struct Purse {
  private(set) var spent: UInt128
  private(set) var ceiling: UInt128
  private(set) var allowed: UInt128
  /// The user's switch: while it is off nothing is signed away.
  var isSpending = true

  /// A purse from which nothing may be spent yet but what is `billed` already and not signed for.
  init(spent: UInt128, billed: UInt128) {
    self.spent = spent
    ceiling = spent
    allowed = max(spent, billed)
  }

  /// What may still be signed away.
  var left: UInt128 { isSpending && allowed > spent ? allowed - spent : 0 }

  /// Allows so much more, or less.
  mutating func allow(_ amount: UInt128, insteadOf before: UInt128) {
    allowed = max(allowed + amount, before) - before
  }

  /// The ceiling that must be on disk before `amount` more is signed; nil where it is there.
  func ceiling(for amount: UInt128) -> UInt128? {
    guard spent + amount > ceiling else { return nil }
    return min(allowed, spent + amount + left / Self.parts)
  }

  /// Notes a ceiling that is on disk.
  mutating func raise(to ceiling: UInt128) { self.ceiling = max(self.ceiling, ceiling) }

  /// Takes money that is about to be signed away.
  mutating func spend(_ amount: UInt128) { spent += amount }

  /// Puts back what was not signed away after all.
  mutating func restore(_ amount: UInt128) { spent -= min(amount, spent) }

  private static let parts: UInt128 = 16
}
