internal import ChainTypes
internal import Primitives

/// A transaction in the pool, with what the pool asks of it again and again.
///
/// A class, so that queues and snapshots hold it by one pointer.
final class PoolTransaction: Sendable {
  let recovered: RecoveredTransaction
  /// Whether it came from this node's own users.
  let isLocal: Bool
  /// The most it can take from what its sender has now.
  let cost: UInt256
  /// Whether it needs what it pays its sender to pay its fee.
  let isOnCredit: Bool
  /// Its place in the order of arrival.
  let arrival: UInt64
  /// When it came, in seconds since 1970.
  let time: UInt64

  init(
    _ recovered: RecoveredTransaction, isLocal: Bool, payouts: UInt256, arrival: UInt64,
    time: UInt64
  ) {
    self.recovered = recovered
    self.isLocal = isLocal
    let most = recovered.signed.transaction.maximumCost ?? .max
    cost = most.subtracting(payouts) ?? .zero
    isOnCredit = !payouts.isZero
    self.arrival = arrival
    self.time = time
  }

  var signed: SignedTransaction { recovered.signed }
  var sender: Address { recovered.sender }
  var hash: Hash256 { recovered.signed.hash }
  var nonce: UInt64 { recovered.signed.transaction.nonce }
  var byteCount: Int { recovered.signed.encoded.count }
  var journalByteCount: Int { byteCount + JournalFrame.headerCount }
  var feeCap: UInt256 { recovered.signed.transaction.maxFeePerGas }
  var tip: UInt256 { recovered.signed.transaction.maxPriorityFeePerGas }

  /// What the proposer gets per gas at a base fee; nil when the fee cap is below it.
  func effectiveTip(baseFee: UInt256) -> UInt256? {
    feeCap.subtracting(baseFee).map { min(tip, $0) }
  }
}
