public import Primitives

/// The state receiver at 0x…1001: what its clients and the ledger's module share.
///
/// It takes what root chains tell: validators attest headers, anybody proves messages under them.
/// It also collects what validators sign for the root chains.
public enum StateReceiverModule {
  /// Where the module stands.
  public static let address = Address(0x1001)
  /// The most headers of one `attest`.
  public static let maximumAttestCount = 256
  /// The most items that a view gives at once.
  public static let maximumPageCount: UInt64 = 256
  /// How long a failed message can be retried, in seconds; then it can be refunded.
  public static let retrySeconds: UInt64 = 7 * 86_400

  /// Every function of the module.
  public static let functions = [
    attest, submit, retry, refund, setPaused, signCheckpoint, attested, attestationWeight, voteOf,
    message, messages, paused, isPausing, roots, root, homeRoot, tokenCount, tokens, token,
    childToken, checkpointDigest, checkpointCandidates, checkpoint, lastCheckpoint,
    checkpointSignatures,
  ]

  /// Every event of the module.
  public static let events = [
    attestedEvent, equivocation, messageApplied, messageFailed, messageRefunded, pauseChanged,
    tokenAdded, checkpointSigned, checkpointComplete,
  ]
}

// MARK: - Calls

extension StateReceiverModule {
  /// A validator's votes for headers; gives an `AttestationResult` for each.
  public static let attest = ABIFunction(
    "attest(uint64 rootId, (uint64 number, bytes32 hash, bytes32 receiptsRoot)[] headers)",
    returns: "uint8[] results")
  /// Takes a message with its proof; anyone may call it.
  public static let submit = ABIFunction(
    """
    submit(uint64 rootId, bytes header, uint64 transactionIndex, bytes[] nodes, uint64 logIndex)
    """, returns: "(uint64 id, uint8 status, uint8 reason)")
  /// Tries a failed message again; `data` is the message.
  public static let retry = ABIFunction(
    "retry(uint64 rootId, uint64 id, bytes data)", returns: "(uint8 status, uint8 reason)")
  /// Sends a failed deposit back to its depositor, once it can no longer be retried.
  public static let refund = ABIFunction(
    "refund(uint64 rootId, uint64 id, bytes data)", returns: "uint64 index")
  /// A validator's wish that a root chain stand still, or go on.
  public static let setPaused = ABIFunction("setPaused(uint64 rootId, bool isPaused)")
  /// Hands in a validator's signature over a checkpoint; anyone may bring it.
  public static let signCheckpoint = ABIFunction(
    """
    signCheckpoint(uint64 rootId, uint64 endHeight, bytes32 endBlockHash, bytes32 outboxRoot, \
    uint64 outboxCount, bytes signature)
    """, returns: "bool isComplete")
}

// MARK: - Views

