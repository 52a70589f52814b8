internal import NIOCore

/// What one connection's two sides told each other of other peers (BEP 11).
struct PeerExchange {
  /// Whom the peer was told of, and not yet that they left.
  private(set) var told: [PeerAddress] = []
  /// Nothing is told before then.
  private var nextTelling = NIODeadline.distantPast
  /// The change of our connections up to which all was told.
  private var version = -1

  // Messages that the peer may send at once, and addresses of its that are believed.
  private var messages = Budget(
    capacity: Self.maximumMessages, interval: .seconds(30))
  private var addresses = Budget(
    capacity: Self.maximumAddresses, interval: .seconds(12))

  private static let maximumMessages = 6
  private static let maximumAddresses = 200
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

  /// Whether another address that the peer names may be believed already.
  mutating func mayName(at now: NIODeadline) -> Bool { addresses.take(at: now) }
}

/// So many of something at once, and one more each time an interval is over.
private struct Budget {
  let capacity: Int
  let interval: TimeAmount
  private var left: Int
  private var since = NIODeadline.distantPast

  init(capacity: Int, interval: TimeAmount) {
    self.capacity = capacity
    self.interval = interval
    left = capacity
  }

  mutating func take(at now: NIODeadline) -> Bool {
    let earned = (now - since).nanoseconds / interval.nanoseconds
    if left == capacity || earned >= Int64(capacity - left) {
      (left, since) = (capacity, now)
    } else if earned > 0 {
      left += Int(earned)
      since = since + interval * earned
    }
    guard left > 0 else { return false }
    left -= 1
    return true
  }
}
