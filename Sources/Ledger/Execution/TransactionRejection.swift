public import ChainTypes
public import Primitives

/// Why a transaction cannot be part of a block on a given state.
public enum TransactionRejection: Error, Hashable, Sendable {
  /// It is signed for another chain, or for none.
  case wrongChain(have: UInt64?, want: UInt64)
  /// The sender has sent one with this nonce.
  case nonceTooLow(sender: Address, have: UInt64, next: UInt64)
  /// The sender has not sent the one before.
  case nonceTooHigh(sender: Address, have: UInt64, next: UInt64)
  /// The sender cannot pay gas limit × fee cap + value.
  case insufficientFunds(sender: Address, have: UInt256, want: UInt256)
  /// Its fee was to be paid from what it pays its sender, and is more than that.
  case payoutsTooLow(sender: Address, have: UInt256, want: UInt256)
  /// It offers less per gas than the block's base fee.
  case feeCapBelowBaseFee(have: UInt256, want: UInt256)
  /// It wants more gas than is left in the block.
  case gasLimitReached(have: UInt64, want: UInt64)
  /// It has more bytes than are left in the block.
  case blockBytesReached(have: Int, want: Int)
  /// The sender is a module.
  case senderHasCode(Address)
  /// It creates a contract, which this chain does not take.
  case noBytecode
  /// No chain could take it: fees, nonce or gas limit make no sense.
  case invalid(TransactionError)
}

extension TransactionRejection: CustomStringConvertible {
  /// The cause, in the words that Ethereum libraries look for.
  public var description: String {
    switch self {
    case .wrongChain(nil, let want):
      "only replay-protected (EIP-155) transactions allowed: sign for chain id \(want)"
    case .wrongChain(let have?, let want):
      "invalid chain id for signer: have \(have) want \(want)"
    case .nonceTooLow(let sender, let have, let next):
      "nonce too low: address \(sender), tx: \(have) state: \(next)"
    case .nonceTooHigh(let sender, let have, let next):
      "nonce too high: address \(sender), tx: \(have) state: \(next)"
    case .insufficientFunds(let sender, let have, let want):
      "insufficient funds for gas * price + value: address \(sender) have \(have) want \(want)"
    case .payoutsTooLow(let sender, let have, let want):
      "insufficient funds for gas * price + value: address \(sender) has \(have) after its payouts, "
        + "the fee is \(want)"
    case .feeCapBelowBaseFee(let have, let want):
      "max fee per gas less than block base fee: maxFeePerGas: \(have), baseFee: \(want)"
    case .gasLimitReached(let have, let want):
      "gas limit reached: have \(have), want \(want)"
    case .blockBytesReached(let have, let want):
      "block size limit reached: have \(have) bytes, want \(want)"
    case .senderHasCode(let sender): "sender not an eoa: address \(sender)"
    case .noBytecode: "no bytecode on this chain: contracts cannot be created"
    case .invalid(let cause): cause.description
    }
  }
}
