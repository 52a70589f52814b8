public import Metainfo
public import NIOCore

/// The part of a session in the distributed hash tables: a node in the one of IPv4 and one in that
/// of IPv6, and the torrents that are looked for and announced there, without sockets or clock.
///
/// A torrent is announced about every quarter of an hour, sooner where that brought too little.
public struct DHT {
  /// What is to be done, or was found.
  public enum Action: Equatable, Sendable {
    /// Send a datagram.
    case send([UInt8], to: PeerAddress)
    /// These are said to be peers of the torrent.
    case found([PeerAddress], of: SHA1Hash)
  }

  private struct Interest {
    var announce: DHTAnnounce?
    var wantsPeers = false
    // One for each node.
    var runs: [Run]

    // It is complete, and nobody waits for what is found.
    var isResting: Bool { announce?.isSeed == true && !wantsPeers }
  }

  private struct Run {
    var due: NIODeadline
    var ended: NIODeadline?
    var attempts = 0
    var isRunning = false
  }

  /// How often a torrent is announced.
  public static let announceInterval = TimeAmount.minutes(15)
  private static let firstRetry = TimeAmount.seconds(5)
  // Torrents that rest are looked up one after the other, ten thousand in a quarter of an hour, and
  // leave half of the look-ups to the others.
  private static let restingPause = TimeAmount.milliseconds(80)
  private static let restingBurst = 8

  private var nodes: [DHTNode]
  private var interests: [DHTID: Interest] = [:]
  // The torrents in the order in which they came.
  private var order: [DHTID] = []
  private var nextRun = NIODeadline.distantFuture
  // For each node how many of those that rest may be looked up now, and who of them is next.
  private var restingCredit: [Int]
  private var creditAt: NIODeadline
  private var nextResting = 0
  private var random: any RandomNumberGenerator & Sendable
  private var actions: [Action] = []

  /// Nodes for the given kinds of addresses, which go on where an earlier run was.
  ///
  /// - Parameters:
  ///   - families: The kinds of addresses that there are sockets for.
  ///   - state: What an earlier run has left.
  ///   - configuration: The bounds; the family in it does not count.
  ///   - random: Where every choice comes from.
  ///   - now: The time.
  public init(
    families: [PeerAddress.Family], state: DHTState = DHTState(),
    configuration: DHTNode.Configuration = .init(),
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    at now: NIODeadline
  ) {
    self.random = random
    restingCredit = families.map { _ in Self.restingBurst }
    creditAt = now
    nodes = []
    for family in families {
      var configuration = configuration
      configuration.family = family
      let saved = state.nodes[family]
      var node = DHTNode(configuration, id: saved?.id, random: random, at: now)
      node.addEntryPoints(saved?.addresses ?? [], at: now)
      nodes.append(node)
      // A copy of a generator gives the same numbers again.
      _ = self.random.next()
    }
  }

  /// What the next run should know.
  public var state: DHTState {
    var state = DHTState()
    for node in nodes {
      let known = node.contacts.map(\.address)
      // Without nodes, those of the last run are still the best guess.
      let addresses = known.isEmpty ? node.knownEntryPoints : known
      state.nodes[node.configuration.family] = .init(
        id: node.id, addresses: Array(addresses.suffix(DHTState.maximumAddresses)))
    }
    return state
  }

  /// How many nodes are known.
  public var nodeCount: Int { nodes.reduce(0) { $0 + $1.nodeCount } }

  /// What is to be done since it was last asked.
  public mutating func takeActions() -> [Action] {
    defer { actions = [] }
    return actions
  }

  // MARK: - News

  /// Takes a datagram in.
  public mutating func receive(
    _ datagram: [UInt8], from address: PeerAddress, at now: NIODeadline
  ) {
    guard let index = index(address.family) else { return }
    let other = nodes.indices.first { $0 != index }.map { nodes[$0] }
    nodes[index].receive(datagram, from: address, at: now) { other?.closest(to: $0) ?? [] }
    collect(index, at: now)
  }

  /// Looks at the time; about each ``DHTNode/tickInterval``.
  public mutating func tick(at now: NIODeadline) {
    for index in nodes.indices {
      nodes[index].tick(at: now)
      collect(index, at: now)
    }
    run(at: now)
  }

  /// Names nodes to begin with.
  public mutating func addEntryPoints(
    _ addresses: [PeerAddress], areRouters: Bool, at now: NIODeadline
  ) {
    for index in nodes.indices {
      nodes[index].addEntryPoints(addresses, areRouters: areRouters, at: now)
    }
    tick(at: now)
  }

  /// Hears of a node from a peer (PORT, BEP 5).
  public mutating func heard(of address: PeerAddress, at now: NIODeadline) {
    guard let index = index(address.family) else { return }
    nodes[index].heard(of: address, at: now)
    collect(index, at: now)
  }

  // MARK: - Torrents

  /// Looks for a torrent's peers from now on, and announces it where that is wanted.
  public mutating func add(
    _ infoHash: SHA1Hash, announcing announce: DHTAnnounce?, at now: NIODeadline
  ) {
    let id = DHTID(infoHash)
    guard interests[id] == nil else { return }
    // Those that left are taken out together: many leave at once when a session ends.
    if order.count > interests.count { order.removeAll { [interests] in interests[$0] == nil } }
    interests[id] = Interest(announce: announce, runs: nodes.map { _ in Run(due: now) })
    order.append(id)
    for index in nodes.indices { nodes[index].watch(id) }
    earnCredit(at: now)
    // Of the others nothing has changed: a session with many torrents adds all of them at once.
    run(id, at: now)
  }

