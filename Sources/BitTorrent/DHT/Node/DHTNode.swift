public import Metainfo
public import NIOCore

/// A node of the distributed hash table, of one kind of addresses, without sockets, clock or chance
/// (BEP 5, 32, 33, 42, 43, 51).
///
/// It is told of datagrams and of the time, and says by ``takeActions()`` what is to be sent and
/// what was found. Nothing that comes from outside makes it send more than the answer to whoever
/// asked, or grow beyond its bounds.
public struct DHTNode {
  /// The bounds.
  public let configuration: Configuration
  /// Under which id it is known to others; it changes when its address does (BEP 42).
  public internal(set) var id: DHTID

  /// A question that waits for its answer.
  struct Pending {
    enum Purpose: Equatable {
      /// To see whether a node is there.
      case check
      /// For the look-up of that number.
      case lookup(Int)
      /// To be kept as a peer.
      case announce
    }

    var address: PeerAddress
    // Nil where the node was not known.
    var id: DHTID?
    var purpose: Purpose
    var sent: NIODeadline
    var isSlow = false
  }

  var random: any RandomNumberGenerator & Sendable
  var table: RoutingTable
  var store: DHTPeerStore
  var tokens: WriteTokens
  var limiter: SourceLimiter
  var vote = ExternalAddressVote()
  var pending: [UInt32: Pending] = [:]
  var lookups: [Int: DHTLookup] = [:]
  var actions: [Action] = []
  /// Where to begin when no nodes are known; they are not kept in the table.
  var routers: Set<PeerAddress> = []
  /// Nodes of an earlier run, or named by hand, of which only the address may be known.
  var entryPoints: [PeerAddress] = []
  /// Torrents of which we want to hear who announces himself.
  var watched: Set<DHTID> = []
  var nextCheck: NIODeadline
  var nextBootstrap: NIODeadline
  var bootstrapFailures = 0
  var nextExpiry: NIODeadline
  private var nextLookup = 0

  /// A node under the given id, or under one by chance.
  public init(
    _ configuration: Configuration = Configuration(), id: DHTID? = nil,
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    at now: NIODeadline
  ) {
    self.configuration = configuration
    self.random = random
    let id = id ?? DHTID(using: &self.random)
    self.id = id
    table = RoutingTable(around: id)
    store = DHTPeerStore(near: id, limits: .init(torrents: configuration.maximumTorrents))
    tokens = WriteTokens(at: now, using: &self.random)
    limiter = SourceLimiter(bytesPerSecond: configuration.answerRate, at: now)
    nextCheck = now
    nextBootstrap = now
    nextExpiry = now
  }

  /// What is to be done since it was last asked.
  public mutating func takeActions() -> [Action] {
    defer { actions = [] }
    return actions
  }

  /// How many nodes are known that have answered.
  public var nodeCount: Int { table.count }
  /// How many torrents have peers here, announced by others.
  public var storedTorrentCount: Int { store.torrentCount }
  /// How many peers are kept here for others.
  public var storedPeerCount: Int { store.peerCount }
  /// How many questions wait for their answers.
  public var pendingCount: Int { pending.count }
  /// The nodes that are known and have answered, to be kept for the next run.
  public var contacts: [DHTContact] { table.all }

  /// The addresses that it was told to begin with, without the routers.
  public var knownEntryPoints: [PeerAddress] { entryPoints.filter { !routers.contains($0) } }

  /// The known nodes closest to a point.
  public func closest(to target: DHTID) -> [DHTContact] {
    table.closest(to: target, count: DHTLookup.width)
  }

  // MARK: - Commands

  /// Names nodes to begin with, as those of an earlier run; at most 64 are kept.
  ///
  /// Routers are only asked where nobody else is known, and never given to others.
  public mutating func addEntryPoints(
    _ addresses: [PeerAddress], areRouters: Bool = false, at now: NIODeadline
  ) {
    for address in addresses
    where address.isDialable && address.family == configuration.family
      && entryPoints.count < Self.maximumEntryPoints && !entryPoints.contains(address)
    {
      entryPoints.append(address)
      if areRouters { routers.insert(address) }
    }
    if table.count == 0 {
      nextBootstrap = now
      bootstrapFailures = 0
    }
  }

  private static let maximumEntryPoints = 64

  /// Hears of a node at an address, as from a peer (PORT, BEP 5); it is asked whether it is there.
  public mutating func heard(of address: PeerAddress, at now: NIODeadline) {
    guard address.isDialable, address.family == configuration.family,
      limiter.admits(address, at: now),
      !pending.values.contains(where: { $0.address == address })
    else { return }
    ask(.ping, address, id: nil, for: .check, at: now)
  }

  /// Tells at once, from now on, who announces himself for the torrent at this node.
  public mutating func watch(_ infoHash: DHTID) { watched.insert(infoHash) }

  /// Ends that.
  public mutating func unwatch(_ infoHash: DHTID) { watched.remove(infoHash) }

  /// Looks for a torrent's peers, and makes itself known as one where that is wanted.
  ///
  /// - Returns: Whether it was begun; there is a bound on how many there are at a time.
  @discardableResult
  public mutating func lookUp(
    _ infoHash: SHA1Hash, announcing announce: DHTAnnounce?, at now: NIODeadline
  ) -> Bool {
    let infoHash = DHTID(infoHash)
    guard lookups.count < configuration.maximumLookups else { return false }
    // Others may have told this very node.
    let known = store.peers(
      of: infoHash, limit: 100, withoutSeeds: announce?.isSeed == true, at: now, using: &random)
    if !known.isEmpty { actions.append(.found(known, of: infoHash)) }
    begin(infoHash, .peers(announce), at: now)
    return true
  }

  mutating func begin(_ target: DHTID, _ purpose: DHTLookup.Purpose, at now: NIODeadline) {
    let lookup = DHTLookup(
      target, purpose, from: closest(to: target), entryPoints: entryPoints)
    lookups[nextLookup] = lookup
    nextLookup += 1
    advance(nextLookup - 1, at: now)
  }

  // MARK: - Questions

  @discardableResult
  mutating func ask(
    _ query: DHTQuery, _ address: PeerAddress, id other: DHTID?, for purpose: Pending.Purpose,
    at now: NIODeadline
  ) -> Bool {
    guard pending.count < configuration.maximumPending else { return false }
    var number: UInt32
    repeat { number = random.next() } while pending[number] != nil
    pending[number] = Pending(address: address, id: other, purpose: purpose, sent: now)
    let transaction = withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) }
    let message = DHTMessage(
      transaction: transaction,
      .query(query, from: id, wants: nil, isReadOnly: configuration.isReadOnly))
    actions.append(.send(message.encoded, to: address))
    return true
  }
}
