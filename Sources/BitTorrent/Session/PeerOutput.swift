internal import DequeModule
package import NIOCore

/// What waits to be written to one connection.
///
/// Blocks wait as requests, so that a slow reader holds one batch of memory and not its whole
/// queue. What steers our own download does not wait behind them.
package struct PeerOutput {
  /// One thing in line.
  private enum Item {
    case block(BlockRequest)
    case bytes(ByteBuffer)
  }

  /// What is written next.
  package enum Step {
    case bytes(ByteBuffer)
    /// Blocks to be read from the storage, and written together.
    case blocks([BlockRequest])
  }

  /// Messages that may go before everything in line.
  private var urgent = ByteBuffer()
  private var line = Deque<Item>()
  /// Bytes of messages in line.
  package private(set) var backlog = 0
  /// Whether blocks are being read from disk: nothing in line may overtake them.
  package var isReading = false

  /// Nothing waits.
  package init() {}

  /// Puts a message in line, or before it where the order does not matter.
  package mutating func append(_ message: PeerMessage) {
    if line.isEmpty && !isReading || message.mayOvertakeBlocks {
      message.encode(into: &urgent)
      return
    }
    var bytes = ByteBuffer()
    if case .bytes(let last) = line.last {
      line.removeLast()
      bytes = last
      backlog -= bytes.readableBytes
    }
    message.encode(into: &bytes)
    backlog += bytes.readableBytes
    line.append(.bytes(bytes))
  }

  /// Puts blocks in line.
  package mutating func append(_ blocks: [BlockRequest]) {
    for block in blocks { line.append(.block(block)) }
  }

  /// Takes what goes before everything in line.
  package mutating func takeUrgent() -> ByteBuffer? {
    guard urgent.readableBytes > 0 else { return nil }
    defer { urgent = ByteBuffer() }
    return urgent
  }

  /// Takes the head of the line: messages, or up to `limit` blocks.
  package mutating func next(blocks limit: Int) -> Step? {
    guard !isReading, let head = line.first else { return nil }
    if case .bytes(let bytes) = head {
      line.removeFirst()
      backlog -= bytes.readableBytes
      return .bytes(bytes)
    }
    var blocks: [BlockRequest] = []
    blocks.reserveCapacity(limit)
    while blocks.count < limit, case .block(let block) = line.first {
      line.removeFirst()
      blocks.append(block)
    }
    return .blocks(blocks)
  }
}

extension PeerMessage {
  /// Whether the message may go before blocks that were promised earlier.
  fileprivate var mayOvertakeBlocks: Bool {
    switch self {
    case .keepAlive, .interested, .notInterested, .have, .request, .cancel, .hashRequest: true
    // What is said of requests keeps its order with them; only great messages wait.
    case .extended(_, let payload): payload.readableBytes <= 512
    default: false
    }
  }
}
