public import Consensus
public import Logging
public import PaymentChannels
public import Primitives

/// Everything a node's owner can set, with defaults.
///
/// Values come from, later over earlier: defaults, `config.toml`, environment, command line.
public struct NodeSettings: Sendable {
  /// The JSON-RPC server.
  public var rpc = RPCServerConfiguration()
  /// The bounds on requests.
  public var requests = JSONRPCProcessor.Limits()
  /// Whether every request needs the administrator's token, and not only those that change the node.
  public var rpcNeedsToken = false
  /// The most blocks one log query may span.
  public var logRange: UInt64 = 100_000
  /// The most logs one query may return.
  public var logResults = 20_000
  /// For how many blocks the state stays readable; nil for all.
  public var history: UInt64?
  /// When a validator makes blocks.
  public var pace = SoloConsensus.Pace.every(.seconds(1))
  /// Who gets the tips; nil for the validator.
  public var feeRecipient: Address?
  /// Where the double-sign guard lies; nil for the data directory.
  public var guardFile: String?
  /// The validator's key; nil for the one in the data directory's keystore.
  public var validatorKeyFile: String?
  /// The file with the password of the validator's key; nil to ask.
  public var validatorPasswordFile: String?
  /// The node to follow; nil to make blocks.
  public var followURL: String?
  /// The file with the followed node's token; nil when it asks for none.
  public var followTokenFile: String?
  /// How often a follower asks for new blocks.
  public var followInterval = Duration.milliseconds(250)
  /// The most transactions that wait.
  public var poolSlots = 50_000
  /// The most transactions of one sender that wait.
  public var poolSenderSlots = 4_096
  /// The key of the account whose payment channels the node runs; nil for none.
  public var channelKeyFile: String?
  /// The file with the password of that key; nil to ask.
  public var channelPasswordFile: String?
  /// Whether anybody may hand in vouchers for the node's channels.
  public var channelReceivingIsOpen = false
  /// What the node accepts and risks over payment channels.
  public var channels = ChannelConfiguration()
  /// The node's torrents.
  public var torrents = TorrentSettings()
  /// The bridge to root chains.
  public var bridge = BridgeSettings()
  /// The least that is logged.
  public var logLevel = Logger.Level.info
  /// Whether log lines are JSON.
  public var logsJSON = false

  /// The defaults.
  public init() {}
}
