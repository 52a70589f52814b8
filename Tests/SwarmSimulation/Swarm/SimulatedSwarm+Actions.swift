package import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Primitives

// Events in, actions out: what the session does on sockets.
extension SimulatedSwarm {
  /// Tells a host's core something, and carries out what follows.
  package func tell(_ host: SimulatedHost, _ event: TorrentEvent) {
    guard let core = host.core else { return }
    core.handle(event, at: now)
    settle(host)
  }

  /// Carries out what a host's core wants.
  func settle(_ host: SimulatedHost) {
    guard let core = host.core else { return }
    // Taken out while it is carried out, so that its memory serves again.
    var batch = host.batch
    host.batch = []
    core.takeActions(at: now, into: &batch)
    if batch.isEmpty, host.marked.isEmpty { return host.batch = batch }
    trace.note(now.uptimeNanoseconds, host.index, batch.count)
    if batch.count > Self.greatestBatch {
      violate("host \(host.index) wants \(batch.count) things done at once")
    }
    for action in batch { perform(action, of: host) }
    batch.removeAll(keepingCapacity: true)
    host.batch = batch
    flushMarked(host)
  }

  private func perform(_ action: TorrentAction, of host: SimulatedHost) {
    switch action {
    case .send(let handle, let message): send(message, on: handle, of: host)
    case .upload(let handle, let blocks):
      guard let end = host.ends[handle] else { return }
      end.output.append(blocks)
      mark(end)
    case .store(let block, let data, from: let peer):
      if data != torrent.bytes(block), let sender = host.index(behind: peer) {
        host.evidence.took(block.piece, from: sender)
      }
      store(block, data, on: host)
    case .connect(let address): dial(address, from: host)
    case .disconnect(let handle, let reason): close(handle, of: host, reason)
    case .discard(let piece): deliver(host.disk.discard(piece), to: host)
    case .metadataArrived(let bytes): begin(host, with: bytes)
    case .pieceLayerArrived(let root, let hashes):
      try? host.disk.layers.insert(hashes, root: root, of: torrent.info)
    case .leavesArrived(let piece, let leaves):
      deliver(host.disk.know(leaves, of: piece), to: host)
    case .answerHashes(let handle, let request): answer(request, on: handle, of: host)
    case .completed: completed(host)
    case .wantPeers:
      if now - host.lastAnnounce >= .seconds(10) { announceSoon(host) }
    }
  }

  private func announceSoon(_ host: SimulatedHost) {
    host.lastAnnounce = now
    plan(host, at: now + .milliseconds(200)) { [unowned self] in announce(host) }
  }

  private func completed(_ host: SimulatedHost) {
    guard host.isComplete else {
      return violate("host \(host.index) says that it is complete, and is not")
    }
    tell("\(host.name) is complete")
    if host.completedAt == nil { host.completedAt = now }
  }

  private func begin(_ host: SimulatedHost, with bytes: [UInt8]) {
    guard let info = try? TorrentInfo(rawBytes: bytes), info.hashes == torrent.info.hashes else {
      violate("host \(host.index) took metadata that is not the torrent's")
      return plan(host, at: now) { [unowned self] in tell(host, .metadataRefused) }
    }
    host.disk.info = info
    plan(host, at: now + .milliseconds(1)) { [unowned self] in
      let found = host.disk.open()
      tell(host, .ready(info, host.disk.layers, have: found.have, blocks: found.blocks))
    }
  }

  private func answer(
    _ request: HashRequest, on handle: PeerHandle, of host: SimulatedHost
  ) {
    if let leaves = host.disk.leaves(request) {
      return send(.hashes(request, leaves), on: handle, of: host)
    }
    let range = MerkleRange(
      baseLayer: request.baseLayer, index: request.index, length: request.length,
      proofLayers: request.proofLayers)
    guard let layer = host.disk.layers[request.piecesRoot],
      let tree = MerkleTree(base: layer, baseLayer: torrent.info.pieceLayer),
      let bytes = tree.hashes(range)
    else { return send(.hashReject(request), on: handle, of: host) }
    send(.hashes(request, ByteBuffer(bytes: bytes)), on: handle, of: host)
  }

