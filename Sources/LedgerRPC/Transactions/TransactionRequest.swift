public import ChainTypes
public import Primitives

/// What a sender wants, with as much of the rest as they care to fix.
public struct TransactionRequest: Sendable {
  /// The sender.
  public var from: Address
  /// The receiver.
  public var to: Address
  /// The money to send, in wei.
  public var value: UInt256
  /// Call data.
  public var data: [UInt8] = []
  /// The envelope.
  public var kind = Transaction.Kind.dynamicFee
  /// The chain that the node must be on; nil takes the node's.
  public var chainID: UInt64?
  /// The nonce; nil takes the next one, after the transactions that wait.
  public var nonce: UInt64?
  /// The gas to buy; nil takes the node's estimate.
  public var gasLimit: UInt64?
  /// The most to pay in wei per gas, the gas price in types 0 and 1; nil takes twice the base fee
  /// and the tip, and the node's gas price in types 0 and 1.
  public var maxFeePerGas: UInt256?
  /// The tip in wei per gas of type 2; nil takes the node's suggestion.
  public var maxPriorityFeePerGas: UInt256?

  /// A transfer of which the node says all the rest.
  public init(from: Address, to: Address, value: UInt256) {
    self.from = from
    self.to = to
    self.value = value
  }
}
