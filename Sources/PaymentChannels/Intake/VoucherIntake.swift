package import ChainTypes

/// What the verification of a voucher came to.
package struct VoucherVerdict: Sendable {
  package var slot: VoucherIntake.Slot
  /// The amount that was looked at: the newest that its peer sent.
  package var amount: UInt128
  /// Whether the signature is another's.
  package var isForged: Bool

  /// Whether a voucher is the one that was found to be forged; one that it replaced was not
  /// looked at.
  package func refutes(_ voucher: SignedVoucher) -> Bool {
    isForged && amount == voucher.cumulativeAmount
  }
}

/// Vouchers that wait to be verified: the newest only of each channel and peer, and of each peer
/// so many a second.
///
/// Verifying is what costs. What gets here has passed the checks that cost nothing, a newer
/// voucher takes the place of an older one for free, and a peer's places are its own: whatever
/// one peer sends, another's voucher is verified in the same turn.
package struct VoucherIntake: Sendable {
  package struct Slot: Hashable, Sendable {
    package var peer: PeerID
    package var channel: ChannelID

    package init(peer: PeerID, channel: ChannelID) {
      self.peer = peer
      self.channel = channel
    }
  }

  private struct Bucket {
    var tokens: Double
    var updated: Duration
  }

  private let rate: Double
  private let burst: Double
  private let badSignatureCost: Double
  private let maximumPeers: Int
  private var buckets: [PeerID: Bucket] = [:]
  private var waiting: [Slot: SignedVoucher] = [:]
  private var order: [Slot] = []
  private var lastSweep = Duration.zero

  package init(_ configuration: ChannelConfiguration) {
    rate = configuration.vouchersPerSecond
    burst = configuration.voucherBurst
    badSignatureCost = configuration.badSignatureCost
    maximumPeers = configuration.maximumPeers
  }

  package var isEmpty: Bool { waiting.isEmpty }

  /// How many peers' rates are remembered.
  package var peerCount: Int { buckets.count }

  /// Puts a voucher in line, in the place of an older one of the same channel and peer.
  package mutating func offer(
    _ voucher: SignedVoucher, from peer: PeerID, now: Duration
  ) throws(ChannelError) {
    let slot = Slot(peer: peer, channel: voucher.channelID)
    if let older = waiting[slot] {
      guard voucher.cumulativeAmount > older.cumulativeAmount else {
        throw .superseded(voucher.channelID)
      }
      waiting[slot] = voucher
      return
    }
    var bucket = try refilled(peer, now)
    guard bucket.tokens >= 1 else {
      buckets[peer] = bucket
      throw .rateLimited
    }
    bucket.tokens -= 1
    buckets[peer] = bucket
    waiting[slot] = voucher
    order.append(slot)
  }

  /// What has waited longest, to be verified now.
  package mutating func take(limit: Int = .max) -> [(slot: Slot, voucher: SignedVoucher)] {
    let slots = order.prefix(limit)
    order.removeFirst(slots.count)
    return slots.compactMap { slot in waiting.removeValue(forKey: slot).map { (slot, $0) } }
  }

  /// Whose voucher has waited longest.
  package var next: Slot? { order.first }

  /// Makes a peer pay for a signature that was wrong.
  package mutating func penalise(_ peer: PeerID) {
    buckets[peer]?.tokens -= badSignatureCost - 1
  }

  private mutating func refilled(_ peer: PeerID, _ now: Duration) throws(ChannelError) -> Bucket {
    guard var bucket = buckets[peer] else {
      if buckets.count >= maximumPeers { sweep(now) }
      guard buckets.count < maximumPeers else { throw .rateLimited }
      return Bucket(tokens: burst, updated: now)
    }
    bucket.tokens = tokens(of: bucket, now)
    bucket.updated = max(bucket.updated, now)
    return bucket
  }

  private func tokens(of bucket: Bucket, _ now: Duration) -> Double {
    let seconds = max(.zero, now - bucket.updated) / .seconds(1)
    return min(burst, bucket.tokens + rate * seconds)
  }

  /// Forgets peers that have been quiet long enough to owe nothing; at most ten times a second.
  private mutating func sweep(_ now: Duration) {
    guard now - lastSweep >= .milliseconds(100) || now < lastSweep else { return }
    lastSweep = now
    buckets = buckets.filter { tokens(of: $0.value, now) < burst }
  }
}
