package import NIOCore

/// A token bucket over bytes, for one direction of one torrent or of all torrents.
///
/// Confined to the event loop; torrents of a session share the session's limiter. What one claim
/// leaves over is there for the next: a claim gets at most half of a bucket that holds more than a
/// block, so that whoever asks first does not starve the others. A burst is at most one second's
/// worth, but always at least one block, however low the rate.
package final class RateLimiter {
  /// The least that a bucket can hold: one block, with its header.
  package static let leastBurst = BlockRequest.blockLength + 13

  /// Bytes a second; nil is unlimited, 0 or less lets nothing pass.
  package private(set) var rate: Int?
  // Tokens are counted in billionths of a byte, so that no rate is rounded away.
  private var tokens: Int
  private var filled: NIODeadline

  /// A limiter whose bucket is full.
  package init(rate: Int?, at now: NIODeadline) {
    self.rate = rate
    filled = now
    tokens = 0
    tokens = burst
  }

  /// Changes the rate; what is in the bucket stays, as far as it fits.
  package func setRate(_ rate: Int?, at now: NIODeadline) {
    fill(at: now)
    if self.rate == nil { tokens = 0 }
    filled = now
    self.rate = rate
    tokens = min(tokens, burst)
  }

  /// Takes up to `bytes`, which a limiter without a rate always gives.
  ///
  /// A block is given whole or not at all: less than the smaller of `bytes` and one block is 0.
  package func claim(_ bytes: Int, at now: NIODeadline) -> Int {
    let granted = available(of: bytes, at: now)
    spend(granted)
    return granted
  }

  /// What ``claim(_:at:)`` would give.
  package func available(of bytes: Int, at now: NIODeadline) -> Int {
    guard rate != nil else { return bytes }
    fill(at: now)
    let whole = tokens / Self.scale
    let granted = min(bytes, max(whole / 2, min(whole, Self.leastBurst)))
    return granted >= min(bytes, Self.leastBurst) ? max(granted, 0) : 0
  }

  /// Takes bytes that moved without being claimed; the bucket may fall below empty by one burst.
  package func spend(_ bytes: Int) {
    guard rate != nil, bytes > 0 else { return }
    tokens = max(tokens - min(bytes, .max / Self.scale / 4) * Self.scale, -burst)
  }

  /// Gives back bytes that were claimed and did not move.
  package func refund(_ bytes: Int) {
    guard rate != nil, bytes > 0 else { return }
    tokens = min(tokens + min(bytes, .max / Self.scale / 4) * Self.scale, burst)
  }

  /// When a block will pass; nil if one passes now, `.distantFuture` if none ever does.
  package func nextBlock(at now: NIODeadline) -> NIODeadline? {
    guard let rate else { return nil }
    fill(at: now)
    let missing = Self.leastBurst * Self.scale - tokens
    guard missing > 0 else { return nil }
    guard rate > 0 else { return .distantFuture }
    return now + .nanoseconds(Int64(missing / rate) + 1)
  }

  private static let scale = 1_000_000_000

  private var burst: Int {
    guard let rate, rate > 0 else { return 0 }
    return min(max(rate, Self.leastBurst), .max / Self.scale / 4) * Self.scale
  }

  private func fill(at now: NIODeadline) {
    guard let rate, rate > 0, now > filled else { return }
    let elapsed = Int(clamping: (now - filled).nanoseconds)
    let (added, overflow) = elapsed.multipliedReportingOverflow(by: rate)
    tokens = overflow || added > 2 * burst ? burst : min(tokens + added, burst)
    filled = now
  }
}
