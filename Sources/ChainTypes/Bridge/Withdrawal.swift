public import Primitives

/// A withdrawal to a root chain: a leaf of that root chain's outbox.
public struct Withdrawal: Hashable, Sendable {
  /// Its place in the outbox, from 0.
  public var index: UInt64
  /// The token on the root chain.
  public var rootToken: Address
  /// Who is paid there.
  public var receiver: Address
  /// How much, in the token's units.
  public var amount: UInt256
  /// The height of the block here that appended it.
  public var height: UInt64

  /// A withdrawal.
  public init(
    index: UInt64, rootToken: Address, receiver: Address, amount: UInt256, height: UInt64
  ) {
    self.index = index
    self.rootToken = rootToken
    self.receiver = receiver
    self.amount = amount
    self.height = height
  }

  /// The leaf: `keccak256(0x00 ‖ sidechain id ‖ root id ‖ outbox ‖ the five fields)`.
  public func leaf(
    sidechainID: UInt64, rootID: UInt64, outbox: Address = Genesis.reserveAddress
  ) -> Hash256 {
    var writer = ABIWriter()
    writer.append(sidechainID)
    writer.append(rootID)
    writer.append(outbox)
    write(to: &writer)
    return Keccak256.hash([0] + writer.bytes)
  }

  /// The tuple of the root contract's `claim`.
  public var abiValue: ABIValue {
    .tuple([
      .uint(UInt256(index)), .address(rootToken), .address(receiver), .uint(amount),
      .uint(UInt256(height)),
    ])
  }

  private func write(to writer: inout ABIWriter) {
    writer.append(index)
    writer.append(rootToken)
    writer.append(receiver)
    writer.append(amount)
    writer.append(height)
  }
}
