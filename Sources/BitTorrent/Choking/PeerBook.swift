package import NIOCore

/// The addresses of a torrent's peers: whom to dial and when, whom to admit, whom never again.
package struct PeerBook {
  /// What to do with a connection whose handshakes are over.
  package enum Admission: Equatable {
    /// Keep it.
    case admit
    /// Keep it, and close this one, which goes to the same peer.
    case replace(PeerHandle)
    /// Close it.
    case refuse(PeerCloseReason)
  }

  /// The bounds.
  package let configuration: Configuration
  /// Whether everything is fetched: seeds are not dialled then.
  package var isComplete = false {
    didSet { if oldValue, !isComplete { idleUntil = .uptimeNanoseconds(0) } }
  }

  /// Rises whenever connections come, go, or become known to listen somewhere.
  package private(set) var connectionsVersion = 0

  /// Whether only trackers and the user are believed (BEP 27).
  package private(set) var isPrivate = false

  private var entries: [PeerAddress: Entry] = [:]
  // Addresses for which there is only the word of other peers, and their hosts.
  private var hearsayCount = 0
  private var hearsayHosts: Set<PeerAddress> = []
  // How many addresses each host may still name.
  private var hearsay = HearsayBudgets()
  private var connections: [PeerHandle: Connection] = [:]
  // How many connections, those being dialled counted, go to a host.
  private var hosts: [PeerAddress: Int] = [:]
  private var dialling = 0
  private var bans: Set<PeerAddress> = []
  private var banOrder: [PeerAddress] = []
  // Connections that ended lately: a piece may prove bad after its sender left.
  private var departed: [(peer: PeerHandle, address: PeerAddress)] = []
  private static let departedCapacity = 256
  // The canonical priority of an address (BEP 40): higher is dialled first.
  private var priority: @Sendable (PeerAddress) -> UInt32
  // No address is due before that, so that there is no need to look.
  private var idleUntil: NIODeadline
  private var dialCredit: Int
  private var dialCreditAt: NIODeadline
  private var lastTurnover: NIODeadline

  private struct Entry {
    enum State { case idle, dialling, connected }
    var sources: UInt8
    var failures = 0
    var state = State.idle
    var due: NIODeadline
    var priority: UInt32
    var isSeed = false
    var wasUseful = false

    var isByHand: Bool { sources & 1 << PeerSource.user.rawValue != 0 }
    var isHearsay: Bool { sources == 1 << PeerSource.exchange.rawValue }
    // Whether only those named it who must not be asked for peers of a private torrent.
    var isUnfitForPrivate: Bool { sources & ~PeerBook.publicSources == 0 }
  }

  private static let publicSources = [PeerSource.dht, .exchange, .localNetwork]
    .reduce(0 as UInt8) { $0 | 1 << $1.rawValue }

  // Fewer failures, then proven use, then more sources, then the canonical priority, and at last
  // the address, so that two runs alike choose alike.
  private static func isWorthLess(
    _ one: (key: PeerAddress, value: Entry), _ other: (key: PeerAddress, value: Entry)
  ) -> Bool {
    let (first, second) = (one.value, other.value)
    if first.failures != second.failures { return first.failures > second.failures }
    let proven = (first.isByHand || first.wasUseful, second.isByHand || second.wasUseful)
    if proven.0 != proven.1 { return proven.1 }
    let sources = (first.sources.nonzeroBitCount, second.sources.nonzeroBitCount)
    if sources.0 != sources.1 { return sources.0 < sources.1 }
    if first.priority != second.priority { return first.priority < second.priority }
    return (one.key.high, one.key.low, one.key.port) < (
      other.key.high, other.key.low, other.key.port
    )
  }

  private struct Connection {
    var address: PeerAddress
    var peerID: PeerID
    var isIncoming: Bool
    // The entry that the connection belongs to: the address that was dialled, or that the peer
    // says it listens on.
    var entry: PeerAddress?
  }

  /// A book without addresses; `priority` is the canonical priority (BEP 40).
  package init(
    configuration: Configuration = Configuration(), at now: NIODeadline,
    priority: @escaping @Sendable (PeerAddress) -> UInt32
  ) {
    self.configuration = configuration
    self.priority = priority
    idleUntil = now
    dialCredit = configuration.dialsPerSecond
    dialCreditAt = now
    lastTurnover = now
  }

  /// How many addresses are known.
  package var count: Int { entries.count }
  /// How many hosts are banned.
  package var banCount: Int { bans.count }
  /// How many connections there are, those being dialled not counted.
  package var connectionCount: Int { connections.count }
  /// How many connections are being dialled.
  package var diallingCount: Int { dialling }
  /// Whether another connection may be opened or accepted.
  package var hasRoom: Bool { connections.count + dialling < configuration.connections }

  /// The address of a connection that is open or ended lately.
  package func address(of peer: PeerHandle) -> PeerAddress? {
    connections[peer]?.address ?? departed.last { $0.peer == peer }?.address
  }

  /// Our own address became known, so the canonical priorities are others.
  package mutating func setPriority(_ priority: @escaping @Sendable (PeerAddress) -> UInt32) {
    self.priority = priority
    for address in entries.keys { entries[address]?.priority = priority(address) }
  }
}

