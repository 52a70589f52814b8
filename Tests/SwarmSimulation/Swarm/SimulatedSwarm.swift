internal import BitTorrent
package import NIOCore
internal import TestSupport

/// Hosts joined by a network, in virtual time: a run is its scenario's, every time.
package final class SimulatedSwarm {
  /// When every run begins.
  package static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  /// What is run.
  package let scenario: Scenario
  /// The hosts, in the scenario's order.
  package let hosts: [SimulatedHost]
  /// The moment that is being lived.
  package private(set) var now = SimulatedSwarm.start
  /// Called every half second of virtual time, and when the run is over.
  package var inspect: ((SimulatedSwarm) -> Void)?

  var random: SeededGenerator
  var queue = EventQueue()
  var trace = Trace()
  var violations: [String] = []
  var links: [SimulatedLink] = []
  // Those of the links that may be open, for the weather to choose from.
  var living: [SimulatedLink] = []
  let places: [PeerAddress: Int]
  // Who announced, and did not say goodbye.
  var announced: [Int] = []
  private var eventCount = 0
  private var isOver = false
  // The last moment at which the world makes trouble for somebody.
  private let quietFrom: NIODeadline

  /// A swarm at its beginning.
  package init(_ scenario: Scenario) {
    self.scenario = scenario
    // Another sequence than the one that the scenario was drawn from.
    var random = SeededGenerator(seed: ~scenario.seed)
    hosts = scenario.hosts.enumerated().map { index, plan in
      SimulatedHost(
        index: index, plan: plan, torrent: scenario.torrent,
        peerID: PeerID(prefix: "-SM0001-", using: &random))
    }
    self.random = random
    places = Dictionary(uniqueKeysWithValues: hosts.map { ($0.address, $0.index) })
    quietFrom = scenario.quietFrom
  }

  var torrent: SimulatedTorrent { scenario.torrent }
  /// How long the run has lasted.
  package var elapsed: TimeAmount { now - Self.start }

  /// Runs until every honest host that is to stay has every piece, or patience is at its end.
  package func run() -> SimulationReport {
    for host in hosts { prepare(host) }
    for fault in scenario.faults { plan(fault) }
    plan(after: .milliseconds(500)) { [unowned self] in watch() }
    if scenario.network.resets + scenario.network.stalls > 0 {
      plan(after: .seconds(1)) { [unowned self] in weather() }
    }
    while !isOver, let event = queue.pop() {
      now = max(now, event.time)
      eventCount += 1
      event.body()
    }
    return finish()
  }

  private func prepare(_ host: SimulatedHost) {
    let count = torrent.pieceCount
    var pieces = Bitfield(bitCount: count)
    if host.plan.beginning != .magnet { host.disk.info = torrent.info }
    switch host.plan.beginning {
    case .everything: pieces.fill()
    case .some(let oneIn):
      for piece in 0..<count where Int.random(in: 0..<oneIn, using: &random) == 0 {
        pieces.insert(piece)
      }
    case .nothing, .magnet: break
    }
    if host.disk.info != nil {
      host.disk.layers = torrent.layers
      host.disk.fill(pieces)
    }
    if host.isComplete { host.completedAt = now }
    plan(after: host.plan.joinsAt) { [unowned self] in start(host) }
  }

  private func plan(_ fault: Fault) {
    let host = hosts[fault.host]
    plan(after: fault.time) { [unowned self] in
      guard host.isUp else { return }
      stop(host, fault.death)
      guard let absence = fault.absence else { return }
      host.returnsAt = now + absence
      plan(after: absence) { [unowned self] in
        if !host.isUp { start(host) }
      }
    }
  }

  // MARK: Time

  func plan(after time: TimeAmount, _ body: @escaping () -> Void) {
    queue.plan(at: now + time, body)
  }

  /// Plans something of a host that is not to happen in another of its lives.
  package func plan(_ host: SimulatedHost, after time: TimeAmount, _ body: @escaping () -> Void) {
    plan(host, at: now + time, body)
  }

  func plan(_ host: SimulatedHost, at time: NIODeadline, _ body: @escaping () -> Void) {
    let life = host.life
    queue.plan(at: time) {
      if host.life == life, host.isUp { body() }
    }
  }

  // MARK: Words

  func tell(_ words: @autoclosure () -> String) { trace.tell(words(), at: elapsed) }

  /// Notes something that must not be.
  package func violate(_ words: String) {
    tell("VIOLATION: \(words)")
    guard violations.count < 20 else { return }
    violations.append(words)
  }

  // MARK: The end

  private func watch() {
    for host in hosts where host.isUp { checkBounds(of: host) }
    for host in hosts where host.isUp && host.isHonest { checkTrust(of: host) }
    inspect?(self)
    let waiting = hosts.filter { $0.isHonest && !$0.isComplete && willBeUp($0) }
    if waiting.isEmpty || !violations.isEmpty {
      isOver = true
    } else if now - quietFrom > scenario.patience {
      isOver = true
      for host in waiting.prefix(5) { violate(stuck(host)) }
    } else if eventCount > scenario.maximumEvents {
      isOver = true
      violate("\(eventCount) events, and no end: \(waiting.count) hosts are not complete")
    } else {
      plan(after: .milliseconds(500)) { [unowned self] in watch() }
    }
  }

  // Who is down and does not come back need not be complete.
  private func willBeUp(_ host: SimulatedHost) -> Bool {
    host.isUp || now < Self.start + host.plan.joinsAt || (host.returnsAt ?? .distantPast) > now
  }

  private func stuck(_ host: SimulatedHost) -> String {
    "host \(host.index) has \(host.disk.have.setCount) of \(torrent.pieceCount) pieces after "
      + "\(elapsed.nanoseconds / 1_000_000_000) s: \(state(of: host))"
  }

  /// How a host stands, and each of its connections.
  package func state(of host: SimulatedHost) -> String {
    guard let core = host.core else { return "it is down" }
    let statistics = core.statistics(at: now)
    let lines = zip(host.handles, core.peerDetails(at: now)).map { handle, peer in
      let name = host.index(behind: handle).map { hosts[$0].name } ?? "?"
      return "\n    \(name): \(peer.words)"
    }
    return "\(statistics.words)\(lines.joined())"
  }

  private func finish() -> SimulationReport {
    for host in hosts {
      // What a dead host has is what it would find at its next start.
      if !host.isUp, host.disk.info != nil { _ = host.disk.open() }
      if let piece = host.disk.firstWrongPiece {
        violate("host \(host.index) has piece \(piece) on its disk, and it is wrong")
      }
      if let core = host.core { count(core, of: host) }
    }
    inspect?(self)
    for link in links { link.ends = [] }
    queue = EventQueue()
    return SimulationReport(
      seed: scenario.seed, traceHash: trace.hash, violations: violations, story: trace.story,
      time: elapsed, events: eventCount,
      completionTimes: hosts.filter(\.isHonest).compactMap {
        $0.completedAt.map { $0 - Self.start }
      },
      received: hosts.filter(\.isHonest).reduce(0) { $0 + $1.received },
      wasted: hosts.filter(\.isHonest).reduce(0) { $0 + $1.wasted })
  }
}

extension Scenario {
  fileprivate var quietFrom: NIODeadline {
    var last = hosts.map(\.joinsAt).max() ?? .zero
    for fault in faults { last = max(last, fault.time + (fault.absence ?? .zero)) }
    var quiet = SimulatedSwarm.start + last
    for disk in hosts.map(\.disk) {
      for span in disk.full + disk.unreadable.values { quiet = max(quiet, span.upperBound) }
    }
    return quiet
  }
}

extension TorrentStatistics {
  fileprivate var words: String {
    "\(phase), \(connections) connections, \(seeds) seeds, \(unchokingUs) let it ask, "
      + "\(requestsOpen) requests open, \(candidates) candidates, \(banned) banned"
  }
}

extension TorrentPeer {
  fileprivate var words: String {
    "\(direction), has \(pieces), gave \(downloaded) bytes, \(requestsOpen) requests open"
      + (isInteresting ? ", is of interest" : "") + (isUnchokingUs ? ", lets us ask" : "")
      + (isInterested ? ", wants" : "") + (isUnchoked ? ", may ask" : "")
  }
}
