internal import Primitives
internal import TestSupport
internal import Testing
internal import Trie

@Suite("MerklePatriciaTrie")
struct MerklePatriciaTrieTests {
  @Test(
    "gives the roots of the public vectors",
    .enabled(if: Vectors.available(TrieVectors.folder), Vectors.absent),
    arguments: ["trietest.json", "trieanyorder.json"])
  func vectors(file: String) throws {
    let cases = try TrieVectors.cases(file)
    #expect(!cases.isEmpty)
    for test in cases {
      var trie = MerklePatriciaTrie()
      for step in test.steps { trie[step.key] = step.value }
      #expect(trie.root.hex == test.root, "\(test.name)")
      for key in Set(test.steps.map(\.key)) {
        let proved = try TrieProof.verify(root: trie.root, key: key, nodes: trie.prove(key))
        #expect(proved == trie[key])
      }
    }
  }

  @Test(
    "gives the roots of the public vectors with hashed keys",
    .enabled(if: Vectors.available(TrieVectors.folder), Vectors.absent),
    arguments: [
      "trietest_secureTrie.json", "trieanyorder_secureTrie.json",
      "hex_encoded_securetrie_test.json",
    ])
  func secureVectors(file: String) throws {
    let cases = try TrieVectors.cases(file)
    #expect(!cases.isEmpty)
    for test in cases {
      var trie = MerklePatriciaTrie()
      for step in test.steps { trie[Keccak256.hash(step.key).bytes] = step.value }
      #expect(trie.root.hex == test.root, "\(test.name)")
    }
  }

  @Test("is empty again, with the empty root, when all was removed")
  func removal() {
    var trie = MerklePatriciaTrie()
    #expect(trie.root == MerklePatriciaTrie.emptyRoot)
    trie[[]] = [1]
    trie[[1]] = [2]
    trie[[1, 2]] = [3]
    let snapshot = trie
    trie[[1]] = []
    trie[[]] = nil
    trie[[1, 2]] = nil
    trie[[7]] = nil
    #expect(trie.root == MerklePatriciaTrie.emptyRoot)
    #expect(snapshot[[]] == [1] && snapshot[[1]] == [2] && snapshot[[1, 2]] == [3])
    #expect(snapshot[[2]] == nil)
  }

  @Test("has a root that depends on its entries and not on their history")
  func history() throws {
    var random = SeededGenerator()
    for _ in 0..<20 {
      var trie = MerklePatriciaTrie()
      var model: [[UInt8]: [UInt8]] = [:]
      for _ in 0..<120 {
        let key = (0..<Int.random(in: 0...4, using: &random)).map { _ in
          UInt8.random(in: 0...3, using: &random) * 17
        }
        let value = (0..<Int.random(in: 0...40, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        trie[key] = value
        model[key] = value.isEmpty ? nil : value
      }
      var fresh = MerklePatriciaTrie()
      for (key, value) in model { fresh[key] = value }
      let root = trie.root
      #expect(root == fresh.root)
      for (key, value) in model {
        #expect(trie[key] == value)
        let absent = key + [0x55]
        #expect(try TrieProof.verify(root: root, key: key, nodes: trie.prove(key)) == value)
        #expect(
          try TrieProof.verify(root: root, key: absent, nodes: trie.prove(absent)) == model[absent])
      }
    }
  }
}
