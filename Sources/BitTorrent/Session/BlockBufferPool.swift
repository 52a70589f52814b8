internal import NIOCore

/// Buffers for outgoing blocks, used again once the socket has taken them.
///
/// A batch of blocks is larger than what the allocator keeps at hand: a fresh buffer for each
/// would be mapped, touched and unmapped every time.
struct BlockBufferPool {
  private let allocator = ByteBufferAllocator()
  private let capacity: Int
  private let limit: Int
  private var free: [ByteBuffer] = []

  /// A pool of buffers of `capacity` bytes that keeps at most `limit` at hand.
  init(capacity: Int, keeping limit: Int) {
    self.capacity = capacity
    self.limit = limit
    free.reserveCapacity(limit)
  }

  /// An empty buffer.
  mutating func take() -> ByteBuffer {
    guard var buffer = free.popLast() else { return allocator.buffer(capacity: capacity) }
    // Costs a new one only where somebody still reads the old one.
    buffer.clear()
    return buffer
  }

  /// Takes back a buffer that nobody will read any more.
  mutating func give(_ buffer: ByteBuffer) {
    if free.count < limit { free.append(buffer) }
  }
}
