public import Primitives

/// An event that a transaction left (Yellow Paper section 4.3.1).
public struct Log: Hashable, Sendable {
  /// The account that emitted it.
  public var address: Address
  /// Up to four indexed words; the first is the event's signature.
  public var topics: [Hash256]
  /// The words that are not indexed.
  public var data: [UInt8]

  /// A log.
  public init(address: Address, topics: [Hash256], data: [UInt8]) {
    self.address = address
    self.topics = topics
    self.data = data
  }

  /// Writes the three fields as a list.
  package func encode(into encoder: inout RLPEncoder) {
    encoder.list { list in
      list.append(address)
      list.list { inner in
        for topic in topics { inner.append(topic) }
      }
      list.append(data)
    }
  }

  /// Reads a log.
  package init(decoding decoder: inout RLPDecoder) throws(RLPError) {
    var list = try decoder.readList()
    address = try list.readAddress()
    var inner = try list.readList()
    topics = []
    while !inner.isAtEnd { topics.append(try inner.readHash()) }
    data = try list.readBytes()
    try list.finish()
  }
}