  // MARK: Storage

  private func store(_ block: BlockRequest, _ data: ByteBuffer, on host: SimulatedHost) {
    let acceptance = host.disk.take(block, data)
    if acceptance.isRepeated {
      violate("host \(host.index) stores \(block) again")
    }
    if acceptance.events.contains(where: \.isFull) { host.holdsReads = true }
    deliver(acceptance.events, to: host)
    for job in acceptance.jobs {
      work(on: host, job, at: host.disk.schedule(job, at: now))
    }
  }

  private func work(on host: SimulatedHost, _ job: SimulatedDisk.Job, at time: NIODeadline) {
    plan(host, at: time) { [unowned self] in
      switch host.disk.carryOut(job, at: now) {
      case .done(let events): deliver(events, to: host)
      case .stalled(let isNew):
        if isNew {
          tell("\(host.name) has no room on its disk")
          deliver([.failed(Self.noRoom)], to: host)
        }
        work(on: host, job, at: now + .seconds(1))
      }
    }
  }

  // All news goes this way: what is told first is heard first.
  private func deliver(_ events: [StorageEvent], to host: SimulatedHost) {
    guard !events.isEmpty else { return }
    plan(host, at: now) { [unowned self] in report(events, to: host) }
  }

  private func report(_ events: [StorageEvent], to host: SimulatedHost) {
    guard let core = host.core, !events.isEmpty else { return }
    var resumes = false
    for event in events {
      switch event {
      case .pieceVerified(let piece):
        if host.isComplete, host.completedAt == nil { host.completedAt = now }
        trace.note(now.uptimeNanoseconds, host.index, piece)
        host.evidence.pieceVerified(piece)
      case .pieceFailed(let piece, _, _):
        tell("\(host.name): piece \(piece) is wrong")
        host.evidence.pieceFailed(piece)
      case .full: host.holdsReads = true
      case .relieved:
        host.holdsReads = false
        resumes = true
      default: break
      }
      core.handle(.storage(event), at: now)
    }
    settle(host)
    if resumes { resumeReading(host) }
  }

  // MARK: Rules

  /// Looks whether a host has to do with who is proven to have lied to it.
  func checkTrust(of host: SimulatedHost) {
    guard !host.evidence.proven.isEmpty else { return }
    for other in host.handles.compactMap(host.index(behind:))
    where host.evidence.proven.contains(other) {
      violate("host \(host.index) trusts host \(other), which lied to it")
    }
  }

  /// Looks whether a host's memory is within its bounds.
  func checkBounds(of host: SimulatedHost) {
    guard let core = host.core, host.ticks % 8 == 0 else { return }
    let statistics = core.statistics(at: now)
    let configuration = core.configuration
    let connections = statistics.connections
    if connections > configuration.maximumConnections {
      violate("host \(host.index) has \(connections) connections")
    }
    if statistics.requestsOpen > connections * RequestPipeline.greatestDepth {
      violate("host \(host.index) has \(statistics.requestsOpen) requests open")
    }
    if statistics.requestsQueued > connections * configuration.requestQueueLimit {
      violate("host \(host.index) keeps \(statistics.requestsQueued) requests of others")
    }
    for backlog in host.handles.compactMap({ host.ends[$0]?.output.backlog })
    where backlog > Self.greatestBacklog {
      violate("host \(host.index) keeps \(backlog) bytes for one peer")
    }
  }

  private static let greatestBatch = 50_000
  private static let greatestBacklog = 4 << 20
  private static let noRoom = StorageError(.diskFull, path: "/file", "there is no room")
}

extension StorageEvent {
  fileprivate var isFull: Bool { if case .full = self { true } else { false } }
}
