internal import KeyValueStore

// What the distributed hash table leaves for the session's next run: one value.
extension ResumeStore {
  private static let table = KeySpace(0x64)

  /// What was saved last, if anything.
  func loadTable() throws(StoreError) -> [UInt8]? { try store.get(Self.table.key([])) }

  /// Replaces it.
  func saveTable(_ bytes: [UInt8]) throws(StoreError) {
    var batch = WriteBatch()
    batch.put(Self.table.key([]), bytes)
    try store.write(batch, sync: false)
  }
}
