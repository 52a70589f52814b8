internal import NIOCore

/// What one connection's two sides told each other of other peers (BEP 11).
struct PeerExchange {
  /// Whom the peer was told of, and not yet that they left.
  private(set) var told: [PeerAddress] = []
  /// Nothing is told before then.
  private var nextTelling = NIODeadline.distantPast
  /// The change of our connections up to which all was told.
  private var version = -1

  // Messages that the peer may send.
  private var messages = Budget(capacity: Self.maximumMessages, interval: .seconds(30))

  private static let maximumMessages = 6
  private static let interval: TimeAmount = .seconds(60)

  /// Whether there may be something to tell: connections changed, and a minute is over.
  func isDue(_ version: Int, at now: NIODeadline) -> Bool {
    version != self.version && now >= nextTelling
  }

  /// What to tell a peer that should know of `peers`; nil for nothing.
  mutating func message(
    _ peers: [PeerExchangeMessage.Entry], _ version: Int, at now: NIODeadline
  ) -> PeerExchangeMessage? {
    let (known, current) = (Set(told), Set(peers.map(\.address)))
    let limit = PeerExchangeMessage.maximumEntries
    let (added, dropped) = (
      peers.filter { !known.contains($0.address) }, told.filter { !current.contains($0) }
    )
    // What finds no room waits for the next one.
    if added.count <= limit, dropped.count <= limit { self.version = version }
    var message = PeerExchangeMessage()
    message.added = Array(added.prefix(limit))
    message.dropped = Array(dropped.prefix(limit))
    guard !message.added.isEmpty || !message.dropped.isEmpty else { return nil }
    nextTelling = now + Self.interval
    let left = Set(message.dropped)
    told = told.filter { !left.contains($0) } + message.added.map(\.address)
    return message
  }

  /// Whether the peer may send another message already.
  mutating func mayTell(at now: NIODeadline) -> Bool { messages.take(at: now) }
}
