package import Metainfo
package import NIOCore

/// One torrent's mind: peers' protocol state, what to ask of whom, whom to serve, whom to believe.
///
/// It has no sockets, disk, clock or randomness of its own. The session tells it what happened by
/// ``handle(_:at:)``, as many times as there is news, then takes what follows by
/// ``takeActions(at:into:)`` and carries it out in order. Work that many events share (asking for
/// blocks, serving, telling what we have) is done once a batch, as the actions are taken. It is
/// confined to one event loop.
///
/// A connection that the core gives up is gone for it at once: whatever still comes under its
/// handle is ignored, and so is its `peerClosed`.
package final class TorrentCore {
  /// How often ``TorrentEvent/tick`` is wanted; nothing that makes transfers fast waits for it.
  package static let tickInterval: TimeAmount = .milliseconds(500)

  /// What it was told when it was made.
  package let configuration: TorrentConfiguration
  let strategy: (any Strategy)?
  var random: SeededGenerator
  /// The moment of the event that is being handled.
  var now: NIODeadline
  var actions: [TorrentAction] = []

  // MARK: The torrent

  /// The info dictionary, once it is known.
  package internal(set) var info: TorrentInfo?
  /// The piece layers that are known (BEP 52).
  package internal(set) var layers = PieceLayers()
  /// The metadata as it is fetched, or nil when the info is known.
  var metadata: MetadataExchange?
  var isMetadataWanted = false
  /// The layers as they are fetched, or nil when none is missing.
  var layerExchange: LayerExchange?
  var areHashesWanted = false
  /// The leaves of pieces under way, where a strategy wants them.
  var leaves = LeafExchange()
  /// Blocks that came again, where a strategy may owe somebody for them.
  var copies = CopyJudge()
  var picker: PiecePicker
  /// The user's priorities of pieces, where they are not all the usual one.
  var priorities: [UInt8] = []
  var hasSaidCompleted = false

  // MARK: Peers

  var peers = PeerTable()
  var book: PeerBook
  var choker: Choker
  var smartBan = SmartBan()
  /// Peers to look at when the batch ends.
  var touched: [Peer] = []
  private var settling: [Peer] = []
  /// Blocks may be asked of others, by all who have room.
  var hasReleasedBlocks = false
  var wasEndGame = false
  /// How often each piece was shown to a peer while super seeding.
  var timesShown: [Int] = []
  /// Slots are to be given when the batch ends.
  var areSlotsOpen = false
  /// Connections may be made when the batch ends.
  var mayConnect = false
  /// Pieces verified since the last batch ended.
  var freshPieces: [Int] = []
  /// Which pieces are wanted has changed: interest is found out anew when the batch ends.
  var isWantedStale = false
  var wishes: [StrategyWish] = []
  var nextWantPeers = NIODeadline.distantPast
  /// Peers wait for the upload rate, which a strategy's weights divide.
  package internal(set) var awaitsUploadRate = false
  /// They get their turns when the batch ends.
  var areTurnsDue = false
  /// The count of the peer that was served last by turns.
  var shareFloor = 0

  // MARK: The world

  var isPaused = false
  var isStorageFull = false
  var isStorageFailed = false
  /// The two sides of a hybrid torrent call for different bytes: nothing more is asked for.
  var isContradictory = false
  /// Pieces that are had and could not be read lately.
  var unreadable: [Int: ReadFailures] = [:]
  /// When a block that was wanted came last, and when a piece proved right.
  var lastGain: NIODeadline
  var lastVerified: NIODeadline
  /// Peers are not blamed for silence before then: we did not listen.
  var blameless = NIODeadline.distantPast
  let uploadLimits: [RateLimiter]
  let downloadLimits: [RateLimiter]
  /// When a limit last kept us from asking for more, and when the storage last had no room.
  var downloadLimitedAt = NIODeadline.distantPast
  var storageFullAt = NIODeadline.distantPast
  /// Bytes wanted and done, until one of them changes.
  var countedBytes: (wanted: Int64, done: Int64)?

  // MARK: Figures

  var downloadMeter: RateMeter
  var uploadMeter: RateMeter
  var wasted: Int64 = 0
  var failed: Int64 = 0

  // Used again for each batch.
  var picked: [BlockRequest] = []
  var slotChanges: [SlotChange] = []

  /// A core that knows no peer yet.
  ///
  /// `seed` feeds every random choice it makes; the limits are those of the torrent and of the
  /// session, shared with its other torrents.
  package init(
    configuration: TorrentConfiguration, strategy: (any Strategy)? = nil, seed: UInt64,
    uploadLimits: [RateLimiter] = [], downloadLimits: [RateLimiter] = [], now: NIODeadline
  ) {
    self.configuration = configuration
    self.strategy = strategy
    self.uploadLimits = uploadLimits
    self.downloadLimits = downloadLimits
    self.now = now
    lastGain = now
    lastVerified = now
    random = SeededGenerator(seed: seed)
    picker = PiecePicker(pieceCount: 0, length: { _ in 0 }, using: &random)
    var slots = Choker.Configuration()
    slots.slots = configuration.uploadSlots
    choker = Choker(configuration: slots, at: now)
    book = PeerBook(
      configuration: configuration.peerBook, at: now, priority: configuration.peerPriority)
    metadata = MetadataExchange(
      hashes: configuration.infoHashes, maximumSize: configuration.maximumMetadataSize)
    downloadMeter = RateMeter(at: now)
    uploadMeter = RateMeter(at: now)
  }

  /// Takes in one event; what follows from it comes by ``takeActions(at:into:)``.
  package func handle(_ event: TorrentEvent, at now: NIODeadline) {
    self.now = max(self.now, now)
    strategy?.advance(to: self.now)
    switch event {
    case .message(let handle, let message):
      guard let peer = peers[handle] else { return }
      peer.lastReceived = self.now
      receive(message, from: peer)
    case .uploaded(let handle, let block):
      if let peer = peers[handle] { uploaded(block, to: peer) }
    case .uploadFailed(let handle, let block):
      if let peer = peers[handle] { uploadFailed(block, to: peer) }
    case .peerConnected(let handle, let introduction): connected(handle, introduction)
    case .peerClosed(let handle):
      if let peer = peers[handle] { closed(peer) }
    case .peerFailed(let handle, let fault):
      if let peer = peers[handle] { disconnect(peer, .fault(fault)) }
    case .connectFailed(let address): connectFailed(address)
    case .peersFound(let addresses, let source): found(addresses, by: source)
    case .ready(let info, let layers, let have, let blocks):
      begin(info, layers: layers, have: have, blocks: blocks)
    case .metadataRefused: metadataRefused()
    case .storage(let event): handle(event)
    case .tick: tick()
    case .woken: break
    }
  }

  /// Ends a batch of events and puts what is to be done in `batch`, oldest first; what was in
  /// `batch` is dropped, its memory used again.
  package func takeActions(at now: NIODeadline, into batch: inout [TorrentAction]) {
    self.now = max(self.now, now)
    settle()
    batch.removeAll(keepingCapacity: true)
    swap(&actions, &batch)
  }
}

