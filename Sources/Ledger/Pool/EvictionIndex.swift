internal import HeapModule
internal import Primitives

/// Who would lose a transaction first: for each sender its last one, the cheapest on top.
///
/// Heaps are filled when they are first needed at a base fee, and kept up to date from then on;
/// what a change has made untrue is recognised by its version and left out when it comes up.
struct EvictionIndex {
  /// One sender's last transaction.
  struct Candidate: Comparable {
    /// The lesser of the prices of the sender's first and last transaction: the last cannot be in
    /// a block before the first.
    let price: PoolPrice
    let arrival: UInt64
    let sender: Address
    let version: UInt64
    let isGapped: Bool
    let isLocal: Bool

    /// Nil for a queue that is empty.
    init?(_ queue: SenderQueue, baseFee: UInt256) {
      guard let last = queue.last else { return nil }
      isGapped = !queue.gapped.isEmpty
      isLocal = last.isLocal
      let own = PoolPrice(last, baseFee: baseFee)
      if let first = queue.pending.first, !isGapped {
        price = min(own, PoolPrice(first, baseFee: baseFee))
      } else {
        price = own
      }
      arrival = last.arrival
      sender = last.sender
      version = queue.version
    }

    static func < (left: Self, right: Self) -> Bool {
      if left.price != right.price { return left.price < right.price }
      return left.arrival > right.arrival
    }

    static func == (left: Self, right: Self) -> Bool { left.version == right.version }
  }

  /// The base fee that prices are taken at.
  private(set) var baseFee = UInt256.zero
  private(set) var isBuilt = false
  private var heaps: [Heap<Candidate>] = []

  /// Prices change with the base fee: the heaps are filled again when they are next needed.
  mutating func move(to newBaseFee: UInt256) {
    guard newBaseFee != baseFee else { return }
    baseFee = newBaseFee
    isBuilt = false
    heaps = []
  }

  mutating func build(_ queues: some Sequence<SenderQueue>) {
    var candidates = [[Candidate]](repeating: [], count: 4)
    for queue in queues {
      guard let candidate = Candidate(queue, baseFee: baseFee) else { continue }
      candidates[Self.slot(candidate.isGapped, candidate.isLocal)].append(candidate)
    }
    heaps = candidates.map { Heap($0) }
    isBuilt = true
  }

  /// Takes note of a changed queue.
  mutating func note(_ queue: SenderQueue, senderCount: Int) {
    guard isBuilt, let candidate = Candidate(queue, baseFee: baseFee) else { return }
    push(candidate)
    // Outdated candidates may not pile up.
    if heaps.reduce(0, { $0 + $1.count }) > 4 * senderCount + 1_024 { isBuilt = false }
  }

  mutating func push(_ candidate: Candidate) {
    heaps[Self.slot(candidate.isGapped, candidate.isLocal)].insert(candidate)
  }

  func top(isGapped: Bool, isLocal: Bool) -> Candidate? { heaps[Self.slot(isGapped, isLocal)].min }

  mutating func pop(isGapped: Bool, isLocal: Bool) {
    _ = heaps[Self.slot(isGapped, isLocal)].popMin()
  }

  private static func slot(_ isGapped: Bool, _ isLocal: Bool) -> Int {
    (isGapped ? 0 : 2) + (isLocal ? 1 : 0)
  }
}
