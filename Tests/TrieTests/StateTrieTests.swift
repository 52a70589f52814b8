internal import Primitives
internal import TestSupport
internal import Testing
internal import Trie

@Suite("StateTrie")
struct StateTrieTests {
  /// How keys are spread: like hashes, or so that extensions and inline nodes are common.
  enum Spread: CaseIterable {
    case hashes, clustered, crowded

    func key(_ random: inout SeededGenerator) -> Hash256 {
      var bytes = random.bytes(32)
      switch self {
      case .hashes:
        bytes = Keccak256.hash([random.next() % 400].map { UInt8($0 % 256) } + [bytes[0] % 3]).bytes
      case .clustered:
        for index in 0..<32 { bytes[index] = bytes[index] % 8 == 0 ? 0x10 : 0 }
      case .crowded:
        for index in 0..<30 { bytes[index] = index == 7 ? bytes[7] & 1 : 0x33 }
        bytes[31] &= 0x1f
        bytes[30] &= 0x03
      }
      return Hash256(bytes) ?? .zero
    }
  }

  static func changes(
    _ spread: Spread, _ count: Int, in source: MemoryTrieSource, _ random: inout SeededGenerator
  ) -> [TrieChange] {
    var changes: [Hash256: TrieChange] = [:]
    let removals = Int.random(in: 0...4, using: &random)
    for _ in 0..<count {
      let known = source.entries.keys.randomElement(using: &random)
      let key = Bool.random(using: &random) ? known ?? .zero : spread.key(&random)
      let isRemoval = Int.random(in: 0..<5, using: &random) < removals
      let value = random.bytes(
        Int.random(in: 1...(Bool.random(using: &random) ? 2 : 60), using: &random))
      changes[key] = TrieChange(
        key: key, value: isRemoval ? (Bool.random(using: &random) ? nil : []) : value,
        wasPresent: Bool.random(using: &random) ? nil : source.entries[key] != nil)
    }
    return changes.values.shuffled(using: &random)
  }

