public import ChainTypes
public import Primitives

/// What a bridge follows, and how it behaves.
public struct BridgeConfiguration: Sendable {
  /// How one root chain is read.
  public struct Root: Sendable {
    /// Its JSON-RPC servers; several of different owners, as each is believed only with others.
    public var endpoints: [any BridgeEndpoint]
    /// How many of them must agree; nil for more than half.
    public var quorum: Int?
    /// When its blocks count as final.
    public var finality: RootFinality
    /// A block before which there was no message: where reading begins.
    public var start: UInt64

    /// A root chain.
    public init(
      endpoints: [any BridgeEndpoint], quorum: Int? = nil, finality: RootFinality = .tag,
      start: UInt64 = 0
    ) {
      self.endpoints = endpoints
      self.quorum = quorum
      self.finality = finality
      self.start = start
    }
  }

  /// The root chains; those that genesis names and that are missing here are not followed.
  public var roots: [RootID: Root] = [:]
  /// The pause between two looks at a chain.
  public var pollInterval = Duration.seconds(4)
  /// The fewest blocks between two checkpoints of one root chain.
  public var checkpointInterval: UInt64 = 64
  /// What is paid for gas on root chains.
  public var fees = BridgeFees()
  /// An account with less, in wei, makes an alarm.
  public var lowBalance = UInt256(10_000_000_000_000_000)
  /// A withdrawal that waits longer for its checkpoint makes an alarm.
  public var checkpointPatience = Duration.seconds(3_600)

  /// The defaults, without root chains.
  public init() {}
}
