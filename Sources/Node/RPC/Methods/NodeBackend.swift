public import ChainTypes
public import Ledger
public import Primitives

/// What the JSON-RPC methods stand on: the chain, the pool, and how the node is set up.
public struct NodeBackend: Sendable {
  /// What the node does for its chain.
  public enum Role: String, Sendable {
    /// It makes blocks.
    case validator
    /// It executes the blocks of another node.
    case follower
    /// It makes blocks for one developer.
    case devnet
  }

  /// Where transactions go that come by JSON-RPC.
  public enum Submission: Sendable {
    /// Into this node's pool.
    case pool
    /// To the node that makes blocks.
    case forward(@Sendable (SignedTransaction) async throws -> Void)
  }

  /// The chain that is read.
  public let chain: Chain
  /// The transactions that wait.
  public let pool: TransactionPool
  /// What the node does.
  public var role: Role
  /// Where transactions go.
  public var submission = Submission.pool
  /// What `web3_clientVersion` answers.
  public var clientVersion = "btt"
  /// What `eth_coinbase` answers; nil where no blocks are made.
  public var feeRecipient: Address?
  /// How much one call may ask for.
  public var limits = RPCMethodLimits()
  /// The height that the node is catching up with; nil when it is not behind.
  public var syncTarget: @Sendable () -> UInt64? = { nil }
  /// How many nodes this one is connected to.
  public var peerCount: @Sendable () -> UInt64 = { 0 }
  /// Time since any fixed moment, which never goes back: filters grow old by it.
  public var uptime: @Sendable () -> Duration
  /// Waits, or throws when the task is cancelled.
  public var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

  /// A backend over a chain and a pool, with time from the machine.
  public init(chain: Chain, pool: TransactionPool, role: Role) {
    self.chain = chain
    self.pool = pool
    self.role = role
    let start = ContinuousClock.now
    uptime = { ContinuousClock.now - start }
  }
}

/// How much one call may ask for.
public struct RPCMethodLimits: Hashable, Sendable {
  /// Over how many blocks logs may be sought at once.
  public var maximumLogRange: UInt64 = 100_000
  /// How many logs a reply may have.
  public var maximumLogs = 20_000
  /// How many addresses, and how many topics in one position, a log query may name.
  public var maximumLogAlternatives = 1_000
  /// How many addresses and topics in all a filter may name that is kept.
  public var maximumFilterAlternatives = 100
  /// How many filters there may be at once.
  public var maximumFilters = 10_000
  /// How many of them one caller may have.
  public var maximumFiltersPerPeer = 1_000
  /// For how long a filter lives that nobody asks for.
  public var filterLifetime = Duration.seconds(5 * 60)
  /// Over how many blocks `eth_feeHistory` goes.
  public var maximumFeeHistoryBlocks: UInt64 = 1_024
  /// How many percentiles `eth_feeHistory` computes for each block.
  public var maximumPercentiles = 100
  /// How many transactions `eth_feeHistory` reads; it answers for fewer blocks rather than more.
  public var maximumFeeHistoryTransactions = 200_000
  /// How many slots `eth_getProof` proves.
  public var maximumProofSlots = 1_024
  /// How many accounts a call may override.
  public var maximumOverrides = 1_024
  /// How long `eth_sendRawTransactionSync` waits unless told.
  public var defaultReceiptWait = Duration.seconds(20)
  /// How long it waits at most: less than the server gives a request.
  public var maximumReceiptWait = Duration.seconds(25)
  /// How many blocks `btt_getSealedBlocks` gives.
  public var maximumSealedBlocks: UInt64 = 128
  /// After how many bytes of blocks `btt_getSealedBlocks` stops early.
  public var maximumSealedBytes = 8 << 20
  /// How many blocks `btt_mine` makes at once.
  public var maximumMinedBlocks: UInt64 = 10_000

  /// The defaults.
  public init() {}
}