// MARK: - Addresses

extension PeerBook {
  /// Takes in addresses that a source named; tells how many of them are new.
  @discardableResult
  package mutating func add(
    _ addresses: some Sequence<PeerAddress>, from source: PeerSource, at now: NIODeadline
  ) -> Int {
    let bit: UInt8 = 1 << source.rawValue
    guard !isPrivate || bit & Self.publicSources == 0 else { return 0 }
    var added = 0
    for address in addresses where address.isDialable && !isBanned(address) {
      if entries[address] != nil {
        name(address, by: bit)
        continue
      }
      if source == .exchange {
        guard address.isLoopback || !hearsayHosts.contains(address.host) else { continue }
        // Addresses of which only peers know are never most of the book.
        if hearsayCount >= configuration.capacity / 2 { makeRoom { $0.isHearsay } }
        guard hearsayCount < configuration.capacity / 2 else { break }
      }
      if entries.count >= configuration.capacity { makeRoom { _ in true } }
      guard entries.count < configuration.capacity else { break }
      entries[address] = Entry(sources: bit, due: now, priority: priority(address))
      if source == .exchange {
        hearsayCount += 1
        if !address.isLoopback { hearsayHosts.insert(address.host) }
      }
      added += 1
    }
    if added > 0 { idleUntil = min(idleUntil, now) }
    return added
  }

  // Another source names an address: it is no hearsay any more, nor is what peers said of it.
  private mutating func name(_ address: PeerAddress, by bit: UInt8) {
    guard var entry = entries[address], entry.sources & bit == 0 else { return }
    if entry.isHearsay {
      endHearsay(address)
      entry.isSeed = false
      // It may be dialled where it was passed over as a seed.
      idleUntil = .uptimeNanoseconds(0)
    }
    entry.sources |= bit
    entries[address] = entry
  }

  private mutating func endHearsay(_ address: PeerAddress) {
    hearsayCount -= 1
    if !address.isLoopback { hearsayHosts.remove(address.host) }
  }

  private mutating func drop(_ address: PeerAddress) {
    guard let entry = entries.removeValue(forKey: address) else { return }
    if entry.isHearsay { endHearsay(address) }
  }

  /// Whether a peer may name another address that is not known yet.
  ///
  /// It counts for a host, so that connecting anew does not make more of it.
  package mutating func mayName(_ source: PeerAddress, at now: NIODeadline) -> Bool {
    hearsay.take(Self.banKey(source), at: now)
  }

  /// The torrent proves to be private: who was found in other ways than by its trackers and the
  /// user is forgotten, and not believed from now on.
  ///
  /// Returns the open connections to such peers, which the caller ends.
  package mutating func becomePrivate() -> [PeerHandle] {
    isPrivate = true
    let unfit = entries.filter { $0.value.isUnfitForPrivate }
    for (address, entry) in unfit {
      if entry.state == .dialling { _ = endDialling(address) }
      drop(address)
    }
    return connections.filter { $0.value.entry.map { unfit[$0] != nil } ?? false }.keys
      .sorted { $0.number < $1.number }
  }

  /// Whether the address is in the book.
  package func isKnown(_ address: PeerAddress) -> Bool { entries[address] != nil }

  /// Where the peer of a connection can be dialled, if that is known.
  package func listeningAddress(of peer: PeerHandle) -> PeerAddress? { connections[peer]?.entry }

  /// The peer at an address has everything, or it says so.
  package mutating func markSeed(_ address: PeerAddress) { entries[address]?.isSeed = true }

  /// A connected peer told the port on which it listens.
  package mutating func peer(_ peer: PeerHandle, listensOn port: UInt16, at now: NIODeadline) {
    guard port != 0, var connection = connections[peer], connection.entry == nil else { return }
    var address = connection.address
    address.port = port
    add(CollectionOfOne(address), from: .incoming, at: now)
    guard entries[address]?.state == .idle else { return }
    entries[address]?.state = .connected
    connection.entry = address
    connections[peer] = connection
    connectionsVersion += 1
  }

  /// Whether connections to and from the address are refused.
  package func isBanned(_ address: PeerAddress) -> Bool {
    !bans.isEmpty && bans.contains(Self.banKey(address))
  }

