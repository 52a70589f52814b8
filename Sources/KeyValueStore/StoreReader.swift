/// What records can be read from: a store as it is at each call, or a snapshot of one.
public protocol StoreReader: AnyObject, Sendable {
  /// The value of the key whose bytes are `key`, or nil when there is none.
  func get(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]?
}

extension StoreReader {
  /// The value of `key`, or nil when there is none.
  public func get(_ key: [UInt8]) throws(StoreError) -> [UInt8]? {
    try key.withBytes { bytes throws(StoreError) in try get(bytes) }
  }
}
