internal import Primitives
internal import TestSupport
internal import Testing
internal import Trie

@Suite("TrieProof")
struct TrieProofTests {
  // Made by the Python library `trie` 4.0.0 of do: verb, dog: puppy, doge: coin twelve times,
  // horse: stallion. It also lists nodes that stand inside their parents; those are left out.
  static let root = "b4bfbc91b49d563db3879b27d1b17033db40c2321e7b4511c7091af1a329ab49"
  static let nodes = [
    "e216a0816ae2e8d436502958359ffe93d222d7b94222833ce45ee4442586692415395a",
    "f84080808080a0fe2a3b9fdf837efd0ef4c3fc3dee7e7bcc9efc9fe2bf324124d02e2ab0ba8d6b808080cf8520"
      + "6f727365887374616c6c696f6e8080808080808080",
    "e482006fa08413b3203b00f378d2a39140a6914f1247d3ddc25d4f668d4413e66fc3640fc2",
    "f5808080808080a0afcbb7237045fce652297a32ce1513d2420c093fa6cfa5cc11d5a4d9a7e30e8580808080808"
      + "08080808476657262",
    "e217a0966e9e44877cf2cd61f67bf1d2319cfba89ec25e6b0e0361d076d4b80c2f5e05",
    "f6808080808080a019b80bf4c2f49e164556939fae8547b0d5ca588afb563d1597d0f631f1b3c9af80808080808"
      + "0808080857075707079",
    "f235b0636f696e636f696e636f696e636f696e636f696e636f696e636f696e636f696e636f696e636f696e636f6"
      + "96e636f696e",
  ]

  static let foreign: [(key: String, value: String?, count: Int)] = [
    ("do", "verb", 4), ("dog", "puppy", 6),
    ("doge", String(repeating: "coin", count: 12), 7), ("horse", "stallion", 2),
    ("dot", nil, 4), ("cat", nil, 2), ("hors", nil, 2), ("horses", nil, 2), ("", nil, 1),
    ("doz", nil, 4), ("dogs", nil, 6), ("doges", nil, 7),
  ]

  @Test("accepts the proofs of another implementation, and makes the same", arguments: foreign)
  func foreignProofs(key: String, value: String?, count: Int) throws {
    let root = try Hash256(hex: Self.root)
    let proof = try Self.nodes.prefix(count).map { try Hex.decode($0) }
    var trie = MerklePatriciaTrie()
    for entry in Self.foreign {
      trie[[UInt8](entry.key.utf8)] = entry.value.map { [UInt8]($0.utf8) }
    }
    #expect(trie.root == root)
    let path = [UInt8](key.utf8)
    let own = trie.prove(path)
    let found = try TrieProof.verify(root: root, key: path, nodes: own)
    #expect(found == value.map { [UInt8]($0.utf8) })
    #expect(own == proof)
  }

