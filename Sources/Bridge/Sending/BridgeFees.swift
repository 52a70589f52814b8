public import Primitives

/// What a relayer pays for gas, and how it hurries what is stuck.
public struct BridgeFees: Hashable, Sendable {
  /// The most it pays in wei per gas, however long it takes.
  public var maximum = UInt256(500_000_000_000)
  /// The most it offers as a tip at first; what is stuck may get to offer more.
  public var maximumTip = UInt256(20_000_000_000)
  /// After how long a transaction that is in no block is sent again with a higher fee.
  public var patience = Duration.seconds(60)

  /// The defaults.
  public init() {}

  /// The fees of a new transaction: twice the base fee, so that it outlasts six full blocks.
  package func first(baseFee: UInt256, tip: UInt256) -> (max: UInt256, tip: UInt256) {
    let tip = min(tip, maximumTip)
    let max = min(maximum, baseFee.multiplying(by: 2)?.adding(tip) ?? maximum)
    return (max, min(tip, max))
  }

  /// The fees that replace others: an eighth more at least, which nodes ask for; nil when that is
  /// more than the most.
  package func replacing(
    max old: UInt256, tip oldTip: UInt256, baseFee: UInt256, tip: UInt256
  ) -> (max: UInt256, tip: UInt256)? {
    let fresh = first(baseFee: baseFee, tip: tip)
    let newMax = Swift.max(fresh.max, Self.eighthMore(old))
    guard newMax <= maximum else { return nil }
    return (newMax, min(newMax, Swift.max(fresh.tip, Self.eighthMore(oldTip))))
  }

  private static func eighthMore(_ fee: UInt256) -> UInt256 { fee &+ (fee >> 3) &+ 1 }
}
