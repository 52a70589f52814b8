internal import ArgumentParser
internal import BitTorrent
internal import Foundation
internal import JSON
internal import Logging
internal import Metainfo
internal import Primitives

/// How a torrent's transfer meets peers, and within which bounds.
struct SwarmOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Folder that holds the torrent's file or folder.", valueName: "directory"),
    completion: .directory)
  var data = "."

  @Option(
    help: ArgumentHelp(
      """
      Address to listen on for peers, which is also the source of connections made from here; \
      port 0 for any.
      """, valueName: "address:port"),
    transform: SwarmOptions.address)
  var listen: PeerAddress?

  @Option(
    help: ArgumentHelp(
      """
      Folder of the state that lets a transfer go on where it was (default: \
      $XDG_STATE_HOME/btt/torrents/INFOHASH).
      """, valueName: "directory"),
    completion: .directory)
  var state: String?

  @Option(
    name: .customLong("peer"),
    help: ArgumentHelp(
      "A peer to connect to, beside those that trackers name; may be repeated.",
      valueName: "host:port"))
  var peerNames: [String] = []

  @Option(help: ArgumentHelp("Connect to at most this many peers.", valueName: "count"))
  var maxPeers = 200

  @Option(
    help: ArgumentHelp(
      "Serve at least this many peers at once, where so many want blocks.", valueName: "count"))
  var uploadSlots = 8

  @Option(
    help: ArgumentHelp(
      "Send at most this many KiB a second to peers; 0 for no limit.", valueName: "KiB/s"))
  var uploadLimit = 0

  @Option(
    help: ArgumentHelp(
      "Get at most this many KiB a second from peers; 0 for no limit.", valueName: "KiB/s"))
  var downloadLimit = 0

  @Option(
    help: ArgumentHelp(
      """
      Encrypt connections to peers: off, allow (where a peer asks, or takes no other), prefer or \
      require. It hides the kind of traffic and is no secrecy.
      """, valueName: "policy"), transform: Self.encryptionPolicy)
  var encryption = EncryptionPolicy.allow

  @Flag(
    inversion: .prefixedNo,
    help: "Look for peers in the distributed hash table, and announce public torrents there.")
  var dht = true

  @Option(
    name: .customLong("dht-node"),
    help: ArgumentHelp(
      """
      A node of the table to begin with, instead of the well-known ones; may be repeated. None is \
      known where --listen is loopback.
      """, valueName: "host:port"),
    transform: SwarmOptions.node)
  var dhtNodes: [TorrentAddress] = []

  @Flag(
    inversion: .prefixedNo,
    help: "Look for peers on the local network (default: unless --listen is loopback).")
  var lsd: Bool?

  @Flag(help: "Print one JSON object a line, for programs.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Log what happens to standard error: trace, debug, info, warning, error.",
      valueName: "level"))
  var logLevel: String?

  static func address(_ text: String) throws -> PeerAddress {
    guard let address = PeerAddress(text) else {
      throw CommandFailure(
        .usage, "\(text) is no numeric address with a port",
        next: "write 127.0.0.1:6881 or [::1]:6881")
    }
    return address
  }

  static func node(_ text: String) throws -> TorrentAddress {
    guard let address = TorrentAddress(text) else {
      throw CommandFailure(
        .usage, "\(text) is no host with a port", next: "write host:port, as 127.0.0.1:6881")
    }
    return address
  }

  func validate() throws {
    guard (1...65_536).contains(maxPeers) else {
      throw ValidationError("--max-peers is a number from 1 to 65536")
    }
    guard (1...10_000).contains(uploadSlots) else {
      throw ValidationError("--upload-slots is a number from 1 to 10000")
    }
    for (option, limit) in [("upload", uploadLimit), ("download", downloadLimit)] {
      guard limit == 0 || (16...1 << 40).contains(limit) else {
        throw ValidationError("--\(option)-limit is 0, or at least 16 KiB a second")
      }
    }
    if let logLevel, Logger.Level(rawValue: logLevel) == nil {
      throw ValidationError("--log-level is one of trace, debug, info, warning, error")
    }
  }

  /// The settings of the session.
  func sessionConfiguration(infoHash: String) throws -> SessionConfiguration {
    var configuration = SessionConfiguration()
    if let listen { configuration.listen = listen }
    configuration.stateDirectory = try stateDirectory(infoHash: infoHash)
    configuration.maximumConnections = max(maxPeers + 16, maxPeers * 5 / 4)
    configuration.maximumConnectionsPerTorrent = maxPeers
    configuration.uploadSlots = uploadSlots
    configuration.limits.rates.upload = uploadLimit == 0 ? nil : uploadLimit << 10
    configuration.limits.rates.download = downloadLimit == 0 ? nil : downloadLimit << 10
    configuration.encryption = encryption
    configuration.dht = dht
    configuration.dhtNodes = dhtNodes.isEmpty ? nil : dhtNodes
    configuration.localDiscovery = lsd
    return configuration
  }

  /// Where the torrent's state is, made when it is not there.
  private func stateDirectory(infoHash: String) throws -> String {
    let directory: String
    if let state {
      directory = state
    } else if let home = Environment.stateHome.value {
      directory = "\(home)/btt/torrents/\(infoHash)"
    } else if let home = Environment.home.value {
      directory = "\(home)/.local/state/btt/torrents/\(infoHash)"
    } else {
      throw CommandFailure(
        .file, "no directory for state: HOME is not set", next: "give --state DIRECTORY")
    }
    try Files.createDirectory(directory)
    return directory
  }

  /// A logger as asked for: silent unless a level was given.
  var logger: Logger {
    guard let level = logLevel.flatMap(Logger.Level.init(rawValue:)) else {
      return Logger(label: "btt.torrent") { _ in SwiftLogNoOpLogHandler() }
    }
    var logger = Logger(label: "btt.torrent") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = level
    return logger
  }

  /// The peers that were named, their names resolved.
  func namedPeers() throws -> [PeerAddress] {
    try peerNames.flatMap { text in
      do {
        return try PeerAddress.resolving(text)
      } catch {
        throw CommandFailure(
          .usage, "--peer \(text): \(error)", next: "write host:port, as 127.0.0.1:6881")
      }
    }
  }
}

extension SwarmOptions {
  private static func encryptionPolicy(_ text: String) throws -> EncryptionPolicy {
    guard let policy = EncryptionPolicy(rawValue: text) else {
      throw ValidationError("it is off, allow, prefer or require")
    }
    return policy
  }
}
