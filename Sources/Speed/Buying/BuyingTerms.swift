/// What a buyer is ready to pay for a torrent; amounts in wei.
public struct BuyingTerms: Hashable, Sendable {
  /// The most that is locked, and so the most that is spent.
  public var budget: UInt128
  /// The most that 2^20 bytes may cost; sellers are never told.
  public var maximumPrice: UInt128
  /// Bytes a second above which no more is paid for; nil for as fast as can be.
  public var targetRate: Int?
  /// Of the budget, what was spent or may have been before, as after a crash.
  public var spentBefore: UInt128 = 0
  /// Whether a seller that gives strangers no window may have its first window's price before it
  /// delivers.
  public var prepaysFirstWindow = false
  /// Whether paying pauses now and then, to see what it is good for.
  public var measuresGain = true

  /// Terms.
  public init(budget: UInt128, maximumPrice: UInt128, targetRate: Int? = nil) {
    self.budget = budget
    self.maximumPrice = maximumPrice
    self.targetRate = targetRate
  }
}
