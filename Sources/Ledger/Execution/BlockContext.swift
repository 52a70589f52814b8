internal import ChainTypes
public import Primitives

/// What a transaction can know of the block it runs in.
public struct BlockContext: Hashable, Sendable {
  /// The chain id.
  public var chainID: UInt64
  /// The block's height.
  public var number: UInt64
  /// The block's time in seconds since 1970.
  public var timestamp: UInt64
  /// Wei per gas that everybody pays.
  public var baseFee: UInt256
  /// Who gets the tips.
  public var feeRecipient: Address
  /// The block's gas limit.
  public var gasLimit: UInt64

  /// A context.
  public init(
    chainID: UInt64, number: UInt64, timestamp: UInt64, baseFee: UInt256, feeRecipient: Address,
    gasLimit: UInt64
  ) {
    self.chainID = chainID
    self.number = number
    self.timestamp = timestamp
    self.baseFee = baseFee
    self.feeRecipient = feeRecipient
    self.gasLimit = gasLimit
  }
}
