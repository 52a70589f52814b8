internal import Keys
public import Primitives

/// What validators sign of an outbox: at this block, it had this root and count.
public struct CheckpointStatement: Hashable, Sendable {
  /// The sidechain's chain id.
  public var sidechainID: UInt64
  /// The id of the root chain.
  public var rootID: UInt64
  /// The number of the validator set that signs.
  public var epoch: UInt64
  /// The height of the sidechain's block.
  public var endHeight: UInt64
  /// The hash of that block.
  public var endBlockHash: Hash256
  /// The outbox's root as that block left it.
  public var outboxRoot: Hash256
  /// How many leaves it had.
  public var outboxCount: UInt64

  /// A checkpoint.
  public init(
    sidechainID: UInt64, rootID: UInt64, epoch: UInt64, endHeight: UInt64,
    endBlockHash: Hash256, outboxRoot: Hash256, outboxCount: UInt64
  ) {
    self.sidechainID = sidechainID
    self.rootID = rootID
    self.epoch = epoch
    self.endHeight = endHeight
    self.endBlockHash = endBlockHash
    self.outboxRoot = outboxRoot
    self.outboxCount = outboxCount
  }

  /// The type as EIP-712 spells it.
  public static let type = """
    Checkpoint(uint256 sidechainId,uint64 rootId,uint64 epoch,uint64 endHeight,\
    bytes32 endBlockHash,bytes32 outboxRoot,uint64 outboxCount)
    """

  /// What is signed (EIP-712).
  public func digest(in domain: BridgeDomain) -> Hash256 {
    let structHash = EIP712.structHash(
      type: Self.type,
      [
        UInt256(sidechainID).word, UInt256(rootID).word, UInt256(epoch).word,
        UInt256(endHeight).word, endBlockHash, outboxRoot, UInt256(outboxCount).word,
      ])
    return EIP712.digest(domainSeparator: domain.separator, structHash: structHash)
  }

  /// The call data that brings it to the root contract with the joined signatures of a quorum.
  public func submission(signatures: [UInt8]) throws(ABIError) -> [UInt8] {
    try RootContracts.submitCheckpoint.encodeCall([
      .uint(UInt256(epoch)), .uint(UInt256(endHeight)), .hash(endBlockHash), .hash(outboxRoot),
      .uint(UInt256(outboxCount)), .bytes(signatures),
    ])
  }
}
