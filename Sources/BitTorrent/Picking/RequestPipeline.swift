package import NIOCore

/// How many requests one peer is kept busy with.
///
/// It begins with enough for a local network and grows by one for each block that comes, which
/// doubles it a round trip, until a quarter of a second brings no more than the one before; from
/// then on it holds three seconds of the measured rate. A peer that let a request time out gets one
/// request at a time until a block comes.
package struct RequestPipeline: Sendable {
  /// How many requests a new peer gets at once.
  package static let initialDepth = 32
  /// How many requests a peer has at least.
  package static let leastDepth = 2
  /// How many requests we ever have open at a peer.
  package static let greatestDepth = 500
  private static let horizon = 3
  private static let window: TimeAmount = .milliseconds(250)

  /// Blocks that are asked for and not here.
  package private(set) var outstanding = 0
  /// Whether a request timed out and no block has come since.
  package private(set) var isSnubbed = false
  /// Whether the depth still grows with every block.
  package private(set) var isStarting = true
  /// The shortest time seen between a request and its block.
  package private(set) var roundTrip: TimeAmount?
  /// When something last came, or was asked for while nothing was outstanding.
  package private(set) var lastProgress: NIODeadline

  private var limit: Int
  private var target: Int
  private var meter: RateMeter
  private var windowStart: NIODeadline
  private var windowBytes = 0
  private var previousBytes = 0
  // One request at a time is timed: how many blocks come up to and with it, and when it went.
  private var probe: (blocksLeft: Int, sent: NIODeadline)?

  /// A pipeline to a peer that keeps up to `limit` requests (its `reqq`).
  package init(limit: Int = 250, at now: NIODeadline) {
    self.limit = Self.clampedLimit(limit)
    target = Self.initialDepth
    meter = RateMeter(at: now)
    windowStart = now
    lastProgress = now
  }

  /// How many requests the peer is to have.
  package var depth: Int { isSnubbed ? 1 : min(target, limit) }

  /// How many more blocks to ask for at this moment.
  package var room: Int { max(0, depth - outstanding) }

  /// Payload that comes, in bytes a second.
  package mutating func rate(at now: NIODeadline) -> Int { meter.rate(at: now) }

  /// The peer told how many requests it keeps.
  package mutating func setLimit(_ limit: Int) { self.limit = Self.clampedLimit(limit) }

  /// That many requests went to the peer.
  package mutating func asked(_ count: Int, at now: NIODeadline) {
    guard count > 0 else { return }
    if outstanding == 0 { lastProgress = now }
    outstanding += count
    if probe == nil { probe = (outstanding, now) }
  }

  /// A block of that many bytes came that was asked for.
  package mutating func received(_ bytes: Int, at now: NIODeadline) {
    outstanding = max(0, outstanding - 1)
    lastProgress = now
    isSnubbed = false
    meter.add(bytes, at: now)
    windowBytes += bytes
    time(now)
    if isStarting {
      target = min(target + 1, Self.greatestDepth)
      judgeStart(now)
    } else {
      settle(now)
    }
  }

  /// That many requests won't be answered: they were rejected, cancelled, or fell by a choke.
  package mutating func released(_ count: Int) {
    outstanding = max(0, outstanding - count)
    // Which request is timed can't be told any more.
    probe = nil
  }

  /// The peer serves us again after a choke: the depth is found anew.
  package mutating func unchoked(at now: NIODeadline) {
    isStarting = true
    isSnubbed = false
    target = max(target, Self.initialDepth)
    windowStart = now
    windowBytes = 0
    previousBytes = 0
    lastProgress = now
  }

  /// The peer has not answered in time.
  package mutating func snub() {
    isSnubbed = true
    isStarting = false
    target = Self.leastDepth
  }

  /// Whether requests are open and nothing has come for `limit`.
  package func isOverdue(after limit: TimeAmount, at now: NIODeadline) -> Bool {
    outstanding > 0 && now - lastProgress >= limit
  }

  private static func clampedLimit(_ limit: Int) -> Int {
    min(max(limit, leastDepth), greatestDepth)
  }

  private mutating func time(_ now: NIODeadline) {
    guard let timed = probe else { return }
    guard timed.blocksLeft <= 1 else {
      probe?.blocksLeft -= 1
      return
    }
    let elapsed = now - timed.sent
    roundTrip = roundTrip.map { min($0, elapsed) } ?? elapsed
    probe = nil
  }

  private mutating func judgeStart(_ now: NIODeadline) {
    guard now - windowStart >= Self.window else { return }
    // Growth of less than a twentieth, or than one block, is noise: the path is full.
    let noise = max(previousBytes / 20, BlockRequest.blockLength)
    if previousBytes > 0, windowBytes <= previousBytes + noise {
      isStarting = false
      settle(now)
    }
    previousBytes = windowBytes
    windowBytes = 0
    windowStart = now
  }

  private mutating func settle(_ now: NIODeadline) {
    let rate = min(meter.rate(at: now), Self.greatestDepth * BlockRequest.blockLength)
    let blocks = rate * Self.horizon / BlockRequest.blockLength
    target = min(max(blocks, Self.leastDepth), Self.greatestDepth)
  }
}
