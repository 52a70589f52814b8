internal import BitTorrent
internal import DequeModule
internal import NIOCore

// Bytes: from a core's messages to the other's, over lines that carry so much a second.
extension SimulatedSwarm {
  // MARK: Out

  /// A core's message to a peer.
  func send(_ message: PeerMessage, on handle: PeerHandle, of host: SimulatedHost) {
    guard let behaviour = host.behaviour else { return put(message, on: handle, of: host) }
    let seat = Seat(swarm: self, host: host)
    guard let message = behaviour.sends(message, to: handle, seat) else { return }
    put(message, on: handle, of: host)
  }

  /// A message that goes out as it is.
  func put(_ message: PeerMessage, on handle: PeerHandle, of host: SimulatedHost) {
    guard let end = host.ends[handle] else { return }
    // A liar does not fill its own memory for one who does not listen to it.
    if host.behaviour != nil, end.isBlocked || end.inFlight > scenario.network.window { return }
    end.output.append(message)
    mark(end)
  }

  func mark(_ end: LinkEnd) {
    guard !end.isMarked else { return }
    end.isMarked = true
    end.host.marked.append(end)
  }

  /// Sends what has come together for each connection.
  func flushMarked(_ host: SimulatedHost) {
    guard !host.marked.isEmpty else { return }
    let marked = host.marked
    host.marked.removeAll(keepingCapacity: true)
    for end in marked {
      end.isMarked = false
      guard end.isOpen else { continue }
      if let bytes = end.output.takeUrgent() { transmit(bytes, from: end, leaving: now) }
      putInLine(end)
    }
    runLine(host)
  }

  private func putInLine(_ end: LinkEnd) {
    guard !end.isInLine else { return }
    end.isInLine = true
    end.host.line.append(end)
  }

  // The connections of a host take turns on its line.
  private func runLine(_ host: SimulatedHost) {
    while host.lineIsFreeAt <= now, let end = host.line.popFirst() {
      end.isInLine = false
      guard end.isOpen else { continue }
      guard end.inFlight < scenario.network.window else {
        end.isBlocked = true
        continue
      }
      switch end.output.next(blocks: Self.blocksPerTurn) {
      case .bytes(let bytes): transmit(bytes, from: end, leaving: occupy(host, bytes))
      case .blocks(let blocks): serve(blocks, from: end)
      case nil: continue
      }
      putInLine(end)
    }
    guard !host.line.isEmpty, !host.isLinePlanned else { return }
    host.isLinePlanned = true
    plan(host, at: host.lineIsFreeAt) { [unowned self] in
      host.isLinePlanned = false
      runLine(host)
    }
  }

  // When bytes that wait for the line have left it.
  private func occupy(_ host: SimulatedHost, _ bytes: ByteBuffer) -> NIODeadline {
    let time = Int64(bytes.readableBytes) * 1_000_000_000 / Int64(host.plan.lineRate)
    host.lineIsFreeAt = max(host.lineIsFreeAt, now) + .nanoseconds(time)
    return host.lineIsFreeAt
  }

  private func serve(_ blocks: [BlockRequest], from end: LinkEnd) {
    let delay = end.host.disk.nature.readDelay
    guard delay > .zero else { return write(blocks, to: end) }
    pause(end, delay) { [unowned self] in write(blocks, to: end) }
  }

  // Nothing leaves a connection until its blocks are read.
  private func pause(_ end: LinkEnd, _ time: TimeAmount, then body: @escaping () -> Void) {
    end.output.isReading = true
    plan(end.host, at: now + time) { [unowned self] in
      guard end.isOpen else { return }
      end.output.isReading = false
      body()
      mark(end)
      flushMarked(end.host)
    }
  }

  private func write(_ blocks: [BlockRequest], to end: LinkEnd) {
    let host = end.host
    var buffer = ByteBufferAllocator().buffer(
      capacity: blocks.count * (BlockRequest.blockLength + PeerMessage.pieceHeaderLength))
    var done: [BlockRequest] = []
    var failed: [BlockRequest] = []
    for (index, block) in blocks.enumerated() {
      guard let bytes = host.disk.read(block, at: now) else {
        failed.append(block)
        continue
      }
      switch service(block, bytes, end) {
      case .send(let bytes): append(block, bytes, to: &buffer)
      case .drop: break
      case .sendLater(let bytes, let time):
        var late = ByteBuffer()
        append(block, bytes, to: &late)
        let rest = Array(blocks[(index + 1)...])
        pause(end, time) { [unowned self] in
          transmit(late, from: end, leaving: occupy(host, late))
          // The rest comes before whatever else the core has for this peer.
          if !rest.isEmpty { write(rest, to: end) }
          tell(host, .uploaded(end.handle, block))
        }
        return report(done, failed, buffer, end)
      }
      done.append(block)
    }
    report(done, failed, buffer, end)
  }

