package import NIOCore

/// How a simulated disk is, and what goes wrong with it.
package struct DiskNature {
  /// Bytes that it writes in a second.
  package var writeRate = 200 << 20
  /// How long each write takes besides.
  package var writeDelay: TimeAmount = .milliseconds(1)
  /// How long each read takes.
  package var readDelay: TimeAmount = .zero
  /// Bytes of blocks that may be in memory before the storage says that it is full.
  package var memoryBytes = 1 << 20
  /// Bytes written after which the resume record is saved.
  package var recordBytes = 256 << 10
  /// When there is no room on it.
  package var full: [Range<NIODeadline>] = []
  /// Pieces that cannot be read in that time.
  package var unreadable: [Int: Range<NIODeadline>] = [:]

  /// A fast disk without faults.
  package init() {}

  func isFull(at now: NIODeadline) -> Bool { full.contains { $0.contains(now) } }
}
