internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Primitives
internal import TestSupport

/// Clients joined by a network, in virtual time: a run is its seed's, every time.
///
/// Messages take a connection's latency, and blocks their time on the sender's line.
final class VirtualSwarm {
  let torrent: TestTorrent
  private(set) var peers: [VirtualPeer] = []
  private(set) var now: NIODeadline
  let start: NIODeadline
  private var random: SeededGenerator
  private var events = EventQueue()
  /// Bytes a second that a client's line carries.
  var lineRate = 8 << 20

  init(_ torrent: TestTorrent, seed: UInt64) {
    self.torrent = torrent
    random = SeededGenerator(seed: seed)
    start = .uptimeNanoseconds(1_000_000_000_000)
    now = start
  }

  /// What a client begins with.
  enum Beginning {
    case everything
    case nothing
    /// Not even the torrent's info.
    case magnet
  }

  @discardableResult
  func add(
    _ beginning: Beginning, _ nature: VirtualPeer.Nature = .honest,
    _ change: (inout TorrentConfiguration) -> Void = { _ in }
  ) -> VirtualPeer {
    let hashes =
      beginning == .magnet
      ? InfoHashes(v1: torrent.info.hashes.v1, v2: torrent.info.hashes.v2) : torrent.info.hashes
    let id = PeerID(prefix: "-VP0001-", using: &random)
    let peer = VirtualPeer(
      index: peers.count, id: id, nature: nature, hashes: hashes, seed: random.next(), now: now,
      change)
    peers.append(peer)
    guard beginning != .magnet else { return peer }
    var storage = VirtualStorage(torrent.info, layers: torrent.layers)
    if beginning == .everything { storage.fill(torrent) }
    peer.storage = storage
    peer.core.handle(
      .ready(torrent.info, torrent.layers, have: storage.have, blocks: [:]), at: now)
    return peer
  }

  /// Everybody hears of everybody, and time goes by until `isDone` or for `limit`.
  func run(for limit: TimeAmount, until isDone: () -> Bool) {
    for peer in peers {
      let others = peers.filter { $0.index != peer.index }.map(\.address)
      tell(peer, .peersFound(others.shuffled(using: &random), .tracker))
      tick(peer, at: now + .milliseconds(Int64.random(in: 0..<500, using: &random)))
    }
    let end = now + limit
    while !isDone(), let next = events.next, next <= end, let event = events.pop() {
      now = event.time
      event.body()
    }
  }

  private func tick(_ peer: VirtualPeer, at time: NIODeadline) {
    events.plan(at: time) { [unowned self] in
      if peer.nature == .flooding { flood(peer) }
      tell(peer, .tick)
      tick(peer, at: time + TorrentCore.tickInterval)
    }
  }

  private func tell(_ peer: VirtualPeer, _ event: TorrentEvent) {
    peer.core.handle(event, at: now)
    var batch = peer.batch
    peer.core.takeActions(at: now, into: &batch)
    for action in batch { perform(action, of: peer) }
    peer.batch = batch
  }

  // MARK: Actions

  private func perform(_ action: TorrentAction, of peer: VirtualPeer) {
    switch action {
    case .connect(let address): connect(peer, to: address)
    case .disconnect(let handle, let reason): disconnect(peer, handle, reason)
    case .send(let handle, let message): send(message, on: handle, of: peer)
    case .upload(let handle, let blocks):
      for block in blocks { upload(block, on: handle, of: peer) }
    case .store(let block, let data, from: _):
      let news = peer.storage?.store(block, data) ?? []
      for event in news {
        events.plan(at: now + .milliseconds(1)) { [unowned self] in tell(peer, .storage(event)) }
      }
    case .discard(let piece): peer.storage?.discard(piece)
    case .metadataArrived(let bytes): begin(peer, with: bytes)
    case .pieceLayerArrived(let root, let hashes): peer.storage?.insertLayer(hashes, root: root)
    case .answerHashes(let handle, let request): answer(request, on: handle, of: peer)
    case .completed: peer.completedAt = now
    case .wantPeers: break
    }
  }

  private func begin(_ peer: VirtualPeer, with bytes: [UInt8]) {
    guard let info = try? TorrentInfo(rawBytes: bytes) else {
      return events.plan(at: now) { [unowned self] in tell(peer, .metadataRefused) }
    }
    let storage = VirtualStorage(info, layers: PieceLayers())
    peer.storage = storage
    events.plan(at: now + .milliseconds(1)) { [unowned self] in
      tell(peer, .ready(info, PieceLayers(), have: storage.have, blocks: [:]))
    }
  }

  // MARK: Connections

