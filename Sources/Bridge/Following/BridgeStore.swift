package import ChainTypes
package import KeyValueStore
package import Primitives

/// The bridge's tables: what was read of each root chain, and what is still to be done.
///
/// | key | value |
/// |---|---|
/// | 01 root | the follower's state |
/// | 02 root, id | a message, with its proof if a transaction can carry it |
/// | 03 transaction, root, id | nothing: finds the messages of a transaction |
/// | 04 root, number | hash of a block that ended a range: where a reorganisation is looked for |
/// | 05 root, id | nothing: a message that the sidechain has not taken yet |
/// | 06 sender, nonce | a transaction on its way |
/// | 07 root, number | header of a block with messages |
/// | 08 root, id | when the sidechain took a message, and what became of it |
/// | 09 root, hash, number | hash of a block with messages that was final and was taken back |
/// | 0a root, number | when a header was seen to be attested |
/// | 0b root, id | nothing: a deposit that failed, and may be retried or refunded |
/// | 0c root, id | hash of the block of a message that was taken back |
/// | 0d root, number | nothing: a contradiction at that height for which the validator has paused |
package final class BridgeStore: Sendable {
  package static let states = KeySpace(1)
  package static let messages = KeySpace(2)
  package static let transactions = KeySpace(3)
  package static let marks = KeySpace(4)
  package static let waiting = KeySpace(5)
  package static let outgoing = KeySpace(6)
  package static let headers = KeySpace(7)
  package static let outcomes = KeySpace(8)
  package static let contradicted = KeySpace(9)
  package static let attested = KeySpace(10)
  package static let failed = KeySpace(11)
  package static let dropped = KeySpace(12)
  package static let paused = KeySpace(13)

  /// How many marks are kept of each root chain.
  package static let maximumMarks = 256

  package let store: any KeyValueStore

  package init(_ store: any KeyValueStore) { self.store = store }

  // MARK: - Following

  package func state(of root: RootID) throws -> FollowerState? {
    guard let row = try store.get(Self.states.key(root.key)) else { return nil }
    return try FollowerState(row: row)
  }

  /// Stores a state, and in the same write the messages and headers it stands for.
  package func commit(
    _ state: FollowerState, of root: RootID, messages: [BridgeMessage] = [],
    headers: [RootHeader] = []
  ) throws {
    var batch = WriteBatch()
    for message in messages {
      batch.put(Self.messages.key(root.key, message.id), try message.row())
      batch.put(Self.waiting.key(root.key, message.id), [])
      batch.put(Self.transactions.key(message.transaction.bytes + root.key, message.id), [])
    }
    for header in headers {
      batch.put(Self.headers.key(root.key, header.number), header.encoded)
      // A block that came back contradicts nothing any more.
      batch.delete(Self.contradicted.key(root.key + header.hash.bytes, header.number))
    }
    for mark in try marks(of: root).dropLast(Self.maximumMarks - 1) {
      batch.delete(Self.marks.key(root.key, mark.number))
    }
    put(state, of: root, &batch)
    try store.write(batch, sync: true)
  }

  /// Stores a state that has gone back, and in the same write forgets what was read after it.
  ///
  /// Of `contradicted` blocks, which are no longer canonical, hashes are remembered apart: the
  /// sidechain may have attested them.
  package func rewind(
    _ state: FollowerState, of root: RootID, dropping messages: [BridgeMessage],
    contradicted: Set<RootBlock>
  ) throws {
    var batch = WriteBatch()
    for message in messages {
      batch.delete(Self.messages.key(root.key, message.id))
      batch.delete(Self.waiting.key(root.key, message.id))
      batch.delete(Self.failed.key(root.key, message.id))
      batch.delete(Self.outcomes.key(root.key, message.id))
      batch.delete(Self.transactions.key(message.transaction.bytes + root.key, message.id))
      batch.delete(Self.headers.key(root.key, message.block.number))
      if contradicted.contains(message.block) {
        batch.put(Self.dropped.key(root.key, message.id), message.block.hash.bytes)
      }
    }
    for block in contradicted {
      batch.put(
        Self.contradicted.key(root.key + block.hash.bytes, block.number), block.hash.bytes)
    }
    for mark in try marks(of: root) where mark.number > state.cursor.number {
      batch.delete(Self.marks.key(root.key, mark.number))
    }
    put(state, of: root, &batch)
    try store.write(batch, sync: true)
  }

  private func put(_ state: FollowerState, of root: RootID, _ batch: inout WriteBatch) {
    batch.put(Self.marks.key(root.key, state.cursor.number), state.cursor.hash.bytes)
    batch.put(Self.states.key(root.key), state.row)
  }

  /// Whether a message of another block had the same id, and was taken back.
  package func hasRival(_ message: BridgeMessage) throws -> Bool {
    guard let row = try store.get(Self.dropped.key(message.root.key, message.id)) else {
      return false
    }
    return row != message.block.hash.bytes
  }

  /// Whether the validator has paused for a contradiction before: what its owner resumed since
  /// is not paused again for the same one.
  package func hasPaused(for number: UInt64, of root: RootID) throws -> Bool {
    try store.get(Self.paused.key(root.key, number)) != nil
  }

  package func notePaused(for number: UInt64, of root: RootID) throws {
    var batch = WriteBatch()
    batch.put(Self.paused.key(root.key, number), [])
    try store.write(batch, sync: true)
  }

  /// Blocks with messages that were final and are no longer canonical.
  package func contradictions(of root: RootID) throws -> [RootBlock] {
    try blocks(in: Self.contradicted.range(root.key))
  }

  /// The blocks that ended ranges, the oldest first.
  package func marks(of root: RootID) throws -> [RootBlock] {
    try blocks(in: Self.marks.range(root.key))
  }

  private func blocks(in range: KeyRange) throws -> [RootBlock] {
    var blocks: [RootBlock] = []
    try forEach(in: range) { key, value in
      guard let number = Self.number(key), let hash = Hash256(value) else { throw RowError() }
      blocks.append(RootBlock(number: number, hash: hash))
      return true
    }
    return blocks
  }

  // MARK: - Messages

  package func message(_ id: UInt64, of root: RootID) throws -> BridgeMessage? {
    guard let row = try store.get(Self.messages.key(root.key, id)) else { return nil }
    return try BridgeMessage(root: root, id: id, row: row)
  }

  /// The messages of a transaction of any root chain.
  package func messages(of transaction: Hash256) throws -> [BridgeMessage] {
    var places: [(RootID, UInt64)] = []
    try forEach(in: Self.transactions.range(transaction.bytes)) { key, _ in
      let rest = Array(key.dropFirst(33))
      guard let id = Self.number(key), let root = RootID(key: Array(rest.prefix(8))) else {
        throw RowError()
      }
      places.append((root, id))
      return true
    }
    return try places.compactMap { try message($1, of: $0) }
  }

  /// The messages from an id on.
  package func messages(from id: UInt64, of root: RootID, limit: Int) throws -> [BridgeMessage] {
    var found: [BridgeMessage] = []
    var range = Self.messages.range(root.key)
    range.lower = Self.messages.key(root.key, id)
    try forEach(in: range) { key, value in
      guard let id = Self.number(key) else { throw RowError() }
      found.append(try BridgeMessage(root: root, id: id, row: value))
      return found.count < limit
    }
    return found
  }

  /// The messages in blocks above a number, the newest first.
  package func messages(above number: UInt64, of root: RootID) throws -> [BridgeMessage] {
    var found: [BridgeMessage] = []
    try store.snapshot().forEach(in: Self.messages.range(root.key), backwards: true) { key, value in
      guard let id = Self.number(Array(key)) else { throw RowError() }
      let message = try BridgeMessage(root: root, id: id, row: Array(value))
      guard message.block.number > number else { return false }
      found.append(message)
      return true
    }
    return found
  }

  /// The ids of messages that the sidechain has not taken yet.
  package func waiting(of root: RootID, limit: Int) throws -> [UInt64] {
    try ids(in: Self.waiting, of: root, limit: limit)
  }

  /// The ids to look at now: the lowest that wait, and as many from `start` on, so that those for
  /// which nothing can be done keep no others from being looked at; and where to start next.
  package func turn(
    of root: RootID, from start: UInt64, limit: Int
  ) throws -> (ids: [UInt64], next: UInt64) {
    let lowest = try waiting(of: root, limit: limit / 2)
    guard lowest.count == limit / 2, let last = lowest.last else { return (lowest, 0) }
    let others = try ids(
      in: Self.waiting, of: root, limit: limit / 2, from: max(start, last &+ 1))
    return (lowest + others, others.count == limit / 2 ? (others.last ?? 0) &+ 1 : 0)
  }

  /// The ids of deposits that the sidechain has taken and could not carry out.
  package func failed(of root: RootID, limit: Int) throws -> [UInt64] {
    try ids(in: Self.failed, of: root, limit: limit)
  }

  private func ids(
    in table: KeySpace, of root: RootID, limit: Int, from first: UInt64 = 0
  ) throws -> [UInt64] {
    var ids: [UInt64] = []
    var range = table.range(root.key)
    range.lower = table.key(root.key, first)
    try forEach(in: range) { key, _ in
      guard let id = Self.number(key) else { throw RowError() }
      ids.append(id)
      return ids.count < limit
    }
    return ids
  }

  /// Notes that the sidechain has taken a message; one that failed is looked after apart, so that
  /// it holds up no other.
  package func settle(
    _ id: UInt64, of root: RootID, _ outcome: MessageOutcome, hasFailed: Bool = false
  ) throws {
    var batch = WriteBatch()
    batch.delete(Self.waiting.key(root.key, id))
    if hasFailed {
      batch.put(Self.failed.key(root.key, id), [])
    } else {
      batch.delete(Self.failed.key(root.key, id))
    }
    batch.put(Self.outcomes.key(root.key, id), outcome.row)
    try store.write(batch, sync: false)
  }

  package func outcome(_ id: UInt64, of root: RootID) throws -> MessageOutcome? {
    guard let row = try store.get(Self.outcomes.key(root.key, id)) else { return nil }
    return try MessageOutcome(row: row)
  }

  /// Notes when the sidechain was first seen to have attested a header.
  package func noteAttested(_ number: UInt64, of root: RootID, at seconds: UInt64) throws {
    let key = Self.attested.key(root.key, number)
    guard try store.get(key) == nil else { return }
    var batch = WriteBatch()
    batch.put(key, UInt256(seconds).word.bytes)
    try store.write(batch, sync: false)
  }

  /// When a header was seen to be attested, in seconds since 1970.
  package func attestedAt(_ number: UInt64, of root: RootID) throws -> UInt64? {
    guard let row = try store.get(Self.attested.key(root.key, number)) else { return nil }
    guard let word = Hash256(row), let seconds = UInt64(exactly: UInt256(word)) else {
      throw RowError()
    }
    return seconds
  }

  package func header(_ number: UInt64, of root: RootID) throws -> RootHeader? {
    guard let row = try store.get(Self.headers.key(root.key, number)) else { return nil }
    return try RootHeader(decoding: row)
  }

  // MARK: - Keys

  package func forEach(
    in range: KeyRange, _ body: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
  ) throws {
    try store.snapshot().forEach(in: range) { key, value in
      try body(Array(key), Array(value))
    }
  }

  /// The number at the end of a key.
  package static func number(_ key: [UInt8]) -> UInt64? {
    guard key.count >= 9 else { return nil }
    return key.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// A row of the bridge's tables that cannot be read: the disk has changed it.
package struct RowError: Error, Hashable, Sendable, CustomStringConvertible {
  package init() {}

  package var description: String {
    "a row of the bridge's tables is damaged: end the node, remove the directory bridge of its data "
      + "directory, and start it again; everything in it is read from the root chains again"
  }
}
