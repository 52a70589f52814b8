public import ChainTypes
public import Primitives

/// Why the pool does not take a transaction.
public enum PoolError: Error, Equatable, Sendable {
  /// The pool has it.
  case alreadyKnown(Hash256)
  /// No state of any chain could make it valid.
  case invalid(TransactionError)
  /// It cannot stand in any block of this chain, or not on the sender's account as it is.
  case rejected(TransactionRejection)
  /// It wants more gas than a block has.
  case exceedsBlockGasLimit(have: UInt64, limit: UInt64)
  /// It offers less per gas than the base fee ever is.
  case belowFeeFloor(feeCap: UInt256, floor: UInt256)
  /// It offers a smaller tip than this node wants.
  case tipTooLow(have: UInt256, want: UInt256)
  /// The pool is full of dearer ones.
  case underpriced(Hash256)
  /// Its fees are not enough above those of the one with the same nonce.
  case replacementUnderpriced(old: Hash256, feeCap: UInt256, tip: UInt256)
  /// The sender cannot pay it after what it has already waiting.
  case overdraft(sender: Address, balance: UInt256, queued: UInt256, cost: UInt256)
  /// The sender has as many waiting as one may have.
  case senderLimit(sender: Address, count: Int, gapped: Bool)
  /// Its fee is to be paid from its payouts, and the sender has others waiting; or one like that
  /// waits.
  case creditNotAlone(Address)
  /// Its fee is to be paid from its payouts, and it carries more vouchers than such a one may.
  case creditTooLarge(have: Int, limit: Int)
  /// Its fee is to be paid from its payouts, and too many such are waiting, or have just come.
  case creditBusy
  /// The pool is full, and nothing in it may make room.
  case full
  /// The sender's account could not be read.
  case stateUnavailable(String)
}

extension PoolError {
  /// Whether a peer that sent it should have known better: true for what is invalid by the chain's
  /// rules alone, false for what depends on the state, the fees or this node.
  public var isPeerFault: Bool {
    switch self {
    case .invalid, .exceedsBlockGasLimit, .belowFeeFloor, .rejected(.wrongChain),
      .rejected(.noBytecode):
      true
    case .alreadyKnown, .rejected, .tipTooLow, .underpriced, .replacementUnderpriced, .overdraft,
      .senderLimit, .creditNotAlone, .creditTooLarge, .creditBusy, .full, .stateUnavailable:
      false
    }
  }
}

extension PoolError: CustomStringConvertible {
  /// The cause; it begins with the words that Ethereum libraries look for.
  public var description: String {
    switch self {
    case .alreadyKnown(let hash): "already known: transaction \(hash) waits in the pool"
    case .invalid(let cause): cause.description
    case .rejected(let cause): cause.description
    case .exceedsBlockGasLimit(let have, let limit):
      "exceeds block gas limit: gas limit \(have), a block has \(limit)"
    case .belowFeeFloor(let feeCap, let floor):
      "transaction underpriced: max fee per gas \(feeCap), the base fee is never below \(floor)"
    case .tipTooLow(let have, let want):
      "transaction underpriced: gas tip cap \(have), minimum needed \(want)"
    case .underpriced(let hash):
      "transaction underpriced: the pool is full of dearer ones than \(hash); raise the tip"
    case .replacementUnderpriced(let old, let feeCap, let tip):
      "replacement transaction underpriced: to replace \(old), max fee per gas must be at least "
        + "\(feeCap) and max priority fee per gas at least \(tip)"
    case .overdraft(let sender, let balance, let queued, let cost):
      "insufficient funds for gas * price + value: address \(sender) balance \(balance), queued "
        + "cost \(queued), tx cost \(cost), overshot "
        + "\((queued.adding(cost) ?? .max).subtracting(balance) ?? .zero)"
    case .senderLimit(let sender, let count, gapped: false):
      "account limit exceeded: address \(sender) has \(count) transactions waiting for blocks; "
        + "send more when some are in"
    case .senderLimit(let sender, let count, gapped: true):
      "account limit exceeded: address \(sender) has \(count) transactions waiting for an earlier "
        + "nonce; send that one first"
    case .creditNotAlone(let sender):
      "insufficient funds for gas * price + value: a fee can be paid from payouts only by the one "
        + "transaction that \(sender) has waiting, with its next nonce; wait until it is in a block"
    case .creditTooLarge(let have, let limit):
      "insufficient funds for gas * price + value: a fee can be paid from the payouts of at most "
        + "\(limit) vouchers, not \(have); send fewer at once"
    case .creditBusy:
      "insufficient funds for gas * price + value: this node has enough transactions whose fees "
        + "are paid from payouts; try again in a moment"
    case .full: "txpool is full: try again later"
    case .stateUnavailable(let cause): "the sender's account cannot be read: \(cause)"
    }
  }
}