  @Test("agrees with the other tries through many commits", arguments: Spread.allCases)
  func manyCommits(spread: Spread) throws {
    var random = SeededGenerator()
    for _ in 0..<12 {
      var source = MemoryTrieSource()
      let trie = StateTrie()
      var versions: [[TriePath: [UInt8]]] = []
      var undo: [[TriePath: [UInt8]]] = []
      for _ in 0..<25 {
        let count = Int.random(in: 0...(Bool.random(using: &random) ? 4 : 90), using: &random)
        let changes = Self.changes(spread, count, in: source, &random)
        let commit = try trie.update(changes, source: source)
        versions.append(source.rows)
        undo.append(
          Dictionary(
            uniqueKeysWithValues: commit.rows.map {
              ($0.path, TrieRow.undo(new: $0.new, old: $0.old))
            }))
        try source.store(commit, changes)
        try #require(commit.root == source.expectedRoot)
        let expected = try source.expectedRows()
        try #require(source.rows == expected)
        #expect(try source.streamedRoot() == commit.root)
        #expect(try StateTrie().root(source: source) == commit.root)
        #expect(trie.nodeCount <= source.rows.count)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: trie.reset()
        case 1, 2:
          let limit = Int.random(in: 0...40, using: &random)
          trie.trim(toNodeCount: limit)
          #expect(trie.nodeCount <= max(limit, 1))
        default: break
        }
      }
      var rows = source.rows
      for (version, deltas) in zip(versions, undo).reversed() {
        for (path, delta) in deltas { rows[path] = try TrieRow.apply(undo: delta, to: rows[path]) }
        #expect(rows == version)
      }
    }
  }

  @Test("spreads a large update over the cores with the same result")
  func largeUpdates() throws {
    var random = SeededGenerator()
    var source = MemoryTrieSource()
    let trie = StateTrie()
    for round in 0..<6 {
      var changes: [Hash256: TrieChange] = [:]
      for _ in 0..<1_500 {
        let key = Keccak256.hash([UInt8(random.next() % 16), UInt8(random.next() % 256)])
        let isRemoval = round == 5 || random.next() % 4 == 0
        changes[key] = TrieChange(
          key: key, value: isRemoval ? nil : random.bytes(70),
          wasPresent: source.entries[key] != nil)
      }
      if round == 5 {
        // All but one go, so that the root shrinks to a leaf.
        let survivor = try #require(source.entries.keys.min())
        for key in source.entries.keys {
          changes[key] = key == survivor ? nil : TrieChange(key: key, value: nil, wasPresent: true)
        }
        changes[survivor] = nil
      }
      let commit = try trie.update(Array(changes.values), source: source)
      try source.store(commit, Array(changes.values))
      try #require(commit.root == source.expectedRoot)
      let expected = try source.expectedRows()
      try #require(source.rows == expected)
    }
    #expect(source.entries.count == 1 && source.rows.isEmpty && trie.nodeCount == 0)
  }

  @Test(
    "gives the roots of the public vectors",
    .enabled(if: Vectors.available(TrieVectors.folder), Vectors.absent),
    arguments: [
      "trietest_secureTrie.json", "trieanyorder_secureTrie.json",
      "hex_encoded_securetrie_test.json",
    ])
  func vectors(file: String) throws {
    for test in try TrieVectors.cases(file) {
      var source = MemoryTrieSource()
      let trie = StateTrie()
      var root = MerklePatriciaTrie.emptyRoot
      for step in test.steps {
        let change = TrieChange(key: Keccak256.hash(step.key), value: step.value)
        let commit = try trie.update([change], source: source)
        try source.store(commit, [change])
        root = commit.root
      }
      #expect(root.hex == test.root, "\(test.name)")
    }
  }

  @Test("proves what is there and what is not", arguments: Spread.allCases)
  func proofs(spread: Spread) throws {
    var random = SeededGenerator()
    for count in [0, 1, 2, 5, 60, 200] {
      var source = MemoryTrieSource()
      var reference = MerklePatriciaTrie()
      for _ in 0..<count {
        let (key, value) = (spread.key(&random), random.bytes(1 + Int(random.next() % 50)))
        source.entries[key] = value
        reference[key.bytes] = value
      }
      source.rows = try source.expectedRows()
      let absent = (0..<40).map { _ in spread.key(&random) } + [.zero, Keccak256.hash([7])]
      for key in Array(source.entries.keys) + absent {
        let nodes = try StateTrie.prove(key, source: source)
        #expect(nodes == reference.prove(key.bytes))
        let value = try TrieProof.verify(root: reference.root, key: key.bytes, nodes: nodes)
        #expect(value == source.entries[key])
      }
    }
  }

  @Test("forgets everything when an update fails, and then goes on")
  func failure() throws {
    var random = SeededGenerator()
    var source = MemoryTrieSource()
    let trie = StateTrie()
    var changes = Self.changes(.hashes, 300, in: source, &random).filter { $0.value != nil }
    try source.store(try trie.update(changes, source: source), changes)
    trie.trim(toNodeCount: 3)

    var damaged = source
    damaged.rows = damaged.rows.filter { $0.key == .root }
    changes = Self.changes(.hashes, 300, in: source, &random)
    #expect(throws: (any Error).self) { try trie.update(changes, source: damaged) }
    #expect(trie.nodeCount == 0)
    damaged.rows[.root] = [0, 1]
    #expect(throws: TrieError.malformedRow(.root, .wrongLength)) {
      try trie.update(changes, source: damaged)
    }
    let twice = TrieChange(key: .zero, value: [1])
    #expect(throws: TrieError.unorderedKey(.zero)) {
      try trie.update([twice, twice], source: source)
    }
    try source.store(try trie.update(changes, source: source), changes)
    #expect(try trie.root(source: source) == source.expectedRoot)
  }

  @Test("reads no flat entry for a key that is known to be there")
  func fewReads() throws {
    var source = MemoryTrieSource()
    let trie = StateTrie()
    let keys = (UInt8(0)..<200).map { Keccak256.hash([$0]) }
    let first = keys.map { TrieChange(key: $0, value: [1]) }
    try source.store(try trie.update(first, source: source), first)
    let withoutEntries = MemoryTrieSource(rows: source.rows)
    let second = keys.map { TrieChange(key: $0, value: [2], wasPresent: true) }
    try source.store(try trie.update(second, source: withoutEntries), second)
    #expect(try trie.root(source: source) == source.expectedRoot)
  }
}
