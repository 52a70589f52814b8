internal import Primitives
internal import TestSupport
internal import Testing
internal import Trie

@Suite("OrderedTrie")
struct OrderedTrieTests {
  @Test(
    "has the root of the same entries in a Merkle Patricia trie",
    arguments: [0, 1, 2, 3, 15, 16, 17, 127, 128, 129, 130, 255, 256, 257, 258, 300])
  func sameAsMerklePatricia(count: Int) {
    var random = SeededGenerator()
    let values = (0..<count).map { _ in random.bytes(Int.random(in: 1...50, using: &random)) }
    var trie = MerklePatriciaTrie()
    for (index, value) in values.enumerated() {
      var key = RLPEncoder()
      key.append(UInt64(index))
      trie[key.bytes] = value
    }
    #expect(OrderedTrie.root(of: values) == trie.root)
  }

  @Test("has the root over seventy thousand values, where keys take three index bytes")
  func manyValues() {
    let values = (0..<70_000).map { index in
      [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 1 + index % 3)
    }
    var stream: [([UInt8], [UInt8])] = []
    for (index, value) in values.enumerated() {
      var key = RLPEncoder()
      key.append(UInt64(index))
      stream.append((key.bytes, value))
    }
    var trie = MerklePatriciaTrie()
    for (key, value) in stream { trie[key] = value }
    #expect(OrderedTrie.root(of: values) == trie.root)
  }
}
