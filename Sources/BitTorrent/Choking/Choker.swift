package import NIOCore

/// Gives upload slots to peers.
///
/// A slot that is free is given at once; slots are taken from peers only in rounds, so that nobody
/// is choked again after a moment. One slot in five is optimistic: it goes to whoever waited
/// longest, whatever they gave. A peer that has a slot and wants nothing keeps it, but does not
/// count, so that it is served at once when it wants something again.
package struct Choker {
  /// Who is preferred while there is nothing left for us to fetch.
  package enum SeedRule: Hashable, Sendable {
    /// Each gets its share of pieces, then the next.
    case roundRobin
    /// Whoever takes the fastest.
    case fastest
    /// Those that have just begun or are nearly done: who is in the middle trades with others.
    case endsFirst
  }

  /// The bounds by which slots are given.
  package struct Configuration: Sendable {
    /// Slots at the least.
    package var slots = 8
    /// Slots at the most, however much each of them adds to the rate.
    package var greatestSlots = 64
    /// Who is preferred while seeding.
    package var seedRule = SeedRule.roundRobin
    /// How long a slot is safe.
    package var round: TimeAmount = .seconds(10)
    /// How long an optimistic slot is safe.
    package var optimisticRound: TimeAmount = .seconds(30)
    /// Bytes after which a peer has had its turn in the round robin, 20 pieces by default.
    package var turnBytes = 20 << 20
    /// Time after which it has.
    package var turnTime: TimeAmount = .seconds(60)

    /// The defaults.
    package init() {}
  }

  /// The bounds.
  package let configuration: Configuration
  /// When slots are next taken from some and given to others; nothing happens by itself.
  package private(set) var nextRound: NIODeadline
  // What is remembered of peers: all that were candidates of the last update.
  private var standings: [PeerHandle: Standing] = [:]
  private var nextOptimistic: NIODeadline
  private var roundStart: NIODeadline
  private var grownSlots: Int

  private struct Standing {
    var isUnchoked = false
    var isOptimistic = false
    var since: NIODeadline
    var lastOptimistic: NIODeadline?
    var uploadedAtUnchoke = 0
    // The counters at the beginning of the round, and the rates of the round before it.
    var downloadedAtRound: Int
    var uploadedAtRound: Int
    var downloadRate = 0
    var uploadRate = 0
  }

  /// A choker that gave no slot yet.
  package init(configuration: Configuration = Configuration(), at now: NIODeadline) {
    self.configuration = configuration
    grownSlots = configuration.slots
    roundStart = now
    nextRound = now + configuration.round
    nextOptimistic = now + configuration.optimisticRound
  }

  /// How many slots there are.
  package var slots: Int { grownSlots }

  /// Whether the peer has a slot.
  package func isUnchoked(_ peer: PeerHandle) -> Bool { standings[peer]?.isUnchoked ?? false }

  /// Gives slots that are free; when a round is over, or if `anew`, gives all of them anew.
  ///
  /// To be called when a peer comes, goes, becomes or ceases to be interested, and by the clock.
  /// `candidates` are all connected peers; those not among them are forgotten.
  package mutating func update(
    _ candidates: [UploadCandidate], isSeeding: Bool, anew: Bool = false, at now: NIODeadline,
    using random: inout some RandomNumberGenerator, into changes: inout [SlotChange]
  ) {
    forgetOthers(than: candidates, at: now)
    let roundIsOver = now >= nextRound
    if roundIsOver { measure(candidates, at: now) }
    let takesSlots = roundIsOver || anew
    let optimisticIsOver = now >= nextOptimistic
    if optimisticIsOver { nextOptimistic = now + configuration.optimisticRound }

    var contest: [Entry] = []
    for candidate in candidates {
      guard let standing = standings[candidate.peer] else { continue }
      let isBarred = (candidate.rank?.tier ?? 0) < 0
      if isBarred {
        // Seats of those whom the strategy gives none are free at once.
        set(candidate, unchoked: false, at: now, into: &changes)
      } else if candidate.isInterested {
        contest.append(
          entry(candidate, standing, isSeeding: isSeeding, tie: random.next(), at: now))
      } else if takesSlots, standing.isUnchoked, now - standing.since >= configuration.round {
        set(candidate, unchoked: false, at: now, into: &changes)
      }
    }
    if takesSlots {
      seat(contest, renewOptimistic: optimisticIsOver, at: now, into: &changes)
    } else {
      fill(contest, at: now, into: &changes)
    }
  }

  // MARK: Seats

  private struct Entry {
    var candidate: UploadCandidate
    var tier: Int
    var score: Int
    var isUnchoked: Bool
    var isOptimistic: Bool
    var lastOptimistic: NIODeadline?
    var tie: UInt64

    // Higher tiers, then higher scores, then those who have a slot, then chance.
    func isBefore(_ other: Entry) -> Bool {
      if tier != other.tier { return tier > other.tier }
      if score != other.score { return score > other.score }
      if isUnchoked != other.isUnchoked { return isUnchoked }
      return tie < other.tie
    }

    // Those who never had an optimistic slot, then those who waited longest for one.
    func waitsLonger(than other: Entry) -> Bool {
      switch (lastOptimistic, other.lastOptimistic) {
      case (nil, nil): tie < other.tie
      case (nil, _): true
      case (_, nil): false
      case (let mine?, let others?): mine == others ? tie < other.tie : mine < others
      }
    }
  }

  // A round: the best get the regular slots, the optimistic ones go on or to the next in line.
  private mutating func seat(
    _ contest: [Entry], renewOptimistic: Bool, at now: NIODeadline, into changes: inout [SlotChange]
  ) {
    let optimisticSlots = slots > 1 ? max(1, slots / 5) : 0
    var order = contest.sorted { $0.isBefore($1) }
    var seated = Set(order.prefix(slots - optimisticSlots).map(\.candidate.peer))
    for peer in seated { standings[peer]?.isOptimistic = false }
    order.removeFirst(min(order.count, slots - optimisticSlots))
    order.sort { first, second in
      if !renewOptimistic, first.isOptimistic != second.isOptimistic { return first.isOptimistic }
      return first.waitsLonger(than: second)
    }
    for entry in order.prefix(optimisticSlots) {
      let peer = entry.candidate.peer
      seated.insert(peer)
      standings[peer]?.isOptimistic = true
      if renewOptimistic || !entry.isOptimistic { standings[peer]?.lastOptimistic = now }
    }
    for entry in order.dropFirst(optimisticSlots) {
      standings[entry.candidate.peer]?.isOptimistic = false
    }
    // Slots are taken first, so that never more are held than there are.
    for entry in contest where !seated.contains(entry.candidate.peer) {
      set(entry.candidate, unchoked: false, at: now, into: &changes)
    }
    for entry in contest where seated.contains(entry.candidate.peer) {
      set(entry.candidate, unchoked: true, at: now, into: &changes)
    }
  }

  // Between rounds: nobody loses a slot, the free ones go to the best of those who wait.
  private mutating func fill(
    _ contest: [Entry], at now: NIODeadline, into changes: inout [SlotChange]
  ) {
    var free = slots - contest.count { $0.isUnchoked }
    guard free > 0 else { return }
    for entry in contest.filter({ !$0.isUnchoked }).sorted(by: { $0.isBefore($1) }) {
      guard free > 0 else { return }
      free -= 1
      set(entry.candidate, unchoked: true, at: now, into: &changes)
    }
  }

  private mutating func set(
    _ candidate: UploadCandidate, unchoked: Bool, at now: NIODeadline,
    into changes: inout [SlotChange]
  ) {
    guard var standing = standings[candidate.peer], standing.isUnchoked != unchoked else { return }
    standing.isUnchoked = unchoked
    standing.since = now
    if unchoked { standing.uploadedAtUnchoke = candidate.uploaded }
    if !unchoked { standing.isOptimistic = false }
    standings[candidate.peer] = standing
    changes.append(SlotChange(peer: candidate.peer, isUnchoked: unchoked))
  }

  // MARK: Scores

  private func entry(
    _ candidate: UploadCandidate, _ standing: Standing, isSeeding: Bool, tie: UInt64,
    at now: NIODeadline
  ) -> Entry {
    let score =
      isSeeding
      ? seedScore(candidate, standing, at: now)
      : candidate.isSnubbing ? -1 : standing.downloadRate
    return Entry(
      candidate: candidate, tier: candidate.rank?.tier ?? 0, score: score,
      isUnchoked: standing.isUnchoked, isOptimistic: standing.isOptimistic,
      lastOptimistic: standing.lastOptimistic, tie: tie)
  }

  private func seedScore(
    _ candidate: UploadCandidate, _ standing: Standing, at now: NIODeadline
  ) -> Int {
    switch configuration.seedRule {
    case .fastest: return standing.uploadRate
    case .endsFirst: return abs(candidate.progress - 500)
    case .roundRobin:
      let waited = Int(clamping: (now - standing.since).nanoseconds)
      guard standing.isUnchoked else { return waited }
      let hadItsTurn =
        candidate.uploaded - standing.uploadedAtUnchoke >= configuration.turnBytes
        && now - standing.since >= configuration.turnTime
      // Who is served stays before all who wait until its turn is over, and then goes last.
      return hadItsTurn ? -1 : .max
    }
  }

  // MARK: Rounds

  private mutating func forgetOthers(than candidates: [UploadCandidate], at now: NIODeadline) {
    for candidate in candidates where standings[candidate.peer] == nil {
      standings[candidate.peer] = Standing(
        since: now, downloadedAtRound: candidate.downloaded, uploadedAtRound: candidate.uploaded)
    }
    guard standings.count > candidates.count else { return }
    let present = Set(candidates.map(\.peer))
    standings = standings.filter { present.contains($0.key) }
  }

  // Closes a round: rates of all, and as many slots as each add to the rate.
  private mutating func measure(_ candidates: [UploadCandidate], at now: NIODeadline) {
    let milliseconds = max(1, Int((now - roundStart).nanoseconds / 1_000_000))
    for candidate in candidates {
      guard var standing = standings[candidate.peer] else { continue }
      standing.downloadRate =
        max(0, candidate.downloaded - standing.downloadedAtRound) * 1_000 / milliseconds
      standing.uploadRate =
        max(0, candidate.uploaded - standing.uploadedAtRound) * 1_000 / milliseconds
      standing.downloadedAtRound = candidate.downloaded
      standing.uploadedAtRound = candidate.uploaded
      standings[candidate.peer] = standing
    }
    roundStart = now
    nextRound = now + configuration.round

    // Each next slot must bring 2 KiB/s more than the one before was asked to.
    var worthwhile = 0
    for rate in standings.values.lazy.filter(\.isUnchoked).map(\.uploadRate).sorted(by: >) {
      guard rate >= 1_024 + worthwhile * 2_048 else { break }
      worthwhile += 1
    }
    grownSlots = max(configuration.slots, min(worthwhile + 1, configuration.greatestSlots))
  }
}
