internal import Primitives
internal import Synchronization

/// The filters that callers have made: only what they want and how far they have come, so that a
/// filter costs nothing while nobody asks for it.
///
/// One that is not asked for in time is gone. A caller with too many loses the one it has not used
/// for longest; when all filters together are too many, the caller with the most of them does.
final class FilterRegistry: Sendable {
  enum Kind: Sendable {
    case logs(LogQuery)
    case blocks
    case pendingTransactions
  }

  struct Filter: Sendable {
    let kind: Kind
    let owner: String
    /// What comes next: a height, or a number in the pool's sequence.
    var cursor: UInt64
    var lastUse: Duration
  }

  private struct State {
    var filters: [UInt128: Filter] = [:]
    var counts: [String: Int] = [:]
    var nextSweep = Duration.zero

    mutating func remove(_ id: UInt128) -> Bool {
      guard let filter = filters.removeValue(forKey: id) else { return false }
      let left = (counts[filter.owner] ?? 1) - 1
      counts[filter.owner] = left > 0 ? left : nil
      return true
    }

    mutating func removeOldest(of owner: String) {
      let oldest = filters.lazy.filter { $0.value.owner == owner }
        .min { ($0.value.lastUse, $0.key) < ($1.value.lastUse, $1.key) }
      if let oldest { _ = remove(oldest.key) }
    }

    mutating func sweep(_ now: Duration, lifetime: Duration) {
      for (id, filter) in filters where now - filter.lastUse >= lifetime { _ = remove(id) }
    }
  }

  private let state = Mutex(State())
  private let limits: RPCMethodLimits

  init(limits: RPCMethodLimits) { self.limits = limits }

  var count: Int { state.withLock { $0.filters.count } }

  /// Adds a filter and gives its name.
  func add(_ kind: Kind, owner: String, cursor: UInt64, now: Duration) -> String {
    // Unguessable, so that nobody reads or ends the filters of others.
    let id = UInt128.random(in: 1...(.max))
    state.withLock { state in
      if now >= state.nextSweep || state.filters.count >= limits.maximumFilters {
        state.sweep(now, lifetime: limits.filterLifetime)
        state.nextSweep = now + limits.filterLifetime / 10
      }
      if state.counts[owner] ?? 0 >= limits.maximumFiltersPerPeer {
        state.removeOldest(of: owner)
      } else if state.filters.count >= limits.maximumFilters,
        let greatest = state.counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })
      {
        state.removeOldest(of: greatest.key)
      }
      state.filters[id] = Filter(kind: kind, owner: owner, cursor: cursor, lastUse: now)
      state.counts[owner, default: 0] += 1
    }
    return "0x" + String(id, radix: 16)
  }

  /// A filter that is still alive, which now stays so for another while; nil when there is none.
  func use(_ name: String, now: Duration) -> Filter? {
    guard let id = Self.id(name) else { return nil }
    return state.withLock { state in
      guard var filter = state.filters[id] else { return nil }
      guard now - filter.lastUse < limits.filterLifetime else {
        _ = state.remove(id)
        return nil
      }
      filter.lastUse = now
      state.filters[id] = filter
      return filter
    }
  }

  /// Notes how far a filter's owner has come; it never goes back.
  func advance(_ name: String, to cursor: UInt64) {
    guard let id = Self.id(name) else { return }
    state.withLock { state in
      guard let filter = state.filters[id], filter.cursor < cursor else { return }
      state.filters[id]?.cursor = cursor
    }
  }

  /// Removes a filter; false when there is none.
  func remove(_ name: String) -> Bool {
    guard let id = Self.id(name) else { return false }
    return state.withLock { $0.remove(id) }
  }

  private static func id(_ name: String) -> UInt128? {
    guard let value = try? Hex.decodeQuantity(name), value.high == 0 else { return nil }
    return value.low
  }
}
