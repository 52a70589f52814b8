internal import DequeModule

/// The requests of one peer that wait to be served, and those that are on their way to its socket.
struct UploadQueue {
  private struct Entry {
    var request: BlockRequest
    var precedence: Int
  }

  private var waiting: Deque<Entry> = []
  // What a strategy keeps back; counted against the same limit.
  private var held: [BlockRequest] = []
  /// Bytes handed to the session whose way to the socket has not ended.
  private(set) var bytesInFlight = 0
  /// Bytes that wait, without those held back.
  private(set) var bytesWaiting = 0

  /// Requests waiting, those held back counted.
  var count: Int { waiting.count + held.count }
  /// Whether nothing could be served now.
  var isEmpty: Bool { waiting.isEmpty }

  /// Queues a request behind those of its precedence and above.
  mutating func append(_ request: BlockRequest, precedence: Int = 0) {
    bytesWaiting += request.length
    let entry = Entry(request: request, precedence: precedence)
    if let last = waiting.last, last.precedence < precedence {
      let index = waiting.firstIndex { $0.precedence < precedence } ?? waiting.endIndex
      waiting.insert(entry, at: index)
    } else {
      waiting.append(entry)
    }
  }

  /// Keeps a request back until ``takeHeld()``.
  mutating func hold(_ request: BlockRequest) { held.append(request) }

  /// Gives up what was held back.
  mutating func takeHeld() -> [BlockRequest] {
    defer { held.removeAll() }
    return held
  }

  /// The length of the request that is served next.
  var nextLength: Int? { waiting.first?.request.length }

  /// Takes the next request on its way; ends by ``finished(_:)``.
  mutating func next() -> BlockRequest? {
    guard let entry = waiting.popFirst() else { return nil }
    bytesWaiting -= entry.request.length
    bytesInFlight += entry.request.length
    return entry.request
  }

  /// A request that ``next()`` gave went to the socket, or failed.
  mutating func finished(_ request: BlockRequest) {
    bytesInFlight = max(0, bytesInFlight - request.length)
  }

  /// Takes out a request that waits; false when it is on its way already or was never made.
  mutating func cancel(_ request: BlockRequest) -> Bool {
    if let index = waiting.firstIndex(where: { $0.request == request }) {
      waiting.remove(at: index)
      bytesWaiting -= request.length
      return true
    }
    guard let index = held.firstIndex(of: request) else { return false }
    held.remove(at: index)
    return true
  }

  /// Takes out every request that waits or is held back and that `isGone` names.
  mutating func removeAll(where isGone: (BlockRequest) -> Bool = { _ in true }) -> [BlockRequest] {
    var gone: [BlockRequest] = []
    waiting.removeAll { entry in
      guard isGone(entry.request) else { return false }
      gone.append(entry.request)
      return true
    }
    bytesWaiting -= gone.reduce(0) { $0 + $1.length }
    held.removeAll { request in
      guard isGone(request) else { return false }
      gone.append(request)
      return true
    }
    return gone
  }
}
