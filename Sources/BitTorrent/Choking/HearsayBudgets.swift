internal import NIOCore

/// How many addresses each host may still name (BEP 11): so many at once, then few a minute.
struct HearsayBudgets {
  private static let capacity = 512
  private static let addresses = 200
  private static let interval: TimeAmount = .seconds(12)

  private var budgets: [PeerAddress: Budget] = [:]

  /// Takes one from a host's budget; false where nothing is left.
  mutating func take(_ host: PeerAddress, at now: NIODeadline) -> Bool {
    if budgets[host] == nil, budgets.count >= Self.capacity {
      // Who has all of its budget is as good as forgotten; else who used least of it goes.
      budgets = budgets.filter { !$0.value.isWhole(at: now) }
      if budgets.count >= Self.capacity, let last = budgets.max(by: { $0.value < $1.value }) {
        budgets[last.key] = nil
      }
    }
    return budgets[
      host, default: Budget(capacity: Self.addresses, interval: Self.interval)
    ].take(at: now)
  }
}
