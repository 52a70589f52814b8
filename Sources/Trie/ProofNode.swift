internal import Primitives

/// A node of a proof, taken apart strictly and in place: what it holds are ranges of its bytes.
///
/// Children are encoded references: 33 bytes for a hash, or a node of fewer than 32 bytes.
enum ProofNode {
  /// Nibbles in a node's bytes, the first of which may be the low half of the first byte.
  struct Path {
    let first: Int
    let count: Int

    /// Whether the nibbles of a key from `position` on begin with this path.
    func isPrefix(
      of key: Span<UInt8>, from position: Int, in bytes: Span<UInt8>
    ) -> Bool {
      guard count <= 2 * key.count - position else { return false }
      for index in 0..<count where bytes.nibble(first + index) != key.nibble(position + index) {
        return false
      }
      return true
    }
  }

  case leaf(Path, value: Range<Int>)
  case `extension`(Path, child: Range<Int>)
  case branch(Branch)

  /// A branch: where each of its items starts, and the end of the last.
  struct Branch {
    var bounds: [18 of Int]

    /// A child's reference, or nil when there is no child.
    func child(_ nibble: UInt8, in bytes: Span<UInt8>) -> Range<Int>? {
      let range = bounds[Int(nibble)]..<bounds[Int(nibble) + 1]
      return bytes[range.lowerBound] == 0x80 ? nil : range
    }
  }

  /// Reads the node that lies in `range` of `bytes`.
  init(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(TrieProofError) {
    var bounds = [18 of Int](repeating: 0)
    var count = 0
    do throws(RLPError) {
      let list = try RLPItemBounds(bytes, at: range.lowerBound, end: range.upperBound)
      guard list.isList else { throw .unexpectedKind }
      guard list.payload.upperBound == range.upperBound else { throw .trailingBytes }
      var position = list.payload.lowerBound
      bounds[0] = position
      while position < range.upperBound {
        guard count < 17 else { throw .trailingBytes }
        position = try RLPItemBounds(bytes, at: position, end: range.upperBound).payload.upperBound
        count += 1
        bounds[count] = position
      }
    } catch {
      throw .malformedRLP(error)
    }
    switch count {
    case 2: self = try Self.short(bytes, bounds[0]..<bounds[1], bounds[1]..<bounds[2])
    case 17: self = .branch(try Self.full(bytes, bounds))
    default: throw .malformedNode
    }
  }

  private static func short(
    _ bytes: Span<UInt8>, _ key: Range<Int>, _ item: Range<Int>
  ) throws(TrieProofError) -> ProofNode {
    let (path, isLeaf) = try hexPrefix(bytes, string(bytes, key))
    if isLeaf {
      let value = try string(bytes, item)
      guard !value.isEmpty else { throw .malformedNode }
      return .leaf(path, value: value)
    }
    guard path.count > 0, isReference(bytes, item) else { throw .malformedNode }
    return .extension(path, child: item)
  }

  private static func full(
    _ bytes: Span<UInt8>, _ bounds: [18 of Int]
  ) throws(TrieProofError) -> Branch {
    // No branch on the way to a key of a prefix-free set has a value, but a trie's may.
    var present = try string(bytes, bounds[16]..<bounds[17]).isEmpty ? 0 : 1
    for index in 0..<16 where bytes[bounds[index]] != 0x80 {
      guard isReference(bytes, bounds[index]..<bounds[index + 1]) else { throw .malformedNode }
      present += 1
    }
    guard present >= 2 else { throw .malformedNode }
    return Branch(bounds: bounds)
  }

  /// Whether an item is a hash or a list short enough to stand for itself.
  private static func isReference(_ bytes: Span<UInt8>, _ item: Range<Int>) -> Bool {
    let first = bytes[item.lowerBound]
    return first == 0xa0 || (first >= 0xc0 && item.count < 32)
  }

  /// The payload of an item that must be a string.
  static func string(
    _ bytes: Span<UInt8>, _ item: Range<Int>
  ) throws(TrieProofError) -> Range<Int> {
    do throws(RLPError) {
      let bounds = try RLPItemBounds(bytes, at: item.lowerBound, end: item.upperBound)
      guard !bounds.isList else { throw .unexpectedKind }
      return bounds.payload
    } catch {
      throw .malformedRLP(error)
    }
  }

  /// The nibbles that hex-prefix bytes spell (Yellow Paper, appendix C), in their one form.
  private static func hexPrefix(
    _ bytes: Span<UInt8>, _ range: Range<Int>
  ) throws(TrieProofError) -> (path: Path, isLeaf: Bool) {
    guard !range.isEmpty, bytes[range.lowerBound] < 0x40 else { throw .malformedNode }
    let first = bytes[range.lowerBound]
    let isOdd = first & 0x10 != 0
    guard isOdd || first & 15 == 0 else { throw .malformedNode }
    let path = Path(
      first: 2 * range.lowerBound + (isOdd ? 1 : 2), count: 2 * (range.count - 1) + (isOdd ? 1 : 0))
    return (path, first & 0x20 != 0)
  }
}

extension Span<UInt8> {
  /// The nibble at `index`, the high half of a byte first.
  func nibble(_ index: Int) -> UInt8 {
    let byte = self[index >> 1]
    return index & 1 == 0 ? byte >> 4 : byte & 15
  }
}

/// Where an RLP item's payload lies, read with the strictness of `RLPDecoder` and no copy.
private struct RLPItemBounds {
  let isList: Bool
  let payload: Range<Int>

  init(_ bytes: Span<UInt8>, at position: Int, end: Int) throws(RLPError) {
    guard position < end else { throw .truncated }
    let first = bytes[position]
    isList = first >= 0xc0
    if first < 0x80 {
      payload = position..<(position + 1)
      return
    }
    var start = position + 1
    var count = Int(isList ? first - 0xc0 : first - 0x80)
    if count > 55 {
      let size = count - 55
      guard end - start >= size else { throw .truncated }
      guard bytes[start] != 0 else { throw .notCanonical }
      var length: UInt64 = 0
      for index in start..<(start + size) { length = length << 8 | UInt64(bytes[index]) }
      guard length > 55 else { throw .notCanonical }
      start += size
      guard length <= UInt64(end - start) else { throw .truncated }
      count = Int(length)
    }
    guard end - start >= count else { throw .truncated }
    if !isList, count == 1, bytes[start] < 0x80 { throw .notCanonical }
    payload = start..<(start + count)
  }
}
