internal import Primitives

/// How far a root chain has been read, and what to read next; it does no reading itself.
///
///     plan(final:) ─► .idle | .scan(range) ─► the driver reads ─► took(…) ─► state to be stored
///                                                             └─► gap(…) or refused(…)
///
/// It goes on only over messages whose ids follow each other without a gap. The driver stores the
/// new state in the same write as the work it stands for.
package struct FollowerState: Hashable, Sendable {
  /// What to do next.
  package enum Plan: Hashable, Sendable {
    /// All final blocks are read.
    case idle
    /// Read these blocks, once the block at the cursor is seen to be canonical still.
    case scan(ClosedRange<UInt64>)
  }

  /// Messages that must be there and are not.
  package struct Gap: Error, Hashable, Sendable {
    /// The first id that is missing.
    package var missing: UInt64
    /// The id, seen or counted, that shows it.
    package var shownBy: UInt64

    package init(missing: UInt64, shownBy: UInt64) {
      self.missing = missing
      self.shownBy = shownBy
    }
  }

  /// The most blocks read at once.
  package static let widest: UInt64 = 10_000
  /// How many messages at once make the next range narrower.
  package static let manyMessages = 500
  /// After how many ranges at the ceiling wider ones are tried again.
  private static let patience = 32

  /// The last block that was read.
  package private(set) var cursor: RootBlock
  /// The id of the next message.
  package private(set) var nextID: UInt64
  /// The block of the newest message, from which a gap is looked through again.
  package private(set) var lastMessage: RootBlock
  /// How many blocks are read at once.
  package private(set) var width: UInt64 = 1_000
  /// What endpoints are known to give at once.
  private var ceiling = widest
  private var rangesAtCeiling = 0

  /// A state that has read all up to `start`, where no message was yet.
  package init(start: RootBlock) {
    cursor = start
    nextID = 1
    lastMessage = start
  }

  package init(cursor: RootBlock, nextID: UInt64, lastMessage: RootBlock) {
    self.cursor = cursor
    self.nextID = nextID
    self.lastMessage = lastMessage
  }

  /// What to do when `final` is the newest final block.
  package func plan(final: UInt64) -> Plan {
    guard final > cursor.number else { return .idle }
    return .scan(cursor.number + 1...min(final, cursor.number &+ width))
  }

  /// The new messages among those found, in order and up to the first that is missing; one that
  /// was read before is left out.
  package func contiguous(_ ids: some Sequence<UInt64>) -> (ids: [UInt64], gap: Gap?) {
    var expected = nextID
    for id in Set(ids).sorted() where id >= nextID {
      guard id == expected else {
        return (Array(nextID..<expected), Gap(missing: expected, shownBy: id))
      }
      expected += 1
    }
    return (Array(nextID..<expected), nil)
  }

  /// The state after a range up to `end`, whose messages were all proven.
  package func took(
    upTo end: RootBlock, messages: Int, last: RootBlock?
  ) -> FollowerState {
    var next = self
    next.cursor = end
    next.nextID = nextID + UInt64(messages)
    next.lastMessage = last ?? lastMessage
    if messages >= Self.manyMessages {
      next.width = max(1, width / 2)
    } else {
      next.width = min(ceiling, width * 2)
    }
    next.rangesAtCeiling = width == ceiling ? rangesAtCeiling + 1 : 0
    if next.rangesAtCeiling >= Self.patience {
      next.ceiling = min(Self.widest, ceiling * 2)
      next.rangesAtCeiling = 0
    }
    return next
  }

  /// Reads again from the newest message on: the missing ones may lie where all seemed read.
  package func lookingAgain() -> FollowerState {
    var next = self
    next.cursor = lastMessage
    next.width = max(1, width / 2)
    return next
  }

  /// Asks for less at once, and for no more for some time.
  package func narrowed() -> FollowerState {
    var next = self
    next.width = max(1, width / 2)
    next.ceiling = next.width
    next.rangesAtCeiling = 0
    return next
  }

  /// The state after messages from `first` on, and all blocks after `block`, were taken back.
  package func rewound(to block: RootBlock, nextID first: UInt64) -> FollowerState {
    var next = self
    next.cursor = block
    next.nextID = first
    next.lastMessage = block
    return next
  }
}