  /// Refuses an address from now on, with every port unless it is a loopback address.
  ///
  /// Returns the open connections to it, which the caller ends.
  package mutating func ban(_ address: PeerAddress) -> [PeerHandle] {
    let key = Self.banKey(address)
    if bans.insert(key).inserted { banOrder.append(key) }
    if banOrder.count > configuration.banCapacity { bans.remove(banOrder.removeFirst()) }
    for (known, entry) in entries where entry.state == .idle && Self.banKey(known) == key {
      drop(known)
    }
    return connections.filter { Self.banKey($0.value.address) == key }.keys
      .sorted { $0.number < $1.number }
  }

  // Many peers of a test or of one machine share a loopback address.
  private static func banKey(_ address: PeerAddress) -> PeerAddress {
    address.isLoopback ? address : address.host
  }

  // Drops a twentieth of such addresses: those worth least that are not in use.
  private mutating func makeRoom(among isCandidate: (Entry) -> Bool) {
    let idle = entries.filter { $0.value.state == .idle && isCandidate($0.value) }
      .sorted { Self.isWorthLess($0, $1) }
    for (address, _) in idle.prefix(max(1, idle.count / 20)) { drop(address) }
  }
}

// MARK: - Dialling

extension PeerBook {
  /// The next address to dial, counted as being dialled; nil if there is none now.
  package mutating func nextToDial(at now: NIODeadline) -> PeerAddress? {
    guard now >= idleUntil, hasRoom, dialling < configuration.halfOpen else { return nil }
    refillCredit(at: now)
    guard dialCredit > 0 else { return nil }
    var best: (key: PeerAddress, value: Entry)?
    var earliest = NIODeadline.distantFuture
    for (address, entry) in entries where entry.state == .idle && mayDial(address, entry) {
      guard entry.due <= now else {
        earliest = min(earliest, entry.due)
        continue
      }
      if let best, Self.isWorthLess((address, entry), best) { continue }
      best = (address, entry)
    }
    guard let best else {
      idleUntil = earliest
      return nil
    }
    dialCredit -= 1
    dialling += 1
    entries[best.key]?.state = .dialling
    hosts[best.key.host, default: 0] += 1
    return best.key
  }

  /// An address that was dialled did not come to a handshake.
  package mutating func connectFailed(_ address: PeerAddress, at now: NIODeadline) {
    guard endDialling(address) else { return }
    fail(address, at: now)
  }

  private mutating func refillCredit(at now: NIODeadline) {
    let elapsed = (now - dialCreditAt).nanoseconds
    let whole = Int(
      clamping: elapsed / (1_000_000_000 / Int64(max(1, configuration.dialsPerSecond))))
    guard whole > 0 else { return }
    dialCredit = min(configuration.dialsPerSecond, dialCredit + min(whole, 1_000_000))
    dialCreditAt = now
  }

  private func mayDial(_ address: PeerAddress, _ entry: Entry) -> Bool {
    if isComplete, entry.isSeed { return false }
    return configuration.severalPerHost || address.isLoopback || hosts[address.host] == nil
  }

  private mutating func endDialling(_ address: PeerAddress) -> Bool {
    guard entries[address]?.state == .dialling else { return false }
    entries[address]?.state = .idle
    dialling -= 1
    leave(address.host)
    return true
  }

  private mutating func leave(_ host: PeerAddress) {
    guard let count = hosts[host] else { return }
    hosts[host] = count > 1 ? count - 1 : nil
    // An address of the same host may be dialled now.
    idleUntil = .uptimeNanoseconds(0)
  }

  private mutating func fail(_ address: PeerAddress, at now: NIODeadline) {
    guard var entry = entries[address] else { return }
    entry.failures += 1
    if entry.isByHand {
      // Whom the user names is tried again for ever, and soon.
      entry.failures = min(entry.failures, 6)
      entry.due = now + .seconds(min(1 << Int64(entry.failures - 1), 30))
    } else if entry.failures >= configuration.attempts {
      drop(address)
      return
    } else {
      entry.due = now + configuration.backOff * entry.failures
    }
    entries[address] = entry
    idleUntil = min(idleUntil, entry.due)
  }
}

// MARK: - Connections

