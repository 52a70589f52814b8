public import BitTorrent
internal import NIOCore

/// What a node's owner can set about torrents.
public struct TorrentSettings: Sendable {
  /// Whether the node runs a session of torrents.
  public var isEnabled = false
  /// Where peers are listened for.
  public var listen = PeerAddress(high: 0, low: 0, port: 6_881)
  /// The folder for torrents that name none; nil for `downloads` in the data directory.
  public var directory: String?
  /// Further folders in which callers may have torrents and read torrent files.
  public var roots: [String] = []
  /// Connections of all torrents together.
  public var maximumConnections = 500
  /// Payload to all peers, in KiB a second; 0 for no limit.
  public var uploadLimit = 0
  /// Payload from all peers, in KiB a second; 0 for no limit.
  public var downloadLimit = 0
  /// Downloads in which something moves at a time; 0 for no limit.
  public var activeDownloads = 8
  /// Complete torrents in which something moves at a time; 0 for no limit.
  public var activeSeeds = 0
  /// Torrents at a time that take up memory and files.
  public var activeTorrents = 500

  /// What 2^20 bytes of upload cost at least, in wei; 0 sells nothing.
  public var price: UInt128 = 0
  /// Hundredths of the upload that are for sale, 1 to 100.
  public var paidShare = 80

  /// Whether peers are looked for in the distributed hash table.
  public var dht = true
  /// Whether peers are looked for on the local network; nil: unless `listen` is loopback.
  public var localDiscovery: Bool?
  /// Whether connections to peers are encrypted.
  public var encryption = EncryptionPolicy.allow

  /// The defaults.
  public init() {}

  /// The settings of the session, which keeps its torrents in `stateDirectory`.
  func session(stateDirectory: String) -> SessionConfiguration {
    var configuration = SessionConfiguration()
    configuration.listen = listen
    configuration.stateDirectory = stateDirectory
    configuration.keepsTorrents = true
    configuration.restAfter = .seconds(60)
    configuration.openFiles = 512
    configuration.dht = dht
    configuration.localDiscovery = localDiscovery
    configuration.encryption = encryption
    configuration.maximumConnections = maximumConnections
    configuration.limits.rates.upload = uploadLimit == 0 ? nil : uploadLimit << 10
    configuration.limits.rates.download = downloadLimit == 0 ? nil : downloadLimit << 10
    configuration.limits.activeDownloads = activeDownloads == 0 ? nil : activeDownloads
    configuration.limits.activeSeeds = activeSeeds == 0 ? nil : activeSeeds
    configuration.limits.activeTorrents = activeTorrents
    return configuration
  }
}
