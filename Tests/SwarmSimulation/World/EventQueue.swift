package import NIOCore

/// What happens when, in virtual time; what is due at the same moment happens in the order in which
/// it was planned.
package struct EventQueue {
  private struct Entry {
    var time: NIODeadline
    var number: Int
    var body: () -> Void

    func isBefore(_ other: Entry) -> Bool {
      time == other.time ? number < other.number : time < other.time
    }
  }

  private var heap: [Entry] = []
  private var planned = 0

  /// A queue without events.
  package init() {}

  /// How many events wait.
  package var count: Int { heap.count }
  /// When the next thing happens.
  package var next: NIODeadline? { heap.first?.time }

  /// Has something happen at a moment.
  package mutating func plan(at time: NIODeadline, _ body: @escaping () -> Void) {
    let entry = Entry(time: time, number: planned, body: body)
    planned += 1
    heap.append(entry)
    var child = heap.count - 1
    while child > 0, entry.isBefore(heap[(child - 1) / 2]) {
      heap[child] = heap[(child - 1) / 2]
      child = (child - 1) / 2
    }
    heap[child] = entry
  }

  /// Takes out what happens next.
  package mutating func pop() -> (time: NIODeadline, body: () -> Void)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty { sink(last) }
    return (first.time, first.body)
  }

  private mutating func sink(_ entry: Entry) {
    var parent = 0
    while 2 * parent + 1 < heap.count {
      var least = 2 * parent + 1
      if least + 1 < heap.count, heap[least + 1].isBefore(heap[least]) { least += 1 }
      guard heap[least].isBefore(entry) else { break }
      heap[parent] = heap[least]
      parent = least
    }
    heap[parent] = entry
  }
}