extension StateReceiverModule {
  /// The header that a quorum attested at a height; zeros where there is none.
  public static let attested = ABIFunction(
    "attested(uint64 rootId, uint64 number)", returns: "(bytes32 hash, bytes32 receiptsRoot)")
  /// The weight of the votes for one header.
  public static let attestationWeight = ABIFunction(
    "attestationWeight(uint64 rootId, uint64 number, bytes32 hash, bytes32 receiptsRoot)",
    returns: "uint256 weight")
  /// A validator's vote at a height, and one against it that it tried to cast too.
  ///
  /// Each is `keccak256(hash ‖ receiptsRoot)`, or zero.
  public static let voteOf = ABIFunction(
    "voteOf(uint64 rootId, uint64 number, address validator)",
    returns: "(bytes32 first, bytes32 conflicting)")
  /// What became of a message: `MessageStatus`, `MessageFailure`, until when it can be retried, and
  /// the hash of its data where it has failed.
  public static let message = ABIFunction(
    "message(uint64 rootId, uint64 id)",
    returns: "(uint8 status, uint8 reason, uint64 retryUntil, bytes32 dataHash)")
  /// The statuses of up to 256 messages from `first` on.
  public static let messages = ABIFunction(
    "messages(uint64 rootId, uint64 first, uint64 count)", returns: "uint8[] statuses")
  /// Whether a root chain stands still, and the weight of those who want it to.
  public static let paused = ABIFunction(
    "paused(uint64 rootId)", returns: "(bool isPaused, uint256 weight)")
  /// Whether a validator wants a root chain to stand still.
  public static let isPausing = ABIFunction(
    "isPausing(uint64 rootId, address validator)", returns: "bool")
  /// The ids of the root chains that genesis names.
  public static let roots = ABIFunction("roots()", returns: "uint64[] ids")
  /// What genesis says of a root chain.
  public static let root = ABIFunction(
    "root(uint64 rootId)",
    returns: """
      (uint64 chainId, address stateSender, address checkpoints, address manager, address btt)
      """)
  /// The root chain that withdrawals without one go to.
  public static let homeRoot = ABIFunction("homeRoot()", returns: "uint64")
  /// How many bridged tokens there are.
  public static let tokenCount = ABIFunction("tokenCount()", returns: "uint64")
  /// Up to 256 bridged tokens from `first` on.
  public static let tokens = ABIFunction(
    "tokens(uint64 first, uint64 count)", returns: "address[] children")
  /// A bridged token's root chain, token there, and supply here, which is all that came less all
  /// that went back; zeros where it is none.
  public static let token = ABIFunction(
    "token(address child)", returns: "(uint64 rootId, address rootToken, uint256 supply)")
  /// The address of a root chain's token here, and whether it was mapped.
  public static let childToken = ABIFunction(
    "childToken(uint64 rootId, address rootToken)", returns: "(address child, bool isMapped)")
  /// What a validator signs for a checkpoint.
  public static let checkpointDigest = ABIFunction(
    """
    checkpointDigest(uint64 rootId, uint64 endHeight, bytes32 endBlockHash, bytes32 outboxRoot, \
    uint64 outboxCount)
    """, returns: "bytes32 digest")
  /// The digests of the checkpoints that were begun since the last complete one, in order: the
  /// first 256.
  public static let checkpointCandidates = ABIFunction(
    "checkpointCandidates(uint64 rootId)", returns: "bytes32[] digests")
  /// A checkpoint that somebody signed.
  public static let checkpoint = ABIFunction(
    "checkpoint(bytes32 digest)",
    returns: """
      (uint64 rootId, uint64 epoch, uint64 endHeight, bytes32 endBlockHash, bytes32 outboxRoot, \
      uint64 outboxCount, uint256 weight, bool isComplete)
      """)
  /// The digest of the last complete checkpoint of a root chain; zero where there is none.
  public static let lastCheckpoint = ABIFunction(
    "lastCheckpoint(uint64 rootId)", returns: "bytes32 digest")
  /// The signers of a checkpoint, ascending, and their signatures, joined as the root contract
  /// takes them.
  public static let checkpointSignatures = ABIFunction(
    "checkpointSignatures(bytes32 digest)", returns: "(address[] signers, bytes signatures)")
}

// MARK: - Events

extension StateReceiverModule {
  /// A quorum has attested a header.
  public static let attestedEvent = ABIEvent(
    """
    Attested(uint64 indexed rootId, uint64 indexed number, bytes32 hash, bytes32 receiptsRoot)
    """)
  /// A validator voted for two headers at one height; the second did not count.
  public static let equivocation = ABIEvent(
    """
    Equivocation(address indexed validator, uint64 indexed rootId, uint64 indexed number, \
    bytes32 first, bytes32 conflicting)
    """)
  /// A message was carried out.
  public static let messageApplied = ABIEvent(
    "MessageApplied(uint64 indexed rootId, uint64 indexed id, bytes32 dataHash)")
  /// A message could not be carried out; `data` is what retries and refunds are called with.
  public static let messageFailed = ABIEvent(
    """
    MessageFailed(uint64 indexed rootId, uint64 indexed id, uint8 reason, uint64 retryUntil, \
    bytes data)
    """)
  /// A deposit goes back as a withdrawal.
  public static let messageRefunded = ABIEvent(
    "MessageRefunded(uint64 indexed rootId, uint64 indexed id, uint64 index)")
  /// A validator has changed its wish; the root chain stands still or goes on.
  public static let pauseChanged = ABIEvent(
    """
    PauseChanged(uint64 indexed rootId, address indexed validator, bool wish, bool isPaused)
    """)
  /// A token of a root chain was mapped.
  public static let tokenAdded = ABIEvent(
    "TokenAdded(uint64 indexed rootId, address indexed rootToken, address indexed childToken)")
  /// A validator's signature over a checkpoint is here.
  public static let checkpointSigned = ABIEvent(
    """
    CheckpointSigned(uint64 indexed rootId, bytes32 indexed digest, address indexed signer, \
    uint256 weight)
    """)
  /// More than two thirds have signed a checkpoint: anybody can bring it to the root chain.
  public static let checkpointComplete = ABIEvent(
    """
    CheckpointComplete(uint64 indexed rootId, bytes32 indexed digest, uint64 endHeight, \
    bytes32 outboxRoot, uint64 outboxCount)
    """)
}