  /// Says from now on that we have all of a torrent.
  public mutating func isSeed(_ infoHash: SHA1Hash) {
    interests[DHTID(infoHash)]?.announce?.isSeed = true
  }

  /// Hears that a torrent has few peers: they are looked for sooner.
  public mutating func wantPeers(_ infoHash: SHA1Hash, at now: NIODeadline) {
    let id = DHTID(infoHash)
    guard interests[id] != nil else { return }
    interests[id]?.wantsPeers = true
    for index in nodes.indices {
      guard let run = interests[id]?.runs[index], !run.isRunning, let ended = run.ended else {
        continue
      }
      let due = min(run.due, ended + Self.retry(run.attempts))
      interests[id]?.runs[index].due = due
      nextRun = min(nextRun, due)
    }
  }

  /// Does not look for a torrent's peers any more; what was announced is forgotten by itself.
  public mutating func remove(_ infoHash: SHA1Hash) {
    let id = DHTID(infoHash)
    guard interests.removeValue(forKey: id) != nil else { return }
    for index in nodes.indices { nodes[index].unwatch(id) }
  }

  private func index(_ family: PeerAddress.Family) -> Int? {
    nodes.firstIndex { $0.configuration.family == family }
  }

  private static func retry(_ attempts: Int) -> TimeAmount {
    min(announceInterval, firstRetry * (1 << min(attempts, 6)))
  }

  private mutating func collect(_ index: Int, at now: NIODeadline) {
    for action in nodes[index].takeActions() {
      switch action {
      case .send(let datagram, let address): actions.append(.send(datagram, to: address))
      case .found(let peers, let id):
        guard interests[id] != nil else { continue }
        actions.append(.found(peers, of: id.infoHash))
      case .finished(let id, let summary): ended(id, index, summary, at: now)
      case .joined:
        // Whatever was tried without the others is tried again with them.
        for id in order {
          interests[id]?.runs[index].due = now
          interests[id]?.runs[index].attempts = 0
        }
        nextRun = now
      }
    }
  }

  private mutating func ended(
    _ id: DHTID, _ index: Int, _ summary: DHTNode.Summary, at now: NIODeadline
  ) {
    guard var interest = interests[id] else { return }
    var run = interest.runs[index]
    run.isRunning = false
    run.ended = now
    let isEnough =
      summary.answers >= DHTLookup.width && (summary.peers > 0 || !interest.wantsPeers)
    if isEnough {
      // Not all at the same moment.
      let jitter = Int64.random(in: 0..<60, using: &random)
      run.due = max(run.due, now + Self.announceInterval + .seconds(jitter))
      run.attempts = 0
    } else {
      run.due = now + Self.retry(run.attempts)
      run.attempts += 1
    }
    interest.wantsPeers = false
    interest.runs[index] = run
    interests[id] = interest
    nextRun = min(nextRun, run.due)
  }

  private mutating func run(at now: NIODeadline) {
    guard now >= nextRun else { return }
    nextRun = .distantFuture
    earnCredit(at: now)
    for id in order where interests[id]?.isResting == false { run(id, at: now) }
    let first = nextResting
    for step in order.indices {
      let place = (first + step) % order.count
      guard interests[order[place]]?.isResting == true else { continue }
      if run(order[place], at: now) { nextResting = place + 1 }
      if restingCredit.allSatisfy({ $0 <= 0 }) {
        nextRun = min(nextRun, now + DHTNode.tickInterval)
        break
      }
    }
  }

  // Looks a torrent up where that is due; whether that was begun.
  @discardableResult
  private mutating func run(_ id: DHTID, at now: NIODeadline) -> Bool {
    var hasBegun = false
    for index in nodes.indices {
      guard let interest = interests[id], !interest.runs[index].isRunning else { continue }
      let due = interest.runs[index].due
      // Without nodes it waits for the first one.
      guard due <= now, nodes[index].nodeCount > 0 else {
        if due > now { nextRun = min(nextRun, due) }
        continue
      }
      guard !interest.isResting || mayRunResting(index),
        nodes[index].lookUp(id.infoHash, announcing: interest.announce, at: now)
      else {
        nextRun = min(nextRun, now + DHTNode.tickInterval)
        continue
      }
      hasBegun = true
      if interest.isResting { restingCredit[index] -= 1 }
      interests[id]?.runs[index].isRunning = true
      interests[id]?.runs[index].due = now
      collect(index, at: now)
    }
    return hasBegun
  }

  private func mayRunResting(_ index: Int) -> Bool {
    restingCredit[index] > 0
      && nodes[index].lookups.count < nodes[index].configuration.maximumLookups / 2
  }

  private mutating func earnCredit(at now: NIODeadline) {
    let pause = Self.restingPause.nanoseconds
    let earned = (now - creditAt).nanoseconds / pause
    guard earned > 0 else { return }
    creditAt = creditAt + .nanoseconds(earned * pause)
    restingCredit = restingCredit.map {
      min($0 + Int(clamping: min(earned, 1_000)), Self.restingBurst)
    }
  }
}
