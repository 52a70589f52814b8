/// Writes ABI values one after the other.
///
///     var writer = ABIWriter(selector: 0xa905_9cbb)
///     writer.append(recipient)
///     writer.append(amount)
///     send(writer.bytes)
public struct ABIWriter: Sendable {
  private var selector: UInt32?
  private var head: [UInt8] = []
  // Dynamic values go behind the head, whose length is known only at the end: each with the index
  // of its offset's word in the head.
  private var tails: [(word: Int, bytes: [UInt8])] = []

  /// An empty writer.
  public init() {}

  /// A writer of call data.
  public init(selector: UInt32) { self.selector = selector }

  /// What has been written.
  public var bytes: [UInt8] {
    let size = tails.reduce(head.count) { $0 + $1.bytes.count }
    var result: [UInt8] = []
    result.reserveCapacity(size + 4)
    if let selector {
      withUnsafeBytes(of: selector.bigEndian) { result.append(contentsOf: $0) }
    }
    var written = 0
    var offset = head.count
    for tail in tails {
      result.append(contentsOf: head[written..<tail.word])
      UInt256(UInt64(offset)).word.withUnsafeBytes { result.append(contentsOf: $0) }
      written = tail.word + 32
      offset += tail.bytes.count
    }
    result.append(contentsOf: head[written...])
    for tail in tails { result.append(contentsOf: tail.bytes) }
    return result
  }

  /// Appends a word: a `bytes32`.
  public mutating func append(_ word: Hash256) {
    word.withUnsafeBytes { head.append(contentsOf: $0) }
  }

  /// Appends an unsigned number, or a signed one in two's complement.
  public mutating func append(_ value: UInt256) { append(value.word) }

  /// Appends an unsigned number.
  public mutating func append(_ value: UInt64) { append(UInt256(value)) }

  /// Appends an address.
  public mutating func append(_ address: Address) {
    head.append(contentsOf: repeatElement(0, count: 12))
    address.withUnsafeBytes { head.append(contentsOf: $0) }
  }

  /// Appends a truth value.
  public mutating func append(_ value: Bool) { append(value ? UInt256.one : .zero) }

  /// Appends a byte string of a fixed length, of which the first 32 bytes count.
  public mutating func append(fixedBytes: some Collection<UInt8>) {
    head.append(contentsOf: fixedBytes.prefix(32))
    head.append(contentsOf: repeatElement(0, count: 32 - min(fixedBytes.count, 32)))
  }

  /// Appends a byte string of any length.
  public mutating func append(bytes: some Collection<UInt8>) {
    var tail = UInt256(UInt64(bytes.count)).word.bytes
    tail.append(contentsOf: bytes)
    tail.append(contentsOf: repeatElement(0, count: -bytes.count & 31))
    append(tail: tail)
  }

  /// Appends a text.
  public mutating func append(_ string: String) { append(bytes: string.utf8) }

  /// Appends an array of `count` elements, which `body` writes.
  public mutating func array<Failure: Error>(
    count: Int, _ body: (inout ABIWriter) throws(Failure) -> Void
  ) throws(Failure) {
    var elements = ABIWriter()
    try body(&elements)
    append(tail: UInt256(UInt64(max(count, 0))).word.bytes + elements.bytes)
  }

  /// Appends a tuple or a fixed array with dynamic members, which `body` writes.
  ///
  /// Where all members are static, they are appended to the enclosing writer instead.
  public mutating func dynamicTuple<Failure: Error>(
    _ body: (inout ABIWriter) throws(Failure) -> Void
  ) throws(Failure) {
    var members = ABIWriter()
    try body(&members)
    append(tail: members.bytes)
  }

  private mutating func append(tail: [UInt8]) {
    tails.append((head.count, tail))
    head.append(contentsOf: repeatElement(0, count: 32))
  }
}
