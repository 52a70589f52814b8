internal import Primitives

/// The newest hashes of a sequence that only grows.
struct HashRing {
  private let capacity: Int
  private var slots: [Hash256] = []
  /// How many hashes there have ever been: the number of the next.
  private(set) var count: UInt64 = 0

  init(capacity: Int) { self.capacity = max(capacity, 1) }

  mutating func append(_ hash: Hash256) {
    if slots.count < capacity {
      slots.append(hash)
    } else {
      slots[Int(count % UInt64(capacity))] = hash
    }
    count += 1
  }

  /// The hashes from number `first` on, or as many of them as are left.
  func hashes(since first: UInt64) -> [Hash256] {
    let oldest = count - UInt64(slots.count)
    let start = min(max(first, oldest), count)
    return (start..<count).map { slots[Int($0 % UInt64(capacity))] }
  }
}
