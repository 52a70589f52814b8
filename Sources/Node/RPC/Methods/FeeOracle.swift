internal import ChainTypes
internal import Ledger
internal import Primitives
internal import Synchronization

/// What tip to advise.
///
/// While blocks have room, no tip buys anything, and none is advised. Of the last blocks those that
/// were more than half full count: each with the tip that 60 of 100 units of its gas paid less
/// than, and the advice is the 60th percentile of these, as geth's.
final class FeeOracle: Sendable {
  private struct State {
    var tip = UInt256.zero
    var head: Hash256?
    /// The tip of each block that counts, by height.
    var tips: [UInt64: UInt256] = [:]
  }

  private static let blockCount: UInt64 = 20
  private static let percentile = 60

  private let state = Mutex(State())
  private let minimumTip: UInt256

  init(minimumTip: UInt256) { self.minimumTip = minimumTip }

  /// The tip to advise for the block after a view's head, in wei per gas.
  func tip(_ view: ChainView) throws -> UInt256 {
    let known = state.withLock { $0 }
    if known.head == view.headHash { return known.tip }
    let first = view.head.number - min(view.head.number, Self.blockCount - 1)
    var tips: [UInt64: UInt256] = [:]
    for number in first...view.head.number {
      guard let header = try view.header(number), header.gasUsed > header.gasLimit / 2 else {
        continue
      }
      if let tip = known.tips[number] {
        tips[number] = tip
      } else if let fees = try BlockFees(view, number) {
        tips[number] = fees.tip(percentile: Double(Self.percentile))
      }
    }
    let sorted = tips.values.sorted()
    let typical = sorted.isEmpty ? .zero : sorted[(sorted.count - 1) * Self.percentile / 100]
    let tip = max(minimumTip, typical)
    state.withLock { $0 = State(tip: tip, head: view.headHash, tips: tips) }
    return tip
  }
}

/// The tips of a block, each with the gas that paid it.
struct BlockFees {
  /// In ascending order of tips.
  private let tips: [(tip: UInt256, gasUsed: UInt64)]
  private let gasUsed: UInt64

  /// The number of transactions.
  var count: Int { tips.count }

  init?(_ view: ChainView, _ number: UInt64) throws {
    guard let header = try view.header(number), let receipts = try view.receipts(number),
      let transactions = try view.transactions(number)
    else { return nil }
    gasUsed = header.gasUsed
    tips = zip(transactions, receipts).map { signed, receipt in
      let price = signed.transaction.effectiveGasPrice(baseFee: header.baseFeePerGas)
      return (price.subtracting(header.baseFeePerGas) ?? .zero, receipt.gasUsed)
    }.sorted { $0.tip < $1.tip }
  }

  /// The least tip such that at least `percentile` of the block's gas paid no more.
  func tip(percentile: Double) -> UInt256 {
    let threshold = UInt64(Double(gasUsed) * percentile / 100)
    var sum: UInt64 = 0
    for (tip, gas) in tips {
      sum += gas
      if sum >= threshold { return tip }
    }
    return tips.last?.tip ?? .zero
  }
}
