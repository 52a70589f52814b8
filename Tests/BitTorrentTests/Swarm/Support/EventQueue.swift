internal import NIOCore

/// What happens when, in virtual time; what is due at the same moment happens in the order in which
/// it was planned.
struct EventQueue {
  private struct Entry {
    var time: NIODeadline
    var number: Int
    var body: () -> Void

    func isBefore(_ other: Entry) -> Bool { (time, number) < (other.time, other.number) }
  }

  private var heap: [Entry] = []
  private var planned = 0

  /// When the next thing happens.
  var next: NIODeadline? { heap.first?.time }

  mutating func plan(at time: NIODeadline, _ body: @escaping () -> Void) {
    heap.append(Entry(time: time, number: planned, body: body))
    planned += 1
    var child = heap.count - 1
    while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> (time: NIODeadline, body: () -> Void)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    return (first.time, first.body)
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