  @Test("refuses a proof in which any byte is another")
  func changedBytes() throws {
    var random = SeededGenerator()
    var trie = MerklePatriciaTrie()
    for index in UInt8(0)..<90 {
      trie[[index % 7, index]] = random.bytes(1 + Int(index) % 40)
    }
    trie[[3]] = [9]
    let root = trie.root
    for key: [UInt8] in [[0, 0], [3, 3], [3], [2, 86], [2, 87], [9], []] {
      let nodes = trie.prove(key)
      _ = try TrieProof.verify(root: root, key: key, nodes: nodes)
      for node in nodes.indices {
        for index in nodes[node].indices {
          var changed = nodes
          changed[node][index] ^= 1 << UInt8.random(in: 0...7, using: &random)
          #expect(throws: TrieProofError.wrongHash) {
            try TrieProof.verify(root: root, key: key, nodes: changed)
          }
        }
        var shortened = nodes
        shortened.remove(at: node)
        #expect(throws: TrieProofError.self) {
          try TrieProof.verify(root: root, key: key, nodes: shortened)
        }
      }
      #expect(throws: TrieProofError.self) {
        try TrieProof.verify(root: root, key: key, nodes: nodes + [nodes[0]])
      }
    }
  }

  @Test("takes the empty root without nodes as proof of absence, and nothing else")
  func emptyTrie() throws {
    let empty = MerklePatriciaTrie.emptyRoot
    #expect(try TrieProof.verify(root: empty, key: [1], nodes: []) == nil)
    #expect(throws: TrieProofError.missingNode) {
      try TrieProof.verify(root: .zero, key: [1], nodes: [])
    }
    #expect(throws: TrieProofError.malformedRLP(.unexpectedKind)) {
      try TrieProof.verify(root: empty, key: [1], nodes: [[0x80]])
    }
  }

  /// Nodes that hash to the root given, but which no trie contains.
  static let impossible: [(name: String, item: RLPItem)] = [
    (
      "an extension of no nibbles",
      .list([
        .string([0]),
        branch([
          1: .list([.string([0x31]), .string([1])]), 2: .list([.string([0x31]), .string([1])]),
        ]),
      ])
    ),
    ("an extension to a short hash", .list([.string([0x11]), .string([7, 7])])),
    ("an extension to nothing", .list([.string([0x11]), .string([])])),
    (
      "an extension to an extension",
      .list([.string([0x11]), .list([.string([0x11]), .list([.string([0x31]), .string([1])])])])
    ),
    ("an extension to a leaf", .list([.string([0x11]), .list([.string([0x31]), .string([1])])])),
    ("a leaf without a value", .list([.string([0x20, 0x11]), .string([])])),
    ("a leaf with a list for a value", .list([.string([0x20, 0x11]), .list([])])),
    ("padding that is not zero", .list([.string([0x21, 0x11]), .string([1])])),
    ("unknown flags", .list([.string([0x40, 0x11]), .string([1])])),
    ("no path at all", .list([.string([]), .string([1])])),
    ("a branch with one child", branch([1: .list([.string([0x31]), .string([1])])])),
    ("a branch with a short hash", branch([1: .string([1]), 2: .string([2])])),
    (
      "a branch with a long hash",
      branch([1: .string(Array(repeating: 1, count: 33)), 2: .list([])])
    ),
    ("three items", .list([.string([0x20]), .string([1]), .string([1])])),
    ("eighteen items", .list(Array(repeating: .string([1]), count: 18))),
    ("no items", .list([])),
    ("a string", .string([1, 2, 3])),
  ]

  static func branch(_ children: [Int: RLPItem]) -> RLPItem {
    .list((0..<17).map { children[$0] ?? .string([]) })
  }

  @Test("refuses what no trie contains, even under the right hash", arguments: impossible)
  func impossibleNodes(name: String, item: RLPItem) {
    let node = item.encoded
    #expect(throws: TrieProofError.self, "\(name)") {
      try TrieProof.verify(root: Keccak256.hash(node), key: [0x11], nodes: [node])
    }
  }

  @Test("refuses RLP that is not in its shortest form")
  func notCanonical() {
    // The list of a leaf with path 0x2011 and value 01, its value written with a needless header.
    let node: [UInt8] = [0xc5, 0x82, 0x20, 0x11, 0x81, 0x01]
    #expect(throws: TrieProofError.malformedRLP(.notCanonical)) {
      try TrieProof.verify(root: Keccak256.hash(node), key: [0x11], nodes: [node])
    }
  }

  @Test("refuses a short node given by its hash")
  func shortNodeByHash() {
    let leaf = RLPItem.list([.string([0x31]), .string([1])]).encoded
    let other = RLPItem.string(Array(repeating: 5, count: 32))
    let top = Self.branch([1: .string(Keccak256.hash(leaf).bytes), 2: other]).encoded
    #expect(throws: TrieProofError.malformedNode) {
      try TrieProof.verify(root: Keccak256.hash(top), key: [0x11], nodes: [top, leaf])
    }
  }

  @Test("bounds the bytes and the nodes it looks at")
  func limits() {
    var trie = MerklePatriciaTrie()
    trie[[1]] = [UInt8](repeating: 1, count: 100)
    let nodes = trie.prove([1])
    #expect(throws: TrieProofError.tooLarge) {
      try TrieProof.verify(root: trie.root, key: [1], nodes: nodes, maximumSize: 99)
    }
    #expect(throws: TrieProofError.tooLarge) {
      try TrieProof.verify(
        root: trie.root, key: [1], nodes: Array(repeating: nodes[0], count: 4))
    }
  }

  @Test("hashes the key for a secure trie")
  func secure() throws {
    var trie = MerklePatriciaTrie()
    trie[Keccak256.hash([5]).bytes] = [6]
    let nodes = trie.prove(Keccak256.hash([5]).bytes)
    #expect(try TrieProof.verify(root: trie.root, hashing: [5], nodes: nodes) == [6])
  }
}