// MARK: - The end of a batch

extension TorrentCore {
  /// Does once what the events of a batch have in common.
  private func settle() {
    if let strategy {
      strategy.advance(to: now)
      strategy.settle(wishes: &wishes)
      carryOutWishes()
    }
    if isWantedStale { wantedChanged() }
    if !freshPieces.isEmpty { tellFreshPieces() }
    if areSlotsOpen { giveSlots() }
    if isMetadataWanted { askForMetadata() }
    if areHashesWanted { askForHashes() }
    if mayConnect { connect() }
    if hasReleasedBlocks || picker.isEndGame != wasEndGame {
      hasReleasedBlocks = false
      wasEndGame = picker.isEndGame
      for peer in peers where peer.amInterested && peer.pipeline.room > 0 { touch(peer) }
    }
    // Where a limit does not reach for all, chance decides who comes first.
    if touched.count > 1, isLimited { touched.shuffle(using: &random) }
    let isSharing = sharesUploads
    swap(&touched, &settling)
    var turns = 1
    for peer in settling {
      peer.isTouched = false
      guard !peer.isGone else { continue }
      if isSharing { areTurnsDue = true } else { serve(peer) }
      let turn = turn(of: peer)
      if turn == 0 { ask(peer) } else { turns = max(turns, turn + 1) }
    }
    for turn in 1..<turns {
      for peer in settling where !peer.isGone && self.turn(of: peer) == turn { ask(peer) }
    }
    settling.removeAll(keepingCapacity: true)
    if areTurnsDue { shareUploads() }
  }

  // When a peer is asked for blocks. Those who do not answer come last, and those who have yet to
  // prove that they do before them when blocks run out: else the last blocks would go round among
  // them, while those who give have nothing to do.
  private func turn(of peer: Peer) -> Int {
    if peer.pipeline.isSnubbed { return 2 }
    return wasEndGame && peer.downloaded == 0 ? 1 : 0
  }

  private var isLimited: Bool {
    uploadLimits.contains { $0.rate != nil } || downloadLimits.contains { $0.rate != nil }
  }

  /// Has the peer looked at when the batch ends.
  func touch(_ peer: Peer) {
    guard !peer.isTouched else { return }
    peer.isTouched = true
    touched.append(peer)
  }

  /// Sends a message to a connected peer.
  func send(_ message: PeerMessage, to peer: Peer) {
    guard !peer.isGone else { return }
    peer.lastSent = now
    actions.append(.send(peer.handle, message))
  }

  /// Gives up a connection whose peer broke the protocol.
  func fault(_ fault: PeerFault, of peer: Peer) { disconnect(peer, .fault(fault)) }
}
