public import Bridge
internal import ChainTypes
internal import Primitives

/// What a node's owner can set about the bridge.
public struct BridgeSettings: Sendable {
  /// How one root chain is read.
  public struct Root: Sendable {
    /// Addresses of its JSON-RPC servers; none: it is not followed.
    public var urls: [String] = []
    /// When its blocks count as final.
    public var finality = RootFinality.tag
    /// A block before the contracts were deployed.
    public var start: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  /// Ethereum.
  public var eth = Root()
  /// BNB Smart Chain.
  public var bsc = Root()
  /// How many servers of a root chain must agree; 0 for more than half.
  public var quorum = 0
  /// The key that pays for proofs and checkpoints; nil for the validator's.
  public var keyFile: String?
  /// The file with that key's password; nil to ask.
  public var passwordFile: String?
  /// The key that attests, on a node that makes no blocks; nil for none.
  public var validatorKeyFile: String?
  /// The file with that key's password; nil to ask.
  public var validatorPasswordFile: String?
  /// The pause between two looks.
  public var pollInterval = BridgeConfiguration().pollInterval
  /// The fewest blocks between two checkpoints.
  public var checkpointBlocks = Int(BridgeConfiguration().checkpointInterval)
  /// The most to pay for gas on root chains, in wei.
  public var maximumGasPrice = BridgeFees().maximum.low
  /// After how long a transaction's fee is raised.
  public var feePatience = BridgeFees().patience
  /// An account with less makes an alarm.
  public var lowBalance = BridgeConfiguration().lowBalance.low

  /// The defaults: no root chain is followed.
  public init() {}

  /// Whether any root chain is followed.
  public var isEnabled: Bool { !eth.urls.isEmpty || !bsc.urls.isEmpty }

  var roots: [(id: RootID, root: Root)] {
    [(.eth, eth), (.bsc, bsc)].filter { !$0.1.urls.isEmpty }
  }

  /// Looks whether each endpoint is named once, and as many as must agree are there.
  ///
  /// - Throws: `NodeError` with code `configuration`.
  public func check() throws {
    for (id, root) in roots {
      guard Set(root.urls).count == root.urls.count else {
        throw NodeError(
          .configuration,
          "bridge.\(id)_rpc names an address twice: name each once, as each counts once")
      }
      guard quorum <= root.urls.count else {
        throw NodeError(
          .configuration,
          "bridge.quorum wants \(quorum) endpoints to agree, and bridge.\(id)_rpc names "
            + "\(root.urls.count): name more, or ask for fewer")
      }
    }
  }

  /// The bridge's configuration with these endpoints.
  func configuration(_ endpoints: [RootID: [any BridgeEndpoint]]) -> BridgeConfiguration {
    var configuration = BridgeConfiguration()
    for (id, root) in roots {
      configuration.roots[id] = .init(
        endpoints: endpoints[id] ?? [], quorum: quorum == 0 ? nil : quorum,
        finality: root.finality, start: root.start)
    }
    configuration.pollInterval = pollInterval
    configuration.checkpointInterval = UInt64(checkpointBlocks)
    configuration.fees.maximum = UInt256(maximumGasPrice)
    configuration.fees.patience = feePatience
    configuration.lowBalance = UInt256(lowBalance)
    return configuration
  }
}
