import ChainTypes
import Ledger
import Primitives

/// The pool's rules written once more, each worked out anew from a plain list of transactions.
struct PoolModel {
  struct Item {
    var recovered: RecoveredTransaction
    var isLocal: Bool
    var arrival: Int
    var time: UInt64

    var sender: Address { recovered.sender }
    var hash: Hash256 { recovered.signed.hash }
    var nonce: UInt64 { recovered.signed.transaction.nonce }
    var tip: UInt256 { recovered.signed.transaction.maxPriorityFeePerGas }
    var cap: UInt256 { recovered.signed.transaction.maxFeePerGas }
    var cost: UInt256 { recovered.signed.transaction.maximumCost ?? .max }
    var byteCount: Int { recovered.signed.encoded.count }

    /// Larger is worth more: a word for whether the base fee is met, and an amount.
    func price(_ baseFee: UInt256) -> [UInt256] {
      cap < baseFee ? [0, cap] : [1, min(tip, cap &- baseFee)]
    }
  }

  let limits: TransactionPool.Configuration
  var items: [Item] = []
  var baseFee: UInt256
  var accounts: [Address: PoolFixture.Money] = [:]
  private var arrivals = 0
  private var nextExpiry: UInt64 = 0

  init(limits: TransactionPool.Configuration, baseFee: UInt256) {
    self.limits = limits
    self.baseFee = baseFee
  }

  func money(_ sender: Address) -> PoolFixture.Money { accounts[sender] ?? .init() }

  func sorted(_ sender: Address) -> [Item] {
    items.filter { $0.sender == sender }.sorted { $0.nonce < $1.nonce }
  }

  /// The longest run of nonces that the money covers, and the rest.
  func split(_ sender: Address) -> (pending: [Item], queued: [Item]) {
    let all = sorted(sender)
    let money = money(sender)
    var sum = UInt256.zero
    var count = 0
    while count < all.count, count < limits.pendingPerSender,
      all[count].nonce == money.nonce + UInt64(count), sum &+ all[count].cost <= money.balance
    {
      sum = sum &+ all[count].cost
      count += 1
    }
    return (Array(all[..<count]), Array(all[count...]))
  }

  var senders: Set<Address> { Set(items.map(\.sender)) }
  var queued: [Item] { senders.flatMap { split($0).queued } }

  mutating func add(
    _ recovered: RecoveredTransaction, isLocal: Bool, time: UInt64
  ) throws(PoolError) -> TransactionPool.Outcome {
    let item = Item(recovered: recovered, isLocal: isLocal, arrival: arrivals, time: time)
    guard item.cap >= PoolFixture.feeFloor else {
      throw .belowFeeFloor(feeCap: item.cap, floor: PoolFixture.feeFloor)
    }
    guard !items.contains(where: { $0.hash == item.hash }) else { throw .alreadyKnown(item.hash) }
    let money = money(item.sender)
    let sender = item.sender
    guard item.nonce >= money.nonce else {
      throw .rejected(.nonceTooLow(sender: sender, have: item.nonce, next: money.nonce))
    }
    guard item.cost <= money.balance else {
      throw .rejected(.insufficientFunds(sender: sender, have: money.balance, want: item.cost))
    }
    let old = items.first { $0.sender == sender && $0.nonce == item.nonce }
    if let old {
      func raised(_ fee: UInt256) -> UInt256 {
        let (tenth, rest) = (fee &* 11).quotientAndRemainder(dividingBy: 10) ?? (fee, 0)
        return max(rest.isZero ? tenth : tenth &+ 1, fee &+ 1)
      }
      guard item.cap >= raised(old.cap), item.tip >= raised(old.tip) else {
        throw .replacementUnderpriced(
          old: old.hash, feeCap: raised(old.cap), tip: raised(old.tip))
      }
    }
    let (pending, queued) = split(sender)
    let next = money.nonce + UInt64(pending.count)
    var isGapped = item.nonce > next
    if isGapped, old == nil, queued.count >= limits.gappedPerSender {
      throw .senderLimit(sender: sender, count: queued.count, gapped: true)
    }
    if !isGapped {
      let others = pending.filter { $0.nonce != item.nonce }.reduce(UInt256.zero) { $0 &+ $1.cost }
      guard others &+ item.cost <= money.balance else {
        throw .overdraft(
          sender: sender, balance: money.balance, queued: others, cost: item.cost)
      }
      if item.nonce == next, pending.count >= limits.pendingPerSender {
        guard old != nil else {
          throw .senderLimit(sender: sender, count: pending.count, gapped: false)
        }
        isGapped = true
      }
    }
    items = try evicting(for: item, old: old, isGapped: isGapped)
    items.removeAll { $0.hash == old?.hash }
    items.append(item)
    arrivals += 1
    return .init(
      isPending: split(sender).pending.contains { $0.hash == item.hash }, replaced: old?.hash)
  }