  private func report(
    _ done: [BlockRequest], _ failed: [BlockRequest], _ buffer: ByteBuffer, _ end: LinkEnd
  ) {
    let host = end.host
    let departure = occupy(host, buffer)
    if buffer.readableBytes > 0 { transmit(buffer, from: end, leaving: departure) }
    plan(host, at: departure) { [unowned self] in
      guard let core = host.core, end.isOpen else { return }
      for block in done { core.handle(.uploaded(end.handle, block), at: now) }
      for block in failed { core.handle(.uploadFailed(end.handle, block), at: now) }
      settle(host)
    }
  }

  private func service(_ block: BlockRequest, _ bytes: ByteBuffer, _ end: LinkEnd) -> Service {
    guard let behaviour = end.host.behaviour else { return .send(bytes) }
    return behaviour.serves(block, bytes, to: end.handle, Seat(swarm: self, host: end.host))
  }

  private func append(_ block: BlockRequest, _ bytes: ByteBuffer, to buffer: inout ByteBuffer) {
    PeerMessage.encodePieceHeader(
      piece: block.piece, offset: block.offset, length: bytes.readableBytes, into: &buffer)
    buffer.writeImmutableBuffer(bytes)
  }

  // MARK: On the way

  private func transmit(_ bytes: ByteBuffer, from end: LinkEnd, leaving departure: NIODeadline) {
    let network = scenario.network
    trace.note(departure.uptimeNanoseconds, end.link.number, bytes.readableBytes)
    end.inFlight += bytes.readableBytes
    var time = end.link.latency
    if network.jitter > 0 {
      time = time + .milliseconds(Int64(Int.random(in: 0...network.jitter, using: &random)))
    }
    if network.lossOneIn > 0, Int.random(in: 0..<network.lossOneIn, using: &random) == 0 {
      time = time + .milliseconds(200) + end.link.latency + end.link.latency
    }
    let arrival = max(max(departure, end.link.stalledUntil) + time, end.lastArrival)
    end.lastArrival = arrival
    let other = end.other
    queue.plan(at: arrival) { [unowned self] in arrived(bytes, from: end, at: other) }
  }

  private func arrived(_ bytes: ByteBuffer, from sender: LinkEnd, at end: LinkEnd) {
    guard end.isOpen else { return }
    guard !end.host.holdsReads else { return end.inbox.append(bytes) }
    read(bytes, from: sender, at: end)
    settle(end.host)
  }

  // MARK: In

  private func read(_ bytes: ByteBuffer, from sender: LinkEnd, at end: LinkEnd) {
    sender.inFlight -= bytes.readableBytes
    if sender.isBlocked, sender.isOpen {
      sender.isBlocked = false
      mark(sender)
      plan(sender.host, at: now) { [unowned self] in flushMarked(sender.host) }
    }
    var rest = bytes
    if scenario.network.fragments, rest.readableBytes > 1 {
      let cut = Int.random(in: 1..<rest.readableBytes, using: &random)
      if let first = rest.readSlice(length: cut) { feed(first, to: end) }
    }
    feed(rest, to: end)
  }

  private func feed(_ bytes: ByteBuffer, to end: LinkEnd) {
    guard let core = end.host.core, end.isOpen else { return }
    do throws(PeerFault) {
      end.decoder.feed(bytes)
      while end.isOpen, let message = try end.decoder.next() {
        guard let message = heard(message, at: end) else { continue }
        core.handle(.message(end.handle, message), at: now)
      }
    } catch {
      core.handle(.peerFailed(end.handle, error), at: now)
    }
  }

  private func heard(_ message: PeerMessage, at end: LinkEnd) -> PeerMessage? {
    guard let behaviour = end.host.behaviour else { return message }
    return behaviour.hears(message, from: end.handle, Seat(swarm: self, host: end.host))
  }

  /// Reads what arrived while there was no room.
  func resumeReading(_ host: SimulatedHost) {
    for handle in host.handles {
      while !host.holdsReads, let end = host.ends[handle], let bytes = end.inbox.popFirst() {
        read(bytes, from: end.other, at: end)
        settle(host)
      }
    }
  }

  private static let blocksPerTurn = 2
}
