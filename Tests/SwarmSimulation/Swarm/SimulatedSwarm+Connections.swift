internal import BitTorrent
internal import Metainfo
internal import NIOCore

// Connections: how they come about, and how they end.
extension SimulatedSwarm {
  func dial(_ address: PeerAddress, from host: SimulatedHost) {
    let latency = TimeAmount.milliseconds(
      Int64(Int.random(in: scenario.network.latency, using: &random)))
    let other = places[address].map { hosts[$0] }
    guard let other, other.plan.isReachable, other.isUp else {
      // Who is there and does not listen says so; where nobody is, nobody says anything.
      let isRefused = other?.plan.isReachable == true
      let time = isRefused ? latency + latency : .seconds(10)
      return plan(host, at: now + time) { [unowned self] in tell(host, .connectFailed(address)) }
    }
    let port = UInt16.random(in: 20_000...60_000, using: &random)
    let life = host.life
    // The dialler's handshake arrives after one and a half round trips, the answer after two.
    plan(after: latency + latency + latency) { [unowned self] in
      guard other.isUp, host.life == life else {
        return plan(host, at: now + latency) { [unowned self] in
          tell(host, .connectFailed(address))
        }
      }
      join(host, other, latency: latency, port: port)
    }
  }

  private func join(
    _ host: SimulatedHost, _ other: SimulatedHost, latency: TimeAmount, port: UInt16
  ) {
    let link = SimulatedLink(number: links.count, latency: latency, now: now)
    let features = PeerFeatures.offered(v2: torrent.info.hasV2)
    let isV2 = !torrent.info.hasV1
    func end(_ host: SimulatedHost) -> LinkEnd {
      LinkEnd(link, host, host.makeHandle(), features: features, isV2: isV2, now: now)
    }
    let (near, far) = (end(host), end(other))
    link.ends = [near, far]
    links.append(link)
    living.append(link)
    let life = host.life
    let theirs = introduction(other, other.address, .outgoing)
    plan(after: latency) { [unowned self] in
      guard host.life == life else {
        return plan(after: latency) { [unowned self] in ended(far) }
      }
      open(near, theirs)
      // Whoever went meanwhile is not heard of.
      if !far.isOpen { plan(after: latency) { [unowned self] in ended(near) } }
    }
    var source = host.address
    source.port = port
    open(far, introduction(host, source, .incoming))
  }

  private func open(_ end: LinkEnd, _ introduction: PeerIntroduction) {
    end.isOpen = true
    end.host.ends[end.handle] = end
    tell(end.host, .peerConnected(end.handle, introduction))
  }

  private func introduction(
    _ peer: SimulatedHost, _ address: PeerAddress, _ direction: PeerIntroduction.Direction
  ) -> PeerIntroduction {
    PeerIntroduction(
      address: address, direction: direction, peerID: peer.peerID,
      features: .offered(v2: torrent.info.hasV2), infoHash: torrent.info.hashes.primary,
      isV2: !torrent.info.hasV1)
  }

  /// A host closes a connection.
  func close(_ handle: PeerHandle, of host: SimulatedHost, _ reason: PeerCloseReason) {
    guard let end = host.ends[handle] else { return }
    let other = end.other
    host.closings.append((other.host.index, reason))
    judge(reason, of: host, about: other.host)
    end.close()
    let arrival = max(now, end.link.stalledUntil) + end.link.latency
    queue.plan(at: max(arrival, end.lastArrival)) { [unowned self] in ended(other) }
    plan(host, at: now) { [unowned self] in tell(host, .peerClosed(handle)) }
  }

  /// A connection ended without its host's doing.
  func ended(_ end: LinkEnd) {
    guard end.isOpen else { return }
    end.close()
    tell(end.host, .peerClosed(end.handle))
  }

  // Whom an honest host blames must be to blame.
  private func judge(_ reason: PeerCloseReason, of host: SimulatedHost, about other: SimulatedHost)
  {
    guard host.isHonest else { return }
    switch reason {
    case .fault(.ourself): return
    case .fault(let fault):
      tell("\(host.name) blames \(other.name): \(fault)")
      if other.isHonest { violate("host \(host.index) blames host \(other.index): \(fault)") }
    case .banned:
      if other.isHonest { violate("host \(host.index) has banned host \(other.index)") }
    default: break
    }
  }
}