  /// What is left after cheaper ones have made room.
  private func evicting(for item: Item, old: Item?, isGapped: Bool) throws(PoolError) -> [Item] {
    var left = self
    var price = item.price(baseFee)
    let first = split(item.sender).pending.first
    if !isGapped, let first, first.nonce < item.nonce {
      price = Self.lesser(price, first.price(baseFee))
    }
    while true {
      let others = left.items.filter { $0.hash != old?.hash }
      let isOver = isGapped && old == nil && left.queued.count + 1 > limits.globalGapped
      let isOverInTotal =
        others.count + 1 > limits.globalSlots
        || others.reduce(item.byteCount, { $0 + $1.byteCount }) > limits.globalBytes
      guard isOver || isOverInTotal else { return left.items }
      let candidates = left.lasts(except: item.sender).filter { item.isLocal || !$0.item.isLocal }
      let gapped = candidates.filter(\.isGapped).min(by: Self.goesBefore)
      let pending = candidates.filter { !$0.isGapped }.min(by: Self.goesBefore)
      var victim: Item?
      if isGapped {
        if let gapped, Self.isLess(gapped.price, price) { victim = gapped.item }
        if victim == nil { throw gapped == nil ? .full : .underpriced(item.hash) }
      } else if let gapped {
        victim = gapped.item
      } else if let pending, Self.isLess(pending.price, price) {
        victim = pending.item
      } else {
        throw pending == nil ? .full : .underpriced(item.hash)
      }
      left.items.removeAll { $0.hash == victim?.hash }
    }
  }

  private typealias Candidate = (item: Item, price: [UInt256], isGapped: Bool)

  private func lasts(except sender: Address?) -> [Candidate] {
    senders.filter { $0 != sender }.compactMap { other in
      let (pending, queued) = split(other)
      if let last = queued.last { return (last, last.price(baseFee), true) }
      guard let first = pending.first, let last = pending.last else { return nil }
      return (last, Self.lesser(first.price(baseFee), last.price(baseFee)), false)
    }
  }

  private static func isLess(_ left: [UInt256], _ right: [UInt256]) -> Bool {
    left.lexicographicallyPrecedes(right)
  }

  private static func lesser(_ left: [UInt256], _ right: [UInt256]) -> [UInt256] {
    isLess(left, right) ? left : right
  }

  private static func goesBefore(_ left: Candidate, _ right: Candidate) -> Bool {
    left.price == right.price
      ? left.item.arrival > right.item.arrival : isLess(left.price, right.price)
  }

  mutating func move(_ changes: [Address: PoolFixture.Money], baseFee: UInt256) {
    accounts.merge(changes) { $1 }
    self.baseFee = baseFee
    items = items.filter { $0.nonce >= money($0.sender).nonce }
    for sender in changes.keys {
      for item in split(sender).queued.dropFirst(limits.gappedPerSender) {
        items.removeAll { $0.hash == item.hash }
      }
    }
    while queued.count > limits.globalGapped {
      let gapped = lasts(except: nil).filter(\.isGapped)
      let remote = gapped.filter { !$0.item.isLocal }
      guard let victim = (remote.isEmpty ? gapped : remote).min(by: Self.goesBefore) else { return }
      items.removeAll { $0.hash == victim.item.hash }
    }
  }

  /// Looks once a minute, as long as there is something to look at.
  mutating func expire(at now: UInt64) {
    guard !queued.isEmpty, now >= nextExpiry else { return }
    nextExpiry = now + 60
    let time = now - UInt64(limits.gappedLifetime.components.seconds)
    let expired = Set(queued.filter { $0.time < time }.map(\.hash))
    items.removeAll { expired.contains($0.hash) }
  }

  /// What a block builder should get: again and again the dearest of the senders' next ones.
  func order() -> [Hash256] {
    var chains = senders.map { split($0).pending[...] }
    var order: [Hash256] = []
    while true {
      let ready = chains.indices.filter { chains[$0].first.map { $0.cap >= baseFee } ?? false }
      let best = ready.min { left, right in
        guard let left = chains[left].first, let right = chains[right].first else { return false }
        let (first, second) = (left.price(baseFee), right.price(baseFee))
        return first == second ? left.arrival < right.arrival : Self.isLess(second, first)
      }
      guard let best, let item = chains[best].popFirst() else { return order }
      order.append(item.hash)
    }
  }
}
