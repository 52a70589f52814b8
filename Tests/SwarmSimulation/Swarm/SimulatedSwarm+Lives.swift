internal import BitTorrent
internal import DequeModule
internal import Metainfo
internal import NIOCore

// Hosts come, go and come back.
extension SimulatedSwarm {
  func start(_ host: SimulatedHost) {
    host.life += 1
    host.returnsAt = nil
    host.peerID = PeerID(prefix: "-SM0001-", using: &random)
    var configuration = TorrentConfiguration(
      infoHashes: torrent.info.hashes, peerID: host.peerID)
    configuration.listenPort = host.address.port
    host.plan.configure?(&configuration)
    let core = TorrentCore(
      configuration: configuration, strategy: host.plan.strategy?(), seed: random.next(), now: now)
    host.core = core
    tell("\(host.name) comes, life \(host.life)")
    // Connections of the life before: the machine knows nothing of them.
    for end in host.halfOpen where end.isOpen {
      plan(after: end.link.latency) { [unowned self] in ended(end) }
    }
    host.halfOpen = []
    if let info = host.disk.info {
      let found = host.disk.open()
      tell("\(host.name) has \(found.have.setCount) pieces, and parts of \(found.blocks.count)")
      if found.have.isFull, host.completedAt == nil { host.completedAt = now }
      tell(host, .ready(info, host.disk.layers, have: found.have, blocks: found.blocks))
    }
    announce(host)
    tick(host, at: now + .milliseconds(Int64.random(in: 0..<500, using: &random)))
  }

  func stop(_ host: SimulatedHost, _ death: Death) {
    guard let core = host.core else { return }
    tell("\(host.name) goes: \(death)")
    count(core, of: host)
    host.core = nil
    host.life += 1
    host.disk.die(death, using: &random)
    for handle in host.handles {
      guard let end = host.ends[handle] else { continue }
      let other = end.other
      end.close()
      if death == .powerCut {
        host.halfOpen.append(other)
      } else {
        let time = max(now, other.link.stalledUntil) + end.link.latency
        queue.plan(at: max(time, end.lastArrival)) { [unowned self] in ended(other) }
      }
    }
    if death == .exit { announced.removeAll { $0 == host.index } }
    host.line = []
    host.isLinePlanned = false
    host.lineIsFreeAt = now
    host.holdsReads = false
    host.marked = []
    host.evidence = Evidence()
    host.lastAnnounce = .distantPast
  }

  func count(_ core: TorrentCore, of host: SimulatedHost) {
    let statistics = core.statistics(at: now)
    host.received += statistics.downloaded
    host.wasted += statistics.wasted
  }

  private func tick(_ host: SimulatedHost, at time: NIODeadline) {
    plan(host, at: time) { [unowned self] in
      host.ticks += 1
      host.behaviour?.ticks(Seat(swarm: self, host: host))
      tell(host, .tick)
      if now - host.lastAnnounce >= scenario.network.announceInterval { announce(host) }
      tick(host, at: time + TorrentCore.tickInterval)
    }
  }

  // MARK: The tracker

  /// Tells the tracker of a host, and the host of some others.
  func announce(_ host: SimulatedHost) {
    host.lastAnnounce = now
    if !announced.contains(host.index) { announced.append(host.index) }
    let count = min(announced.count, scenario.network.addressesPerAnnounce)
    var chosen = announced
    for index in 0..<count {
      chosen.swapAt(index, Int.random(in: index..<chosen.count, using: &random))
    }
    var addresses = chosen.prefix(count).map { hosts[$0].address }
    // Nobody is at one of them.
    addresses.append(
      PeerAddress(ipv4: 0x2e00_0000 + UInt32.random(in: 1...65_000, using: &random), port: 6_881))
    tell(host, .peersFound(addresses, .tracker))
  }

  // MARK: The weather

  /// Breaks and stalls connections.
  func weather() {
    living.removeAll { link in !link.ends.contains(where: \.isOpen) }
    for _ in 0..<scenario.network.resets {
      guard let link = living.randomElement(using: &random) else { break }
      tell("link \(link.number) breaks")
      for end in link.ends { ended(end) }
    }
    for _ in 0..<scenario.network.stalls {
      guard let link = living.randomElement(using: &random) else { break }
      let time = Int64.random(
        in: Int64(
          scenario.network.stallTime.lowerBound)...Int64(
            scenario.network.stallTime.upperBound), using: &random)
      tell("link \(link.number) stalls for \(time) ms")
      link.stalledUntil = max(link.stalledUntil, now + .milliseconds(time))
    }
    plan(after: .seconds(1)) { [unowned self] in weather() }
  }
}

extension SimulatedHost {
  /// Its index, and what it is.
  var name: String { "host \(index)" + (plan.kind.map { " (\($0))" } ?? "") }
}
