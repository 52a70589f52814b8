/// A whole RLP structure as a tree, for where its shape is not known beforehand.
public indirect enum RLPItem: Hashable, Sendable {
  /// A byte string.
  case string([UInt8])
  /// A list of items.
  case list([RLPItem])

  /// How deep lists may nest when untrusted bytes are decoded.
  public static let maximumDepth = 1_024

  /// Decodes one item with nothing after it.
  ///
  /// - Throws: `RLPError`; nesting beyond `maximumDepth` is refused.
  public init(decoding bytes: [UInt8]) throws(RLPError) {
    var decoder = RLPDecoder(bytes)
    self = try Self.read(&decoder, depth: 0)
    try decoder.finish()
  }

  private static func read(_ decoder: inout RLPDecoder, depth: Int) throws(RLPError) -> RLPItem {
    guard depth <= maximumDepth else { throw .tooDeep }
    guard decoder.isNextList else { return .string(try decoder.readBytes()) }
    var inner = try decoder.readList()
    var items: [RLPItem] = []
    while !inner.isAtEnd { items.append(try read(&inner, depth: depth + 1)) }
    return .list(items)
  }

  /// The canonical encoding.
  public var encoded: [UInt8] {
    var encoder = RLPEncoder()
    encode(into: &encoder)
    return encoder.bytes
  }

  private func encode(into encoder: inout RLPEncoder) {
    switch self {
    case .string(let bytes): encoder.append(bytes)
    case .list(let items):
      encoder.list { inner in
        for item in items { item.encode(into: &inner) }
      }
    }
  }
}
