package import NIOCore

/// What happened in a run: all of it as one hash, what is worth telling in words.
package struct Trace {
  private static let capacity = 4_000

  /// The hash of everything that was noted.
  package private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  /// What was told, oldest first.
  package private(set) var story: [String] = []
  private var dropped = 0

  /// Nothing happened yet.
  package init() {}

  /// Takes numbers into the hash.
  package mutating func note(_ first: UInt64, _ second: Int, _ third: Int) {
    for word in [first, UInt64(bitPattern: Int64(second)), UInt64(bitPattern: Int64(third))] {
      hash = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
      hash ^= hash >> 29
    }
  }

  /// Tells something in words.
  package mutating func tell(_ words: @autoclosure () -> String, at time: TimeAmount) {
    guard story.count < Self.capacity else { return dropped += 1 }
    let milliseconds = time.nanoseconds / 1_000_000
    let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
    story.append("\(milliseconds / 1_000).\(fraction) \(words())")
  }
}
