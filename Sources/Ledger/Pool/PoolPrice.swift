internal import Primitives

/// What a transaction is worth to the pool at a base fee: its effective tip, or below all of those
/// its fee cap when that is under the base fee.
struct PoolPrice: Comparable {
  let isExecutable: Bool
  let amount: UInt256

  init(_ transaction: PoolTransaction, baseFee: UInt256) {
    let tip = transaction.effectiveTip(baseFee: baseFee)
    isExecutable = tip != nil
    amount = tip ?? transaction.feeCap
  }

  static func < (left: Self, right: Self) -> Bool {
    if left.isExecutable != right.isExecutable { return right.isExecutable }
    return left.amount < right.amount
  }
}
