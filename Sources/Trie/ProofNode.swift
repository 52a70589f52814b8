internal import Primitives

/// A node of a proof, taken apart strictly.
///
/// Children are encoded references: one byte 0x80 for none, 33 bytes for a hash, or a node of
/// fewer than 32 bytes.
enum ProofNode {
  case leaf(path: [UInt8], value: [UInt8])
  case `extension`(path: [UInt8], child: ArraySlice<UInt8>)
  case branch(children: [ArraySlice<UInt8>], value: [UInt8])

  init(_ bytes: [UInt8]) throws(TrieProofError) {
    var items: [ArraySlice<UInt8>] = []
    do throws(RLPError) {
      var list = try RLPDecoder.list(bytes)
      while !list.isAtEnd {
        guard items.count < 17 else { throw RLPError.trailingBytes }
        items.append(try list.readEncodedItem())
      }
    } catch {
      throw .malformedRLP(error)
    }
    switch items.count {
    case 2:
      let (path, isLeaf) = try Self.hexPrefix(Self.string(items[0]))
      if isLeaf {
        let value = try Self.string(items[1])
        guard !value.isEmpty else { throw .malformedNode }
        self = .leaf(path: path, value: value)
      } else {
        guard !path.isEmpty, Self.isReference(items[1]) else { throw .malformedNode }
        self = .extension(path: path, child: items[1])
      }
    case 17:
      let children = Array(items[..<16])
      let value = try Self.string(items[16])
      let present = children.count { $0 != [0x80] }
      guard present + (value.isEmpty ? 0 : 1) >= 2 else { throw .malformedNode }
      guard children.allSatisfy({ $0 == [0x80] || Self.isReference($0) }) else {
        throw .malformedNode
      }
      self = .branch(children: children, value: value)
    default:
      throw .malformedNode
    }
  }

  /// Whether an item is a hash or a list short enough to stand for itself.
  private static func isReference(_ item: ArraySlice<UInt8>) -> Bool {
    guard let first = item.first else { return false }
    return first == 0xa0 || (first >= 0xc0 && item.count < 32)
  }

  private static func string(_ item: ArraySlice<UInt8>) throws(TrieProofError) -> [UInt8] {
    var decoder = RLPDecoder(item)
    do throws(RLPError) {
      return try decoder.readBytes()
    } catch {
      throw .malformedRLP(error)
    }
  }

  /// The nibbles that hex-prefix bytes spell (Yellow Paper, appendix C), in their one form.
  private static func hexPrefix(
    _ bytes: [UInt8]
  ) throws(TrieProofError) -> (path: [UInt8], isLeaf: Bool) {
    guard let first = bytes.first, first < 0x40 else { throw .malformedNode }
    var path = bytes.dropFirst().flatMap { [$0 >> 4, $0 & 15] }
    if first & 0x10 != 0 {
      path.insert(first & 15, at: 0)
    } else if first & 15 != 0 {
      throw .malformedNode
    }
    return (path, first & 0x20 != 0)
  }
}
