/// The keys of one table of a store: those that begin with the table's byte.
public struct KeySpace: Hashable, Sendable {
  /// The first byte of every key of the table.
  public let prefix: UInt8

  /// The table whose keys begin with `prefix`, which no other table of the store may use.
  public init(_ prefix: UInt8) { self.prefix = prefix }

  /// The key of `bytes`.
  @inlinable public func key(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var key = [UInt8]()
    key.reserveCapacity(1 + bytes.count)
    key.append(prefix)
    key.append(contentsOf: bytes)
    return key
  }

  /// The key of `number`, big-endian, so that keys sort as their numbers do.
  public func key(_ number: UInt64) -> [UInt8] { key([], number) }

  /// The key of `bytes` followed by `number`, big-endian.
  public func key(_ bytes: some Collection<UInt8>, _ number: UInt64) -> [UInt8] {
    var key = key(bytes)
    withUnsafeBytes(of: number.bigEndian) { key.append(contentsOf: $0) }
    return key
  }

  /// Every key of the table.
  public var range: KeyRange { .prefix([prefix]) }

  /// The keys of the table that go on with `bytes`.
  public func range(_ bytes: some Collection<UInt8>) -> KeyRange { .prefix(key(bytes)) }
}
