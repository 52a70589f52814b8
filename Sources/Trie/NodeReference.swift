internal import Primitives

/// How a parent names a node: by the hash of its encoding or, below 32 bytes, by the encoding.
struct NodeReference: Equatable {
  /// The hash; for an inline node its length, then its bytes, then zeros.
  let slot: Hash256
  /// Whether `slot` holds the node itself.
  let isInline: Bool

  /// The node as an inline slot holds it, or nil unless the slot is one.
  static func inlineBytes(_ slot: Hash256) -> [UInt8]? {
    let count = Int(slot[0])
    guard count > 0, count < 32 else { return nil }
    return slot.withUnsafeBytes { bytes in
      bytes[(1 + count)...].allSatisfy { $0 == 0 } ? [UInt8](bytes[1...count]) : nil
    }
  }

  /// The hash of the node, as a root is given: for a root is never inline.
  var rootHash: Hash256 {
    guard isInline, let bytes = Self.inlineBytes(slot) else { return slot }
    return Keccak256.hash(bytes)
  }
}
