internal import Metainfo

/// The trackers of one infohash, in the order in which they are tried (BEP 12).
///
/// One tracker at a time is asked. One that answers goes to the front of its tier; one that fails
/// is left alone for a while, longer each time, and the next is tried at once.
struct TrackerRotation {
  /// One tracker, as seen by this infohash.
  private struct Entry {
    let url: TrackerURL
    var failures = 0
    var retryAt = Duration.zero
    var isDisabled = false
    // The tracker counts us among the peers.
    var hasStarted = false
    var trackerID: [UInt8]?
    var counts = TrackerCounts()
    var failure: TrackerFailure?
    var warning: String?
  }

  /// What is to be asked.
  struct Ask: Hashable, Sendable {
    var infoHash: SHA1Hash
    var url: TrackerURL
    var event: TrackerAnnounce.Event?
    var trackerID: [UInt8]?
    fileprivate var entry: Int
  }

  let infoHash: SHA1Hash
  private let configuration: TrackerList.Configuration
  private var entries: [Entry] = []
  private var tiers: [[Int]] = []
  private var inFlight: Ask?
  // When the next announce is due, and before when none is made only for want of peers.
  private var due: Duration?
  private var earliest = Duration.zero
  private var wantsPeers = false
  private var isCompletionUntold = false
  private var isStopped = false

  init(
    infoHash: SHA1Hash, tiers: [[TrackerURL]], configuration: TrackerList.Configuration
  ) {
    self.infoHash = infoHash
    self.configuration = configuration
    for tier in tiers { add(tier) }
    due = entries.isEmpty ? nil : .zero
  }

  private mutating func add(_ tier: [TrackerURL]) {
    let start = entries.count
    for url in tier { entries.append(Entry(url: url)) }
    tiers.append(Array(start..<entries.count))
  }

  /// When ``next(at:)`` may have something; nil while an answer is awaited, or for ever.
  var deadline: Duration? { inFlight == nil && !isStopped ? due : nil }

  /// The announce that is due, if one is; it is in flight from then on.
  mutating func next(at now: Duration) -> Ask? {
    guard let deadline, deadline <= now else { return nil }
    guard let index = tiers.joined().first(where: { isUsable($0, at: now) }) else {
      due = entries.filter { !$0.isDisabled }.map(\.retryAt).min()
      return nil
    }
    let event: TrackerAnnounce.Event? =
      !entries[index].hasStarted ? .started : isCompletionUntold ? .completed : nil
    let ask = ask(index, event)
    inFlight = ask
    wantsPeers = false
    return ask
  }

  private func isUsable(_ index: Int, at now: Duration) -> Bool {
    !entries[index].isDisabled && entries[index].retryAt <= now
  }

  private func ask(_ index: Int, _ event: TrackerAnnounce.Event?) -> Ask {
    Ask(
      infoHash: infoHash, url: entries[index].url, event: event,
      trackerID: entries[index].trackerID, entry: index)
  }

  /// Takes in what came of an announce.
  mutating func ended(
    _ ask: Ask, _ result: Result<TrackerAnswer, TrackerFailure>, at now: Duration
  ) {
    guard ask == inFlight else { return }
    inFlight = nil
    switch result {
    case .success(let answer): succeeded(ask, answer, at: now)
    case .failure(let failure): failed(ask.entry, failure, at: now)
    }
  }

  private mutating func succeeded(_ ask: Ask, _ answer: TrackerAnswer, at now: Duration) {
    entries[ask.entry].failures = 0
    entries[ask.entry].hasStarted = true
    entries[ask.entry].trackerID = answer.trackerID ?? ask.trackerID
    entries[ask.entry].counts = answer.counts
    entries[ask.entry].failure = nil
    entries[ask.entry].warning = answer.warning
    for tier in tiers.indices {
      guard let place = tiers[tier].firstIndex(of: ask.entry) else { continue }
      tiers[tier].insert(tiers[tier].remove(at: place), at: 0)
    }
    if ask.event == .completed { isCompletionUntold = false }
    let minimum = answer.minimumInterval ?? .zero
    let interval = max(answer.interval ?? configuration.defaultInterval, minimum)
    earliest = now + max(minimum, configuration.minimumEarlyInterval)
    due = now + min(max(interval, configuration.minimumInterval), configuration.maximumInterval)
    if wantsPeers { due = min(due ?? earliest, earliest) }
    if isCompletionUntold { due = now }
  }

  private mutating func failed(_ index: Int, _ failure: TrackerFailure, at now: Duration) {
    entries[index].failures += 1
    entries[index].failure = failure
    let doublings = min(entries[index].failures - 1, 20)
    let backOff = min(configuration.firstBackOff * (1 << doublings), configuration.maximumBackOff)
    entries[index].retryAt = now + backOff
    switch failure {
    case .refused(_, .never), .unsupported, .forbidden: entries[index].isDisabled = true
    case .refused(_, .after(let delay)): entries[index].retryAt = now + max(delay, backOff)
    default: break
    }
    due = now
  }

  /// Announces as soon as trackers allow.
  mutating func wantPeers(at now: Duration) {
    wantsPeers = true
    guard inFlight == nil, let due else { return }
    self.due = min(due, max(now, earliest))
  }

  /// The download has come to its end: the trackers that count us are told at once.
  mutating func complete(at now: Duration) {
    isCompletionUntold = true
    if inFlight == nil, due != nil { due = now }
  }

  /// Ends it; what is returned tells every tracker that counts us.
  mutating func stop() -> [Ask] {
    guard !isStopped else { return [] }
    isStopped = true
    return entries.indices.filter { entries[$0].hasStarted || inFlight?.entry == $0 }
      .map { ask($0, .stopped) }
  }

  /// How each tracker stands, in the order in which they are tried.
  var statuses: [TrackerStatus] {
    tiers.enumerated().flatMap { tier, order in
      order.map { index in
        let entry = entries[index]
        return TrackerStatus(
          url: entry.url, infoHash: infoHash, tier: tier,
          isWorking: entry.hasStarted
            && entry.failures == 0, isAnnouncing: inFlight?.entry == index, counts: entry.counts,
          failure: entry.failure, warning: entry.warning)
      }
    }
  }
}
