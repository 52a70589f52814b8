internal import DequeModule
internal import NIOCore

/// The requests that a peer has yet to answer, in the order in which they were sent.
///
/// Peers nearly always answer in order, so looking up and removing an answer is O(1); a peer that
/// answers in another order costs a search over its own queue, which is bounded.
struct OpenRequests {
  /// A request and when it went.
  struct Entry {
    var block: BlockRequest
    var sent: NIODeadline
  }

  private var entries: Deque<Entry> = []

  /// How many are open.
  var count: Int { entries.count }
  /// Whether none is.
  var isEmpty: Bool { entries.isEmpty }
  /// The one that has been open for longest.
  var oldest: Entry? { entries.first }

  /// Notes a request that was just sent.
  mutating func append(_ block: BlockRequest, at now: NIODeadline) {
    entries.append(Entry(block: block, sent: now))
  }

  /// Takes out the request for exactly these bytes; nil when there is none.
  mutating func remove(_ block: BlockRequest) -> Entry? {
    guard let first = entries.first else { return nil }
    if first.block == block { return entries.removeFirst() }
    guard let index = entries.firstIndex(where: { $0.block == block }) else { return nil }
    return entries.remove(at: index)
  }

  /// The open request that begins where `block` does, if any.
  func matching(piece: Int, offset: Int) -> BlockRequest? {
    entries.first { $0.block.piece == piece && $0.block.offset == offset }?.block
  }

  /// Takes out all of them, oldest first.
  mutating func removeAll() -> [BlockRequest] {
    defer { entries.removeAll(keepingCapacity: true) }
    return entries.map(\.block)
  }

  /// Takes out those that `isGone` names.
  mutating func removeAll(where isGone: (BlockRequest) -> Bool) -> [BlockRequest] {
    var gone: [BlockRequest] = []
    entries.removeAll { entry in
      guard isGone(entry.block) else { return false }
      gone.append(entry.block)
      return true
    }
    return gone
  }

  /// Calls `body` with each, oldest first.
  func forEach(_ body: (Entry) -> Void) { entries.forEach(body) }
}
