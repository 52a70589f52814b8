internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Testing

/// One core, and peers that a test speaks for.
///
/// Events go in by the methods; ``take()`` ends a batch and gives what the core wants done.
final class CoreBench {
  let core: TorrentCore
  let torrent: TestTorrent
  private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  private var nextHandle = 0
  private var batch: [TorrentAction] = []
  /// Every block ever asked of a peer.
  private(set) var asked: [PeerHandle: Set<BlockRequest>] = [:]

  static let ownID = PeerID(Array("-BT0100-own000000000".utf8))

  /// A core of the torrent; `have` nil leaves it without the torrent's info.
  init(
    _ torrent: TestTorrent, have: Bitfield?, layers: PieceLayers? = nil, seed: UInt64 = 7,
    uploadLimits: [RateLimiter] = [], downloadLimits: [RateLimiter] = [],
    strategy: (any Strategy)? = nil, _ change: (inout TorrentConfiguration) -> Void = { _ in }
  ) throws {
    self.torrent = torrent
    var configuration = TorrentConfiguration(
      infoHashes: torrent.info.hashes, peerID: try #require(Self.ownID))
    change(&configuration)
    core = TorrentCore(
      configuration: configuration, strategy: strategy, seed: seed, uploadLimits: uploadLimits,
      downloadLimits: downloadLimits, now: now)
    if let have {
      core.handle(
        .ready(torrent.info, layers ?? torrent.layers, have: have, blocks: [:]), at: now)
    }
    _ = take()
  }

  /// Ends the batch.
  func take() -> [TorrentAction] {
    core.takeActions(at: now, into: &batch)
    for case .send(let peer, .request(let block)) in batch {
      asked[peer, default: []].insert(block)
    }
    return batch
  }

  /// Tells the core something, and ends the batch.
  @discardableResult
  func tell(_ event: TorrentEvent) -> [TorrentAction] {
    core.handle(event, at: now)
    return take()
  }

  /// The peer sends messages that arrive together.
  @discardableResult
  func from(_ peer: PeerHandle, _ messages: PeerMessage...) -> [TorrentAction] {
    from(peer, messages)
  }

  @discardableResult
  func from(_ peer: PeerHandle, _ messages: [PeerMessage]) -> [TorrentAction] {
    for message in messages { core.handle(.message(peer, message), at: now) }
    return take()
  }

  /// The peer sends what it was asked for, and what it is asked for then, to the end.
  func exhaust(_ peer: PeerHandle) {
    var sent: Set<BlockRequest> = []
    while let block = asked[peer]?.subtracting(sent).min(by: { $0.piece < $1.piece }) {
      sent.insert(block)
      from(peer, torrent.message(block))
    }
  }

  /// Time goes by, in ticks; everything that follows.
  @discardableResult
  func pass(_ time: TimeAmount) -> [TorrentAction] {
    let end = now + time
    var actions: [TorrentAction] = []
    while now < end {
      now = min(end, now + TorrentCore.tickInterval)
      actions += tell(.tick)
    }
    return actions
  }

  /// A handle that no connection has.
  func handle() -> PeerHandle {
    defer { nextHandle += 1 }
    return PeerHandle(nextHandle)
  }

  func introduction(
    host: UInt8, port: UInt16 = 6_881, id: UInt8? = nil,
    direction: PeerIntroduction.Direction = .incoming,
    features: PeerFeatures = [.fast, .extended], isV2: Bool = false
  ) throws -> PeerIntroduction {
    PeerIntroduction(
      address: PeerAddress(ipv4: 0x0a00_0000 | UInt32(host), port: port), direction: direction,
      peerID: try #require(
        PeerID(Array("-XX0001-".utf8) + [UInt8](repeating: id ?? host, count: 12))),
      features: features, infoHash: torrent.info.hashes.primary, isV2: isV2)
  }

  /// A peer whose address ends in `host` connects; what it is told first is dropped.
  func connect(
    _ host: UInt8, features: PeerFeatures = [.fast, .extended], isV2: Bool = false
  ) throws -> PeerHandle {
    let peer = handle()
    tell(.peerConnected(peer, try introduction(host: host, features: features, isV2: isV2)))
    return peer
  }

  /// A seed that lets us ask connects; with what is asked of it.
  func connectSeed(
    _ host: UInt8, features: PeerFeatures = [.fast, .extended]
  ) throws -> (peer: PeerHandle, asked: [BlockRequest]) {
    let peer = try connect(host, features: features)
    let all: PeerMessage =
      features.contains(.fast)
      ? .haveAll : .bitfield(ByteBuffer(bytes: torrent.full.wireBytes))
    from(peer, all)
    return (peer, from(peer, .unchoke).requests(to: peer))
  }

  /// A peer without pieces that is interested connects.
  func connectLeech(
    _ host: UInt8, features: PeerFeatures = [.fast, .extended]
  ) throws -> PeerHandle {
    let peer = try connect(host, features: features)
    if features.contains(.fast) { from(peer, .haveNone) }
    from(peer, .interested)
    return peer
  }
}

extension [TorrentAction] {
  /// The messages sent to a peer.
  func messages(to peer: PeerHandle) -> [PeerMessage] {
    compactMap {
      if case .send(peer, let message) = $0 { message } else { nil }
    }
  }

  /// The blocks asked of a peer.
  func requests(to peer: PeerHandle) -> [BlockRequest] {
    messages(to: peer).compactMap { if case .request(let block) = $0 { block } else { nil } }
  }

  /// The requests of a peer that were rejected.
  func rejects(to peer: PeerHandle) -> [BlockRequest] {
    messages(to: peer).compactMap { if case .reject(let block) = $0 { block } else { nil } }
  }

  /// The blocks to read and send to a peer.
  func uploads(to peer: PeerHandle) -> [BlockRequest] {
    flatMap { action -> [BlockRequest] in
      if case .upload(peer, let blocks) = action { blocks } else { [] }
    }
  }

  /// Why the connection was closed, if it was.
  func reason(of peer: PeerHandle) -> PeerCloseReason? {
    compactMap {
      if case .disconnect(peer, let reason) = $0 { reason } else { nil }
    }.first
  }

  /// The blocks stored.
  var stored: [BlockRequest] {
    compactMap { if case .store(let block, _, from: _) = $0 { block } else { nil } }
  }

  /// The addresses dialled.
  var dialled: [PeerAddress] {
    compactMap { if case .connect(let address) = $0 { address } else { nil } }
  }

  /// How often completion was said.
  var completions: Int {
    count { if case .completed = $0 { true } else { false } }
  }
}
