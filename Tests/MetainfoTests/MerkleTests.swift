internal import Crypto
internal import Metainfo
internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct MerkleTests {
  /// The tree by its definition, with every pad a leaf.
  static func root(_ leaves: [[UInt8]], width: Int) -> [UInt8] {
    if width == 1 { return leaves.first ?? [UInt8](repeating: 0, count: 32) }
    let half = width / 2
    let left = root(Array(leaves.prefix(half)), width: half)
    let right = root(Array(leaves.dropFirst(half)), width: half)
    return Array(SHA256.hash(data: left + right))
  }

  static func width(_ count: Int) -> Int {
    var width = 1
    while width < count { width *= 2 }
    return width
  }

  @Test func hashesLikeTheDefinition() throws {
    var random = SeededGenerator()
    for count in 1...40 {
      let leaves = (0..<count).map { _ in random.bytes(32) }
      let tree = try #require(MerkleTree(base: leaves.flatMap { $0 }))
      #expect(tree.root.bytes == Self.root(leaves, width: Self.width(count)))
      let wide = try #require(MerkleTree(base: leaves.flatMap { $0 }, width: 256))
      #expect(wide.root.bytes == Self.root(leaves, width: 256), "seed \(random.seed)")
    }
  }

  @Test func isTheSameTreeFromAnyLayer() throws {
    var random = SeededGenerator()
    let leaves = (0..<37).map { _ in random.bytes(32) }
    let whole = try #require(MerkleTree(base: leaves.flatMap { $0 }))
    for layer in 0...whole.height {
      let count = (37 + (1 << layer) - 1) >> layer
      let base = (0..<count).compactMap { whole.hash(layer: layer, index: $0)?.bytes }
      let upper = try #require(MerkleTree(base: base.flatMap { $0 }, baseLayer: layer))
      #expect(upper.root == whole.root && upper.height == whole.height - layer)
      #expect(upper.hash(layer: layer - 1, index: 0) == nil)
    }
  }

  @Test func provesEveryRangeThatItGives() throws {
    var random = SeededGenerator()
    for count in [2, 3, 5, 8, 17, 33] {
      let leaves = (0..<count).flatMap { _ in random.bytes(32) }
      let tree = try #require(MerkleTree(base: leaves))
      for base in 0..<tree.height {
        var length = 2
        while length <= 1 << (tree.height - base) {
          for index in stride(from: 0, to: 1 << (tree.height - base), by: length) {
            let range = MerkleRange(
              baseLayer: base, index: index, length: length, proofLayers: tree.height - base - 1)
            var answer = try #require(tree.hashes(range))
            #expect(answer.count == range.answerLength)
            #expect(range.isProven(by: answer, root: tree.root, height: tree.height))
            #expect(!range.isProven(by: answer.dropLast(), root: tree.root, height: tree.height))
            #expect(!range.isProven(by: answer + [0], root: tree.root, height: tree.height))
            answer[Int.random(in: answer.indices, using: &random)] ^= 1
            #expect(
              !range.isProven(by: answer, root: tree.root, height: tree.height),
              "seed \(random.seed)")
          }
          length *= 2
        }
      }
    }
  }

  @Test func leavesOutTheLayersThatFollowFromTheHashes() {
    // BEP 52: of the proof layers, the first log2(length) - 1 are omitted.
    #expect(MerkleRange(baseLayer: 0, index: 0, length: 2, proofLayers: 5).uncleCount == 5)
    #expect(MerkleRange(baseLayer: 0, index: 0, length: 4, proofLayers: 5).uncleCount == 4)
    #expect(MerkleRange(baseLayer: 0, index: 0, length: 512, proofLayers: 8).uncleCount == 0)
    #expect(MerkleRange(baseLayer: 0, index: 0, length: 512, proofLayers: 0).uncleCount == 0)
  }

  @Test(
    arguments: [
      MerkleRange(baseLayer: 0, index: 0, length: 1, proofLayers: 0),
      MerkleRange(baseLayer: 0, index: 0, length: 0, proofLayers: 0),
      MerkleRange(baseLayer: 0, index: 0, length: -2, proofLayers: 0),
      MerkleRange(baseLayer: 0, index: 0, length: 3, proofLayers: 0),
      MerkleRange(baseLayer: 0, index: 0, length: 16_384, proofLayers: 0),
      MerkleRange(baseLayer: 0, index: 1, length: 2, proofLayers: 0),
      MerkleRange(baseLayer: 0, index: -2, length: 2, proofLayers: 0),
      MerkleRange(baseLayer: 0, index: 4, length: 2, proofLayers: 0),
      MerkleRange(baseLayer: 0, index: .max - 1, length: 2, proofLayers: 0),
      MerkleRange(baseLayer: 2, index: 0, length: 2, proofLayers: 0),
      MerkleRange(baseLayer: -1, index: 0, length: 2, proofLayers: 0),
      MerkleRange(baseLayer: .max, index: 0, length: 2, proofLayers: .max),
      MerkleRange(baseLayer: 0, index: 0, length: 2, proofLayers: 2),
      MerkleRange(baseLayer: 0, index: 0, length: 2, proofLayers: -1),
    ])
  func givesNoHashesOutsideOfTheTree(range: MerkleRange) throws {
    let tree = try #require(MerkleTree(base: [UInt8](repeating: 7, count: 96)))
    #expect(tree.hashes(range) == nil)
    #expect(!range.isProven(by: [], root: tree.root, height: tree.height))
  }

  @Test func isNotMadeOfWhatIsNoLayer() {
    #expect(MerkleTree(base: []) == nil)
    #expect(MerkleTree(base: [UInt8](repeating: 0, count: 33)) == nil)
    #expect(MerkleTree(base: [UInt8](repeating: 0, count: 96), width: 2) == nil)
    #expect(MerkleTree(base: [UInt8](repeating: 0, count: 96), width: 6) == nil)
    #expect(MerkleTree(base: [UInt8](repeating: 0, count: 32), baseLayer: 60) == nil)
  }

  // MARK: - Piece layers from peers

  /// A v2 torrent whose one file has `pieces` pieces of 32 KiB, and the tree above them.
  static func torrent(
    pieces: Int, _ random: inout SeededGenerator
  ) throws -> (info: TorrentInfo, layer: [UInt8], tree: MerkleTree) {
    let layer = (0..<pieces).flatMap { _ in random.bytes(32) }
    let tree = try #require(MerkleTree(base: layer, baseLayer: 1))
    let leaf = TorrentFixture.leaf(
      pieces * 32_768 - 5, ["pieces root": .bytes(tree.root.bytes)])
    let info = try TorrentFixture.read(
      TorrentFixture.v2(["a": leaf], ["piece length": 32_768])
    ).info
    return (info, layer, tree)
  }

  @Test(arguments: [2, 3, 512, 513, 1500])
  func putsALayerTogetherFromProvenAnswers(pieces: Int) throws {
    var random = SeededGenerator()
    let (info, layer, tree) = try Self.torrent(pieces: pieces, &random)
    var assembler = try #require(PieceLayerAssembler(file: info.files[0], of: info))
    var ranges: [MerkleRange] = []
    while let range = assembler.nextRange() { ranges.append(range) }
    #expect(ranges.count == (pieces + 511) / 512)
    for range in ranges.shuffled(using: &random) {
      #expect(assembler.finished == nil)
      let answer = try #require(tree.hashes(range))
      let isAccepted = [assembler.accept(range, answer), assembler.accept(range, answer)]
      #expect(isAccepted == [true, false], "an answer counts once")
    }
    #expect(assembler.finished == layer)
    var layers = PieceLayers()
    try layers.insert(layer, root: tree.root, of: info)
    #expect(layers.missingRoots(in: info).isEmpty)
    #expect(
      info.expectation(ofPiece: 1, layers: layers).tree
        == .init(root: Hash256(layer[32..<64]), leafCount: 2))
  }

  @Test func asksAgainForWhatWasWrongOrRefused() throws {
    var random = SeededGenerator()
    let (info, layer, tree) = try Self.torrent(pieces: 600, &random)
    var assembler = try #require(PieceLayerAssembler(file: info.files[0], of: info))
    let asked = [assembler.nextRange(), assembler.nextRange(), assembler.nextRange()]
    let first = try #require(asked[0])
    let second = try #require(asked[1])
    #expect(asked[2] == nil)
    var answer = try #require(tree.hashes(first))
    answer[3] ^= 8
    let wasAccepted = assembler.accept(first, answer)
    #expect(!wasAccepted)
    var again = assembler.nextRange()
    #expect(again == first)
    assembler.fail(second)
    again = assembler.nextRange()
    #expect(again == second)
    var foreign = second
    foreign.proofLayers += 1
    let wasForeignAccepted = assembler.accept(foreign, [])
    #expect(!wasForeignAccepted)
    for range in [first, second] {
      let isAccepted = assembler.accept(range, try #require(tree.hashes(range)))
      #expect(isAccepted)
    }
    #expect(assembler.finished == layer)
  }

  @Test func refusesLayersThatAreNotTheFiles() throws {
    var random = SeededGenerator()
    let (info, layer, tree) = try Self.torrent(pieces: 5, &random)
    var layers = PieceLayers()
    var wrong = layer
    wrong[0] ^= 1
    for bytes in [wrong, layer + layer.prefix(32), Array(layer.dropLast(32)), layer + [0], []] {
      #expect(throws: MetainfoError.wrongPieceLayer(root: tree.root)) {
        try layers.insert(bytes, root: tree.root, of: info)
      }
    }
    #expect(throws: MetainfoError.unknownPieceLayer(root: .zero)) {
      try layers.insert(layer, root: .zero, of: info)
    }
    #expect(layers.count == 0)
  }

  @Test func readsLayersOfATorrentFileOrRefusesIt() throws {
    var random = SeededGenerator()
    let (info, layer, tree) = try Self.torrent(pieces: 5, &random)
    func read(_ layers: BencodeItem) throws -> Metainfo {
      try TorrentFixture.read(.encoded(info.rawBytes), ["piece layers": layers])
    }
    func layers(_ root: [UInt8], _ hashes: BencodeItem) -> BencodeItem {
      .dictionary([.init(key: root, value: hashes)])
    }
    let root = tree.root
    #expect(try read(layers(root.bytes, .bytes(layer))).pieceLayers[root] == layer)
    #expect(try read([:]).pieceLayers.missingRoots(in: info) == [root])
    #expect(throws: MetainfoError.invalid(key: "piece layers")) { try read([]) }
    #expect(throws: MetainfoError.invalid(key: "piece layers")) { try read(layers(root.bytes, 5)) }
    #expect(throws: MetainfoError.invalid(key: "piece layers")) { try read(["short": "x"]) }
    #expect(throws: MetainfoError.wrongPieceLayer(root: root)) {
      try read(layers(root.bytes, .bytes(Array(layer.dropLast()))))
    }
    let unknown = try #require(Hash256([UInt8](repeating: 9, count: 32)))
    #expect(throws: MetainfoError.unknownPieceLayer(root: unknown)) {
      try read(layers(unknown.bytes, .bytes(layer)))
    }
  }
}
