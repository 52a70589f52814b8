/// A position among the records of one key range of a snapshot.
///
/// It keeps its snapshot alive. Use it from one thread at a time. Every move returns whether it
/// ended at a record, and throws ``StoreError/Code/corrupt`` rather than pass over a record that
/// cannot be read.
public final class StoreIterator {
  /// The bounds the iterator never leaves.
  public let range: KeyRange

  /// Whether the iterator stands at a record.
  public private(set) var isValid = false

  private let cursor: any StoreCursor

  package init(range: KeyRange, cursor: any StoreCursor) {
    self.range = range
    self.cursor = cursor
  }

  /// Moves to the first record of the range.
  @discardableResult
  public func seekToFirst() throws(StoreError) -> Bool {
    try move { cursor throws(StoreError) in
      try range.lower.withBytes { key throws(StoreError) in try cursor.seek(to: key) }
    }
  }

  /// Moves to the last record of the range.
  @discardableResult
  public func seekToLast() throws(StoreError) -> Bool {
    try move { cursor throws(StoreError) in
      guard let upper = range.upper else { return try cursor.seekToLast() }
      try upper.withBytes { key throws(StoreError) in
        try Self.seekLast(before: key, orAt: false, cursor)
      }
    }
  }

  /// Moves to the first record of the range whose key is `key` or greater.
  @discardableResult
  public func seek(to key: [UInt8]) throws(StoreError) -> Bool {
    try key.withBytes { key throws(StoreError) in try seek(to: key) }
  }

  /// Moves to the first record of the range whose key is `key` or greater.
  @discardableResult
  public func seek(to key: UnsafeRawBufferPointer) throws(StoreError) -> Bool {
    if range.startsAfter(key) { return try seekToFirst() }
    return try move { cursor throws(StoreError) in try cursor.seek(to: key) }
  }

  /// Moves to the last record of the range whose key is `key` or less.
  @discardableResult
  public func seekLast(atOrBefore key: [UInt8]) throws(StoreError) -> Bool {
    try key.withBytes { key throws(StoreError) in try seekLast(atOrBefore: key) }
  }

  /// Moves to the last record of the range whose key is `key` or less.
  @discardableResult
  public func seekLast(atOrBefore key: UnsafeRawBufferPointer) throws(StoreError) -> Bool {
    if range.endsAtOrBefore(key) { return try seekToLast() }
    return try move { cursor throws(StoreError) in
      try Self.seekLast(before: key, orAt: true, cursor)
    }
  }

  /// Moves one record on; stays invalid when it is.
  @discardableResult
  public func next() throws(StoreError) -> Bool {
    guard isValid else { return false }
    return try move { cursor throws(StoreError) in try cursor.next() }
  }

  /// Moves one record back; stays invalid when it is.
  @discardableResult
  public func previous() throws(StoreError) -> Bool {
    guard isValid else { return false }
    return try move { cursor throws(StoreError) in try cursor.previous() }
  }

  /// A copy of the key, or nil when the iterator stands at no record.
  public var key: [UInt8]? { withRecord { key, _ in [UInt8](key) } }

  /// A copy of the value, or nil when the iterator stands at no record.
  public var value: [UInt8]? { withRecord { _, value in [UInt8](value) } }

  /// Calls `body` with the record in place, and returns nil when there is none.
  ///
  /// The bytes are valid only during the call.
  public func withRecord<R, E: Error>(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R? {
    guard isValid else { return nil }
    var result: Result<R, E>?
    cursor.withRecord { key, value in
      do throws(E) { result = .success(try body(key, value)) } catch { result = .failure(error) }
    }
    return try result?.get()
  }

  private func move(
    _ body: (any StoreCursor) throws(StoreError) -> Void
  ) throws(StoreError) -> Bool {
    isValid = false
    try body(cursor)
    guard cursor.isValid else { return false }
    var inside = false
    cursor.withRecord { key, _ in inside = range.contains(key) }
    isValid = inside
    return inside
  }

  private static func seekLast(
    before key: UnsafeRawBufferPointer, orAt: Bool, _ cursor: any StoreCursor
  ) throws(StoreError) {
    try cursor.seek(to: key)
    guard cursor.isValid else { return try cursor.seekToLast() }
    var stays = false
    cursor.withRecord { found, _ in stays = orAt && KeyOrder.areEqual(found, key) }
    if !stays { try cursor.previous() }
  }
}
