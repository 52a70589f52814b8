public import ChainTypes
public import Primitives

/// Why a transaction could not be made ready to sign.
public enum TransactionFillError: Error, Equatable, Sendable {
  /// The node could not be asked.
  case client(JSONRPCClientError)
  /// The node is on another chain.
  case wrongChain(wanted: UInt64, actual: UInt64)
  /// The sender has less than the transaction may take.
  case insufficientFunds(sender: Address, has: Amount, needs: Amount)
  /// The transaction would fail, as the node says when it estimates its gas.
  case wouldFail(RPCError)
  /// The most to pay per gas is less than the next block takes.
  case feeBelowBaseFee(max: UInt256, baseFee: UInt256)
  /// The chain has no base fee, so that it takes no transactions of type 2.
  case noBaseFee
  /// The fee does not fit 256 bits.
  case feeOverflow
  /// What was fixed makes a transaction that no chain takes.
  case invalid(TransactionError)
}

extension TransactionFillError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .client(let error): error.description
    case .wrongChain(let wanted, let actual):
      "the node is on chain \(actual), not on chain \(wanted): nothing was signed; ask a node of "
        + "the chain that is meant"
    case .insufficientFunds(let sender, let has, let needs):
      "insufficient funds: \(sender) has \(has), and this takes up to \(needs) with the fee; send "
        + "less or fund the account"
    case .wouldFail(let error):
      "the transaction would fail: \(error.message); check receiver, amount and data, or fix the "
        + "gas limit to send it all the same"
    case .feeBelowBaseFee(let max, let baseFee):
      "a fee of at most \(Amount(wei: max).formatted(.gwei)) per gas is below the base fee of "
        + "\(Amount(wei: baseFee).formatted(.gwei)): raise it, or leave it to the node"
    case .noBaseFee: "the chain has no base fee: send a transaction of type 0 or 1"
    case .feeOverflow: "the fee does not fit 256 bits: lower the price or the gas limit"
    case .invalid(let error): "no chain takes this transaction: \(error)"
    }
  }
}
