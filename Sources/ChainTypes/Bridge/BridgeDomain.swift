internal import Keys
public import Primitives

/// Where checkpoints and validator sets count: one checkpoint contract of one root chain.
public struct BridgeDomain: Hashable, Sendable {
  /// The name that the signed structures carry.
  public static let name = "BTT Bridge"
  /// The version of the signed structures.
  public static let version = "1"

  /// The root chain's own chain id.
  public let chainID: UInt64
  /// The checkpoint contract.
  public let checkpoints: Address
  /// The hash that stands for the domain in every digest (EIP-712).
  public let separator: Hash256

  /// The domain of a checkpoint contract on a root chain.
  public init(chainID: UInt64, checkpoints: Address) {
    self.chainID = chainID
    self.checkpoints = checkpoints
    separator =
      EIP712Domain(
        name: Self.name, version: Self.version, chainID: UInt256(chainID),
        verifyingContract: checkpoints
      ).separator
  }
}
