public import Metainfo
public import NIOCore

/// What a session is told once, when it starts.
public struct SessionConfiguration: Sendable {
  /// Where peers are listened for; port 0 lets the system choose.
  ///
  /// A certain address is also the source of outgoing connections and announces. The unspecified
  /// IPv6 address takes IPv4 as well.
  public var listen = PeerAddress(high: 0, low: 0, port: 6_881)
  /// The folder of the resume records; without one nothing outlives the session.
  public var stateDirectory: String?
  /// Whether the torrents are in the next session with this state directory again.
  public var keepsTorrents = false
  /// After how long a complete torrent without peers is put away until somebody asks for it; nil
  /// for never.
  public var restAfter: TimeAmount?
  /// Connections of all torrents together, 1 to 65,536.
  public var maximumConnections = 500
  /// Connections of one torrent, 1 to 65,536.
  public var maximumConnectionsPerTorrent = 200
  /// Outgoing connections of one torrent that are not made yet, 1 to 1,000.
  public var maximumHalfOpen = 50
  /// Peers of one torrent that are served at once, 1 to 10,000; more where more are worth it.
  public var uploadSlots = 8
  /// Rate limits, and how many torrents run; they can be changed while the session runs.
  public var limits = SessionLimits()
  /// Bytes of blocks that wait for hash or disk, at least 1 MiB.
  public var storeLimit = 16 << 20
  /// Threads that hash, write and read, 1 to 64.
  public var diskThreads = 2
  /// How long after a torrent is complete its files are brought to the disk, so that not even a
  /// power cut has them hashed again.
  public var syncDelay: TimeAmount = .seconds(5)
  /// How many files are held open, 1 to 4,096.
  public var openFiles = 64
  /// Whether connections to peers are encrypted.
  public var encryption = EncryptionPolicy.allow
  /// What may follow on an encrypted handshake; nil for RC4 where encryption is required, else both.
  public var encryptionMethods: EncryptionMethods?
  /// Peers are told of each other, those of private torrents excepted (BEP 11).
  public var peerExchange = true
  /// Whether peers are looked for in the distributed hash table, where public torrents are announced.
  public var dht = true
  /// Nodes of the table to begin with; nil: well-known ones, but none where `listen` is loopback.
  public var dhtNodes: [TorrentAddress]?
  /// Whether peers are looked for on the local network; nil: unless `listen` is loopback.
  public var localDiscovery: Bool?
  /// How long a connection may take until both handshakes are there.
  public var handshakeTimeout: TimeAmount = .seconds(10)
  /// How long dialling may take.
  public var connectTimeout: TimeAmount = .seconds(10)
  /// How long a stopping session waits for trackers to hear of it.
  public var stopGrace: TimeAmount = .seconds(2)
  /// What the ids of this client begin with (BEP 20), at most 12 printable characters.
  public var peerIDPrefix = "-BT0100-"
  /// How the client names itself to peers (BEP 10).
  public var clientName = "btt"
  /// What gives torrents the strategies that decide about their transfers; nil for none.
  public var strategies: (any StrategySource)?
  /// What every random choice comes from; nil for the system's randomness.
  public var seed: UInt64?

  /// The defaults.
  public init() {}

  /// Nodes of the distributed hash table that know others.
  public static let defaultDHTNodes = [
    TorrentAddress("router.bittorrent.com:6881"), TorrentAddress("dht.libtorrent.org:25401"),
  ].compactMap { $0 }

  /// Checks the bounds.
  ///
  /// - Throws: `SessionError.configuration`, which names the first setting that is wrong.
  public func validate() throws(SessionError) {
    func check(_ condition: Bool, _ setting: String, _ bounds: String) throws(SessionError) {
      guard condition else { throw .configuration(setting: setting, bounds: bounds) }
    }
    try check(!listen.isMulticast, "listen", "an address of this machine")
    try check((1...65_536).contains(maximumConnections), "maximumConnections", "1 to 65536")
    try check(
      (1...65_536).contains(maximumConnectionsPerTorrent), "maximumConnectionsPerTorrent",
      "1 to 65536")
    try check((1...1_000).contains(maximumHalfOpen), "maximumHalfOpen", "1 to 1000")
    try check((1...10_000).contains(uploadSlots), "uploadSlots", "1 to 10000")
    try limits.validate()
    try check((restAfter ?? .zero) >= .zero, "restAfter", "0 or more")
    try check(
      !keepsTorrents || stateDirectory != nil, "stateDirectory", "given where torrents are kept")
    try check(storeLimit >= 1 << 20, "storeLimit", "at least 1048576 bytes")
    try check((1...64).contains(diskThreads), "diskThreads", "1 to 64")
    try check((1...4_096).contains(openFiles), "openFiles", "1 to 4096")
    try check(
      encryptionMethods.map { !$0.isDisjoint(with: [.plain, .rc4]) } ?? true, "encryptionMethods",
      "plain, rc4 or both")
    try check(handshakeTimeout > .zero, "handshakeTimeout", "more than 0")
    try check(connectTimeout > .zero, "connectTimeout", "more than 0")
    try check(stopGrace >= .zero, "stopGrace", "0 or more")
    try check(
      peerIDPrefix.utf8.count <= 12 && peerIDPrefix.utf8.allSatisfy { (0x21...0x7e).contains($0) },
      "peerIDPrefix", "at most 12 printable characters")
  }
}
