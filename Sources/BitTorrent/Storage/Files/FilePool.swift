internal import DequeModule

/// The files of one torrent that are open: at most as many as allowed, the ones used last.
///
/// A file that is closed to make room stays open for whoever is using it.
struct FilePool {
  private struct Slot {
    var file: OpenFile
    var wasUsed: Bool
  }

  private let capacity: Int
  private var slots: [Int: Slot] = [:]
  // The clock's hand passes over the files in this order; one that was used gets another round.
  private var clock = Deque<Int>()

  init(capacity: Int) { self.capacity = max(1, capacity) }

  /// The open file with that index, if it may be written to where that is needed.
  mutating func file(_ index: Int, writable: Bool) -> OpenFile? {
    guard let found = slots.index(forKey: index) else { return nil }
    let file = slots.values[found].file
    guard file.isWritable || !writable else { return nil }
    slots.values[found].wasUsed = true
    return file
  }

  /// Keeps an open file, and lets go of another when there are too many.
  mutating func insert(_ file: OpenFile, _ index: Int) {
    if slots.updateValue(Slot(file: file, wasUsed: false), forKey: index) == nil {
      clock.append(index)
    }
    while slots.count > capacity, let oldest = clock.popFirst() {
      if slots[oldest]?.wasUsed == true {
        slots[oldest]?.wasUsed = false
        clock.append(oldest)
      } else {
        slots[oldest] = nil
      }
    }
  }

  mutating func remove(_ index: Int) {
    guard slots.removeValue(forKey: index) != nil else { return }
    clock.removeAll { $0 == index }
  }

  mutating func removeAll() {
    slots.removeAll()
    clock.removeAll()
  }
}
