/// An immutable view of a store, usable from many threads and released with its last reference.
///
/// It keeps its store's files open, even after ``KeyValueStore/close()``.
public protocol StoreSnapshot: StoreReader {
  /// An iterator over the records of `range`, standing before the first of them.
  func iterator(in range: KeyRange) -> StoreIterator
}

extension StoreSnapshot {
  /// Calls `body` with each record of `range` in order, until it returns false.
  ///
  /// The bytes are valid only during the call.
  public func forEach(
    in range: KeyRange = .all, backwards: Bool = false,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
  ) throws {
    let iterator = iterator(in: range)
    var found = try backwards ? iterator.seekToLast() : iterator.seekToFirst()
    while found {
      guard try iterator.withRecord(body) ?? false else { return }
      found = try backwards ? iterator.previous() : iterator.next()
    }
  }
}
