internal import Keys
public import Primitives

/// What the outgoing validators sign of the next set.
public struct ValidatorSetStatement: Hashable, Sendable {
  /// The sidechain's chain id.
  public var sidechainID: UInt64
  /// The id of the root chain.
  public var rootID: UInt64
  /// The number of the new set, one above that of the set that signs.
  public var epoch: UInt64
  /// The new validators, ascending by address.
  public var validators: [Address]
  /// Their weights, in the same order.
  public var weights: [UInt256]

  /// The most validators that a root contract takes.
  public static let maximumCount = 128

  /// A validator set.
  public init(
    sidechainID: UInt64, rootID: UInt64, epoch: UInt64, validators: [Address],
    weights: [UInt256]
  ) {
    self.sidechainID = sidechainID
    self.rootID = rootID
    self.epoch = epoch
    self.validators = validators
    self.weights = weights
  }

  /// The type as EIP-712 spells it.
  public static let type = """
    ValidatorSet(uint256 sidechainId,uint64 rootId,uint64 epoch,address[] validators,\
    uint256[] weights)
    """

  /// What is signed (EIP-712).
  public func digest(in domain: BridgeDomain) -> Hash256 {
    var addresses = ABIWriter()
    for validator in validators { addresses.append(validator) }
    var amounts = ABIWriter()
    for weight in weights { amounts.append(weight) }
    let structHash = EIP712.structHash(
      type: Self.type,
      [
        UInt256(sidechainID).word, UInt256(rootID).word, UInt256(epoch).word,
        Keccak256.hash(addresses.bytes), Keccak256.hash(amounts.bytes),
      ])
    return EIP712.digest(domainSeparator: domain.separator, structHash: structHash)
  }

  /// The call data that brings it to the root contract with the joined signatures of a quorum.
  public func submission(signatures: [UInt8]) throws(ABIError) -> [UInt8] {
    try RootContracts.changeValidators.encodeCall([
      .uint(UInt256(epoch)), .array(validators.map(ABIValue.address)),
      .array(weights.map(ABIValue.uint)), .bytes(signatures),
    ])
  }
}
