internal import Primitives
internal import Testing
internal import Trie

@Suite("StreamingTrie")
struct StreamingTrieTests {
  @Test("has the root of the same entries in the other tries, over many flushes")
  func manyEntries() throws {
    var entries: [(key: Hash256, value: [UInt8])] = []
    for index in 0..<40_000 {
      let key = Keccak256.hash([UInt8(index & 255), UInt8(index >> 8)])
      entries.append((key, [UInt8(1 + index % 9)]))
    }
    entries.sort { $0.key < $1.key }
    var streaming = StreamingTrie()
    var reference = MerklePatriciaTrie()
    for entry in entries {
      try streaming.add(key: entry.key, value: entry.value)
      reference[entry.key.bytes] = entry.value
    }
    let root = streaming.root()
    #expect(root == reference.root)
    let changes = entries.map { TrieChange(key: $0.key, value: $0.value) }
    #expect(try StateTrie().update(changes, source: MemoryTrieSource()).root == root)
  }

  @Test("keeps whole groups that are larger than its buffer")
  func largeGroups() throws {
    var streaming = StreamingTrie()
    var reference = MerklePatriciaTrie()
    for index in 0..<10_000 {
      var bytes = [UInt8](repeating: 0, count: 32)
      bytes[0] = index < 9_990 ? 0x12 : 0x77
      bytes[9] = UInt8(index >> 8)
      bytes[31] = UInt8(index & 255)
      let key = try #require(Hash256(bytes))
      try streaming.add(key: key, value: [1])
      reference[bytes] = [1]
    }
    let root = streaming.root()
    #expect(root == reference.root)
  }

  @Test("refuses keys out of order, and is empty without any")
  func order() throws {
    var trie = StreamingTrie()
    let empty = trie.root()
    #expect(empty == MerklePatriciaTrie.emptyRoot)
    try trie.add(key: .zero, value: [1])
    var refusal: TrieError?
    do throws(TrieError) { try trie.add(key: .zero, value: [1]) } catch { refusal = error }
    #expect(refusal == .unorderedKey(.zero))
  }

  @Test(
    "gives the rows that a store would hold, the deep ones in order",
    arguments: [0, 1, 2, 17, 300, 5_000, 30_000])
  func rows(count: Int) throws {
    var source = MemoryTrieSource()
    for index in 0..<count {
      var key = Keccak256.hash([UInt8(index & 255), UInt8(index >> 8)])
      // Some keys share long prefixes, so that there are extensions.
      if index % 3 == 0 { key = try #require(Hash256(key.bytes.prefix(2) + key.bytes.prefix(30))) }
      source.entries[key] = [UInt8(1 + index % 9)]
    }
    var trie = StreamingTrie(keepingRows: true)
    var deep: [TriePath] = []
    var rows: [TriePath: [UInt8]] = [:]
    for (key, value) in source.entries.sorted(by: { $0.key < $1.key }) {
      try trie.add(key: key, value: value)
      for row in trie.takeRows() {
        deep.append(row.path)
        rows[row.path] = row.new
      }
    }
    _ = trie.root()
    for row in trie.takeRows() {
      if row.path.count > StreamingTrie.shallowNibbles { deep.append(row.path) }
      rows[row.path] = row.new
    }
    #expect(try source.expectedRows() == rows)
    #expect(deep == deep.sorted())
    #expect(deep.allSatisfy { $0.count > StreamingTrie.shallowNibbles })
  }
}
