internal import Dispatch

/// Work in pieces, on all cores.
enum Cores {
  /// What `body` makes of each piece of `0..<count`, in order.
  static func map<Part: Sendable>(
    _ count: Int, pieces size: Int, _ body: @Sendable (Range<Int>) throws -> Part
  ) throws -> [Part] {
    let pieces = (count + size - 1) / size
    if pieces <= 1 { return count == 0 ? [] : [try body(0..<count)] }
    var parts = [Result<Part, any Error>?](repeating: nil, count: pieces)
    parts.withUnsafeMutableBufferPointer { buffer in
      // Each iteration has an element of its own.
      nonisolated(unsafe) let buffer = buffer
      DispatchQueue.concurrentPerform(iterations: pieces) { index in
        let range = (index * size)..<min((index + 1) * size, count)
        buffer[index] = Result { try body(range) }
      }
    }
    return try parts.compactMap { try $0?.get() }
  }
}
