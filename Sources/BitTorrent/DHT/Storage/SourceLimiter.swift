internal import NIOCore

/// Bounds what hosts can make a node do: datagrams of each, and bytes that go to all.
struct SourceLimiter {
  /// Datagrams that a host may send in each window.
  static let datagramsPerWindow = 50
  static let window = TimeAmount.seconds(10)
  /// How long a host that sends more is not heard.
  static let blockTime = TimeAmount.minutes(5)
  /// Hosts that are told apart; more of them share the bound of all.
  static let maximumSources = 1_024

  private struct Source {
    var windowEnd: NIODeadline
    var datagrams = 0
    var blockedUntil: NIODeadline?
  }

  private let bytesPerSecond: Int
  private var sources: [PeerAddress: Source] = [:]
  private var nextSweep: NIODeadline
  private var credit: Int
  private var creditAt: NIODeadline

  /// A limiter that lets so many bytes of answers pass each second.
  init(bytesPerSecond: Int, at now: NIODeadline) {
    self.bytesPerSecond = bytesPerSecond
    credit = bytesPerSecond * Self.burstSeconds
    creditAt = now
    nextSweep = now
  }

  private static let burstSeconds = 4

  // The many programs on this host are no single source.
  private func key(_ address: PeerAddress) -> PeerAddress {
    address.isLoopback ? address : address.family == .ipv6 ? address.neighbourhood : address.host
  }

  /// Whether a host is not to be heard now.
  func isBlocked(_ address: PeerAddress, at now: NIODeadline) -> Bool {
    guard let until = sources[key(address)]?.blockedUntil else { return false }
    return now < until
  }

  /// Counts a datagram that nobody asked for; false says not to look at it.
  mutating func admits(_ address: PeerAddress, at now: NIODeadline) -> Bool {
    let key = key(address)
    var source = sources[key] ?? Source(windowEnd: now + Self.window)
    if let until = source.blockedUntil {
      guard now >= until else { return false }
      source = Source(windowEnd: now + Self.window)
    }
    if now >= source.windowEnd { source = Source(windowEnd: now + Self.window) }
    source.datagrams += 1
    let isAdmitted = source.datagrams <= Self.datagramsPerWindow
    if !isAdmitted { source.blockedUntil = now + Self.blockTime }
    if sources[key] == nil, sources.count >= Self.maximumSources {
      // Where addresses are made up, looking for room is the work that they are made up for.
      guard now >= nextSweep else { return true }
      nextSweep = now + .seconds(1)
      sources = sources.filter { now < $0.value.blockedUntil ?? $0.value.windowEnd }
      guard sources.count < Self.maximumSources else { return true }
    }
    sources[key] = source
    return isAdmitted
  }

  /// Whether an answer of so many bytes may go out; it counts as sent then.
  mutating func spend(_ bytes: Int, at now: NIODeadline) -> Bool {
    let elapsed = min(max((now - creditAt).nanoseconds / 1_000_000, 0), 60_000)
    let added = bytesPerSecond * Int(elapsed) / 1_000
    if added > 0 {
      credit = min(credit + added, bytesPerSecond * Self.burstSeconds)
      creditAt = now
    }
    guard credit >= bytes else { return false }
    credit -= bytes
    return true
  }
}
