/// What a store supplies to a ``StoreIterator``: a position among all records, without bounds.
///
/// Every move throws when records it would have passed could not be read.
package protocol StoreCursor: AnyObject {
  /// Whether the cursor stands at a record.
  var isValid: Bool { get }

  /// Moves to the first record of all.
  func seekToFirst() throws(StoreError)

  /// Moves to the last record of all.
  func seekToLast() throws(StoreError)

  /// Moves to the first record whose key is `key` or greater.
  func seek(to key: UnsafeRawBufferPointer) throws(StoreError)

  /// Moves one record on; called only when valid.
  func next() throws(StoreError)

  /// Moves one record back; called only when valid.
  func previous() throws(StoreError)

  /// Calls `body` with the record; called only when valid.
  func withRecord(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void)
}