  private func connect(_ peer: VirtualPeer, to address: PeerAddress) {
    let latency = TimeAmount.milliseconds(Int64.random(in: 2...60, using: &random))
    guard let other = peers.first(where: { $0.address == address }), other.index != peer.index
    else {
      return events.plan(at: now + latency) { [unowned self] in
        tell(peer, .connectFailed(address))
      }
    }
    let port = UInt16.random(in: 20_000...60_000, using: &random)
    events.plan(at: now + latency) { [unowned self] in
      let near = peer.handle()
      let far = other.handle()
      peer.links[near] = VirtualLink(
        peer: other.index, handle: far, latency: latency, arrival: now)
      other.links[far] = VirtualLink(
        peer: peer.index, handle: near, latency: latency, arrival: now)
      var source = peer.address
      source.port = port
      tell(peer, .peerConnected(near, introduction(other, other.address, .outgoing)))
      tell(other, .peerConnected(far, introduction(peer, source, .incoming)))
    }
  }

  private func introduction(
    _ peer: VirtualPeer, _ address: PeerAddress, _ direction: PeerIntroduction.Direction
  ) -> PeerIntroduction {
    PeerIntroduction(
      address: address, direction: direction, peerID: peer.id,
      features: .offered(v2: torrent.info.hasV2), infoHash: torrent.info.hashes.primary,
      isV2: !torrent.info.hasV1)
  }

  private func disconnect(_ peer: VirtualPeer, _ handle: PeerHandle, _ reason: PeerCloseReason) {
    guard let link = peer.links.removeValue(forKey: handle) else { return }
    peer.closings.append((link.peer, reason))
    let other = peers[link.peer]
    events.plan(at: max(now + link.latency, link.arrival)) { [unowned self] in
      if other.links.removeValue(forKey: link.handle) != nil {
        tell(other, .peerClosed(link.handle))
      }
    }
    events.plan(at: now) { [unowned self] in tell(peer, .peerClosed(handle)) }
  }

  // MARK: Messages

  private func send(
    _ message: PeerMessage, on handle: PeerHandle, of peer: VirtualPeer,
    leaving departure: NIODeadline? = nil
  ) {
    guard var link = peer.links[handle] else { return }
    var message = message
    if peer.nature == .boasting, message == .haveNone { message = .haveAll }
    if peers[link.peer].nature == .flooding, case .reject = message {
      // Its core did not ask for what its flood asks for.
      return
    }
    link.arrival = max((departure ?? now) + link.latency, link.arrival)
    peer.links[handle] = link
    let other = peers[link.peer]
    let far = link.handle
    events.plan(at: link.arrival) { [unowned self] in
      if other.links[far] != nil { tell(other, .message(far, message)) }
    }
  }

  private func upload(_ block: BlockRequest, on handle: PeerHandle, of peer: VirtualPeer) {
    let time = TimeAmount.nanoseconds(Int64(block.length) * 1_000_000_000 / Int64(lineRate))
    peer.lineIsFreeAt = max(peer.lineIsFreeAt, now) + time
    events.plan(at: peer.lineIsFreeAt) { [unowned self] in
      guard peer.links[handle] != nil else { return }
      guard var data = peer.storage?.read(block) else {
        return tell(peer, .uploadFailed(handle, block))
      }
      if peer.nature == .corrupting, Int.random(in: 0..<4, using: &random) == 0 {
        data.setInteger(UInt64.random(in: 0...(.max), using: &random), at: data.readerIndex)
      }
      if peer.nature != .mute {
        let message = PeerMessage.piece(piece: block.piece, offset: block.offset, data: data)
        send(message, on: handle, of: peer)
      }
      tell(peer, .uploaded(handle, block))
    }
  }

  private func answer(_ request: HashRequest, on handle: PeerHandle, of peer: VirtualPeer) {
    let range = MerkleRange(
      baseLayer: request.baseLayer, index: request.index, length: request.length,
      proofLayers: request.proofLayers)
    guard let layer = peer.storage?.layers[request.piecesRoot],
      let tree = MerkleTree(base: layer, baseLayer: torrent.info.pieceLayer),
      let bytes = tree.hashes(range)
    else { return send(.hashReject(request), on: handle, of: peer) }
    send(.hashes(request, ByteBuffer(bytes: bytes)), on: handle, of: peer)
  }

  private func flood(_ peer: VirtualPeer) {
    let block = BlockRequest(piece: 0, offset: 0, length: 16_384)
    for handle in peer.links.keys.sorted(by: { $0.number < $1.number }) {
      for _ in 0..<1_000 { send(.request(block), on: handle, of: peer) }
    }
  }
}
