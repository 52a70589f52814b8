public import Primitives

/// The contracts on a root chain, as those who call them need them.
public enum RootContracts {
  /// Brings a checkpoint with the signatures of a quorum.
  public static let submitCheckpoint = ABIFunction(
    """
    submitCheckpoint(uint64 epoch, uint64 endHeight, bytes32 endBlockHash, bytes32 outboxRoot, \
    uint64 outboxCount, bytes signatures)
    """, returns: "uint256 id")
  /// Hands over to the next validator set.
  public static let changeValidators = ABIFunction(
    "changeValidators(uint64 epoch, address[] validators, uint256[] weights, bytes signatures)")
  /// One accepted checkpoint.
  public static let checkpoint = ABIFunction(
    "checkpoint(uint256 id)",
    returns: """
      (bytes32 outboxRoot, bytes32 endBlockHash, uint64 endHeight, uint64 outboxCount, \
      uint64 epoch, uint64 acceptedAt)
      """)
  /// How many checkpoints were accepted: the newest one's id.
  public static let checkpointCount = ABIFunction("checkpointCount()", returns: "uint256")
  /// The number of the current validator set.
  public static let epoch = ABIFunction("epoch()", returns: "uint64")

  /// Locks tokens for somebody on the sidechain.
  public static let depositFor = ABIFunction(
    "depositFor(address user, address rootToken, bytes depositData)")
  /// Locks the ether sent along.
  public static let depositEtherFor = ABIFunction("depositEtherFor(address user)")
  /// Pays a withdrawal's receiver.
  public static let claim = ABIFunction(
    """
    claim(uint256 checkpoint, (uint64 index, address rootToken, address receiver, \
    uint256 amount, uint64 height) withdrawal, bytes32[32] proof)
    """, returns: "bool")
  /// Pays a withdrawal to where its receiver, who calls, wants it.
  public static let claimTo = ABIFunction(
    """
    claimTo(uint256 checkpoint, (uint64 index, address rootToken, address receiver, \
    uint256 amount, uint64 height) withdrawal, bytes32[32] proof, address to)
    """, returns: "bool")
  /// Whether a withdrawal was paid.
  public static let isSpent = ABIFunction("isSpent(uint64 index)", returns: "bool")
  /// A mapped token: its child, limits, and how much is locked.
  public static let token = ABIFunction(
    "token(address rootToken)",
    returns: """
      (address child, (uint256 minDeposit, uint256 depositCap, uint256 dailyLimit), \
      uint256 locked)
      """)
  /// The last id that the state sender gave.
  public static let counter = ABIFunction("counter()", returns: "uint256")

  /// A checkpoint was accepted.
  public static let checkpointAccepted = ABIEvent(
    """
    CheckpointAccepted(uint256 indexed id, uint64 indexed endHeight, \
    bytes32 indexed outboxRoot, bytes32 endBlockHash, uint64 outboxCount, uint64 epoch)
    """)
  /// A withdrawal was paid.
  public static let claimed = ABIEvent(
    """
    Claimed(uint64 indexed index, address indexed rootToken, address indexed receiver, \
    uint256 amount, address paidTo, uint256 checkpoint)
    """)

  /// The call data that claims a withdrawal under a checkpoint.
  public static func claim(
    _ withdrawal: Withdrawal, checkpoint: UInt64, proof: [Hash256], to other: Address? = nil
  ) throws(ABIError) -> [UInt8] {
    let arguments: [ABIValue] = [
      .uint(UInt256(checkpoint)), withdrawal.abiValue, .array(proof.map(ABIValue.hash)),
    ]
    guard let other else { return try claim.encodeCall(arguments) }
    return try claimTo.encodeCall(arguments + [.address(other)])
  }
}