extension PeerBook {
  /// Judges a connection whose handshakes are over; to be called once for each, before anything
  /// else is done with it, and followed by ``closed(_:wasUseful:reason:at:)`` when it ends.
  ///
  /// Of two connections between the same two peers both sides keep the one that was opened by the
  /// side with the greater id. A connection that is refused needs no `closed`.
  package mutating func opened(
    _ peer: PeerHandle, _ introduction: PeerIntroduction, ownID: PeerID, at now: NIODeadline
  ) -> Admission {
    let address = introduction.address
    let isIncoming = introduction.direction == .incoming
    if !isIncoming { _ = endDialling(address) }
    let twin = twin(of: introduction)
    let admission = judge(introduction, twin: twin, ownID: ownID)
    var entry = isIncoming || entries[address] == nil ? nil : address
    switch admission {
    case .refuse(.fault(.ourself)):
      if !isIncoming { drop(address) }
      return admission
    case .refuse:
      if let entry, let twin, connections[twin]?.entry == nil {
        // The address is that of a peer to which there is a connection already.
        connections[twin]?.entry = entry
        entries[entry]?.state = .connected
        connectionsVersion += 1
      } else if !isIncoming {
        fail(address, at: now)
      }
      return admission
    case .replace(let other):
      if entry == nil {
        entry = connections[other]?.entry
        connections[other]?.entry = nil
      }
    case .admit: break
    }
    hosts[address.host, default: 0] += 1
    if let entry { entries[entry]?.state = .connected }
    connectionsVersion += 1
    connections[peer] = Connection(
      address: address, peerID: introduction.peerID, isIncoming: isIncoming, entry: entry)
    return admission
  }

  /// A connection that was admitted ended; `reason` is ours, nil if the other side ended it.
  package mutating func closed(
    _ peer: PeerHandle, wasUseful: Bool, reason: PeerCloseReason?, at now: NIODeadline
  ) {
    guard let connection = connections.removeValue(forKey: peer) else { return }
    connectionsVersion += 1
    leave(connection.address.host)
    departed.append((peer, connection.address))
    if departed.count > Self.departedCapacity { departed.removeFirst() }
    guard let address = connection.entry, var entry = entries[address] else { return }
    entry.state = .idle
    if isBanned(address) || reason == .banned {
      drop(address)
      return
    }
    if wasUseful {
      entry.failures = 0
      entry.wasUseful = true
    }
    switch reason {
    case .fault?, .silent?, .handshakeTimeout?:
      entries[address] = entry
      fail(address, at: now)
      return
    case .turnover?, .inactive?, .bothComplete?: entry.due = now + configuration.turnover
    case nil where !wasUseful:
      entries[address] = entry
      fail(address, at: now)
      return
    default: entry.due = now + (entry.isByHand ? .seconds(1) : configuration.reconnect)
    }
    entries[address] = entry
    idleUntil = min(idleUntil, entry.due)
  }

  /// The connections that make room for others, when that is due and there are others.
  ///
  /// `value` tells how useful a connection is; the least useful go. A torrent that `isStarved`,
  /// to which none of them brings anything, does not wait as long, and lets more of them go.
  package mutating func turnover(
    at now: NIODeadline, isStarved: Bool = false, value: (PeerHandle) -> Int
  ) -> [PeerHandle] {
    let pause = isStarved ? configuration.starvedTurnover : configuration.turnover
    guard now >= lastTurnover + pause else { return [] }
    lastTurnover = now
    let isFull =
      connections.count * 100 >= configuration.connections * configuration.turnoverFullness
    let waiting = entries.count { $1.state == .idle && $1.due <= now && mayDial($0, $1) }
    guard isFull, waiting > 0 else { return [] }
    let hundredths = isStarved ? configuration.starvedShare : configuration.turnoverShare
    let share = max(1, connections.count * hundredths / 100)
    return connections.keys.map { ($0, value($0)) }
      .sorted { ($0.1, $0.0.number) < ($1.1, $1.0.number) }
      .prefix(min(share, waiting)).map(\.0)
  }

  // The connection that goes to the same peer. An id is believed only of the same host, else
  // anybody could have others' connections closed.
  private func twin(of introduction: PeerIntroduction) -> PeerHandle? {
    connections.first {
      $0.value.peerID == introduction.peerID
        && $0.value.address.host == introduction.address.host
    }?.key
  }

  /// Why a connection of a private torrent is ended.
  package static let unfitReason = "the torrent is private, and no tracker of it named the peer"

  private func judge(
    _ introduction: PeerIntroduction, twin: PeerHandle?, ownID: PeerID
  ) -> Admission {
    let address = introduction.address
    if introduction.peerID == ownID { return .refuse(.fault(.ourself)) }
    if isBanned(address) { return .refuse(.banned) }
    if isPrivate, introduction.direction == .outgoing, entries[address] == nil {
      return .refuse(.unwanted(Self.unfitReason))
    }
    if let twin, let other = connections[twin] {
      let isIncoming = introduction.direction == .incoming
      guard other.isIncoming != isIncoming else { return .refuse(.duplicate) }
      let keepsIncoming = ownID.bytes.lexicographicallyPrecedes(introduction.peerID.bytes)
      return keepsIncoming == isIncoming ? .replace(twin) : .refuse(.duplicate)
    }
    if !configuration.severalPerHost, !address.isLoopback, hosts[address.host] != nil,
      connections.contains(where: { $0.value.address.host == address.host })
    {
      return .refuse(.duplicate)
    }
    return hasRoom ? .admit : .refuse(.noRoom)
  }
}
