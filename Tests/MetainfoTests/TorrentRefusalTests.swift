internal import Metainfo
internal import Testing

/// Torrents that libtorrent refuses too; each differs in one thing from one that is valid.
@Suite struct TorrentRefusalTests {
  typealias Fixture = TorrentFixture

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let info: BencodeItem
    let error: MetainfoError

    init(_ name: String, _ info: BencodeItem, _ error: MetainfoError) {
      testDescription = name
      self.info = info
      self.error = error
    }
  }

  static let v1: [Case] = [
    Case("info is no dictionary", "text", .invalid(key: "info")),
    Case("no piece length", Fixture.single(["piece length": nil]), .invalid(key: "piece length")),
    Case(
      "piece length is text", Fixture.single(["piece length": "x"]), .invalid(key: "piece length")),
    Case("piece length is zero", Fixture.single(["piece length": 0]), .invalidPieceLength(0)),
    Case(
      "piece length is negative", Fixture.single(["piece length": -16384]),
      .invalidPieceLength(-16384)),
    Case(
      "piece length is too large", Fixture.single(["piece length": 536_854_529]),
      .invalidPieceLength(536_854_529)),
    Case("no name", Fixture.single(["name": nil]), .invalid(key: "name")),
    Case("name is a number", Fixture.single(["name": 1]), .invalid(key: "name")),
    Case("name is empty", Fixture.single(["name": ""]), .invalid(key: "name")),
    Case("no length", Fixture.single(["length": nil]), .invalidLength(file: 0)),
    Case("length is text", Fixture.single(["length": "1"]), .invalidLength(file: 0)),
    Case("length is negative", Fixture.single(["length": -1]), .invalidLength(file: 0)),
    Case(
      "length is too large", Fixture.single(["length": .integer(1 << 48)]), .invalidLength(file: 0)),
    Case("length is zero", Fixture.single(["length": 0, "pieces": ""]), .noContent),
    Case("no pieces", Fixture.single(["pieces": nil]), .invalid(key: "pieces")),
    Case("pieces is a list", Fixture.single(["pieces": []]), .invalid(key: "pieces")),
    Case(
      "pieces is no multiple of 20",
      Fixture.single(["pieces": .bytes(.init(repeating: 1, count: 21))]),
      .wrongPieceHashes(expected: 1, byteCount: 21)),
    Case(
      "too many hashes", Fixture.single(["pieces": Fixture.hashes(2)]),
      .wrongPieceHashes(expected: 1, byteCount: 40)),
    Case(
      "too few hashes", Fixture.single(["length": 16_385]),
      .wrongPieceHashes(expected: 2, byteCount: 20)),
    Case(
      "too many pieces", Fixture.single(["length": .integer(2_097_153 * 16_384)]),
      .tooManyPieces(limit: 2_097_152)),
    Case("no files", Fixture.multi([]), .noContent),
    Case("files is text", Fixture.single(["files": "x"]), .invalid(key: "files")),
    Case("a file is text", Fixture.multi(["x"]), .invalid(key: "files")),
    Case(
      "a file without path", Fixture.multi([Fixture.file(["a"], ["path": nil])]),
      .invalidPath(file: 0)),
    Case("an empty path", Fixture.multi([Fixture.file([])]), .invalidPath(file: 0)),
    Case(
      "a path of numbers", Fixture.multi([Fixture.file(["a"]), Fixture.file([], ["path": [1]])]),
      .invalidPath(file: 1)),
    Case(
      "a path that is text", Fixture.multi([Fixture.file([], ["path": "a"])]), .invalidPath(file: 0)
    ),
    Case(
      "a path of 101 levels", Fixture.multi([Fixture.file((0...100).map { "\($0)" })]),
      .invalidPath(file: 0)),
    Case(
      "a negative file", Fixture.multi([Fixture.file(["a"], length: -1)]), .invalidLength(file: 0)),
    Case(
      "files of no bytes",
      Fixture.multi([Fixture.file(["a"], length: 0), Fixture.file(["b"], length: 0)], pieces: 0),
      .noContent),
    Case("only padding", Fixture.multi([Fixture.file(["a"], ["attr": "p"])]), .noContent),
    Case(
      "files end past 2^48",
      Fixture.multi([Fixture.file(["a"], length: (1 << 48) - 1), Fixture.file(["b"], length: 1)]),
      .tooLarge(limit: 1 << 48)),
    Case(
      "a link without target", Fixture.multi([Fixture.file(["a"], ["attr": "l"])]),
      .invalidSymlink(file: 0)),
    Case(
      "a link's target is text",
      Fixture.multi([Fixture.file(["a"], ["attr": "l", "symlink path": "b"])]),
      .invalidSymlink(file: 0)),
    Case(
      "a link's target has a number",
      Fixture.multi([Fixture.file(["a"], ["attr": "l", "symlink path": [1]])]),
      .invalidSymlink(file: 0)),
    Case(
      "501 duplicates", Fixture.multi((0...501).map { _ in Fixture.file(["a"]) }),
      .tooManyDuplicates(limit: 500)),
    Case("a later format", Fixture.single(["meta version": 3]), .unsupportedVersion(3)),
    Case(
      "a format that is text", Fixture.single(["meta version": "2"]), .invalid(key: "meta version")),
    Case(
      "a file tree of no format", Fixture.single(["file tree": ["a": Fixture.leaf(5)]]),
      .invalid(key: "meta version")),
  ]

  static let v2: [Case] = [
    Case(
      "piece length is no power of two",
      Fixture.v2(["a": Fixture.leaf(5)], ["piece length": 16_385]), .invalidPieceLength(16_385)),
    Case(
      "piece length is less than a block",
      Fixture.v2(["a": Fixture.leaf(5)], ["piece length": 8192]), .invalidPieceLength(8192)),
    Case(
      "piece length is too large",
      Fixture.v2(["a": Fixture.leaf(5)], ["piece length": .integer(1 << 29)]),
      .invalidPieceLength(1 << 29)),
    Case(
      "no file tree", Fixture.single(["meta version": 2, "length": nil]), .invalid(key: "file tree")
    ),
    Case(
      "file tree is a list", Fixture.v2([] as BencodeItem, ["file tree": .list([])]),
      .invalid(key: "file tree")),
    Case("empty file tree", Fixture.v2(.dictionary([])), .noContent),
    Case("the tree is a file", Fixture.v2(Fixture.leaf(5)), .invalidFileTree(file: 0)),
    Case("an empty name", Fixture.v2(["d": ["": ["": 5]]]), .invalidLength(file: 0)),
    Case(
      "an entry is a number", Fixture.v2(["a": Fixture.leaf(5), "b": 5]), .invalidFileTree(file: 1)),
    Case("a file's properties are a number", Fixture.v2(["a": ["": 5]]), .invalidFileTree(file: 0)),
    Case(
      "a file with siblings",
      Fixture.v2(["a": ["": ["length": 5, "pieces root": Fixture.root], "b": Fixture.leaf(3)]]),
      .invalidFileTree(file: 0)),
    Case(
      "a folder's entry is empty", Fixture.v2(["a": ["b": Fixture.leaf(3), "c": 1]]),
      .invalidFileTree(file: 1)),
    Case(
      "no root", Fixture.v2(["a": Fixture.leaf(5, ["pieces root": nil])]),
      .invalidPiecesRoot(file: 0)),
    Case(
      "a short root", Fixture.v2(["a": Fixture.leaf(5, ["pieces root": "short"])]),
      .invalidPiecesRoot(file: 0)),
    Case(
      "a root of zeros",
      Fixture.v2(["a": Fixture.leaf(5, ["pieces root": .bytes(.init(repeating: 0, count: 32))])]),
      .invalidPiecesRoot(file: 0)),
    Case(
      "one root for files of two lengths",
      Fixture.v2(["a": Fixture.leaf(5), "b": Fixture.leaf(6)]), .invalidPiecesRoot(file: 1)),
    Case(
      "padding in the tree",
      Fixture.v2(["a": Fixture.leaf(5), "b": Fixture.leaf(5, ["attr": "p"])]),
      .padInFileTree(file: 1)),
    Case("no length", Fixture.v2(["a": Fixture.leaf(5, ["length": nil])]), .invalidLength(file: 0)),
    Case(
      "a length that is too large", Fixture.v2(["a": Fixture.leaf(1 << 48)]),
      .invalidLength(file: 0)),
    Case(
      "too many pieces", Fixture.v2(["a": Fixture.leaf(1 << 47)]), .tooManyPieces(limit: 2_097_152)),
    Case("no bytes", Fixture.v2(["a": Fixture.leaf(0)]), .noContent),
    Case(
      "a link without target", Fixture.v2(["a": Fixture.leaf(5), "l": ["": ["attr": "l"]]]),
      .invalidSymlink(file: 1)),
  ]

  static let a = Fixture.file(["a"], length: 5)
  static let pad = Fixture.file([".pad", "16379"], length: 16_379, ["attr": "p"])
  static let b = Fixture.file(["b"], length: 3)
  static let tree: BencodeItem = [
    "a": Fixture.leaf(5),
    "b": Fixture.leaf(3, ["pieces root": .bytes(.init(repeating: 1, count: 32))]),
  ]

  static let hybrid: [Case] = [
    Case("without pads", Fixture.hybrid([a, b], tree, pieces: 1), .hybridMismatch(file: 1)),
    Case(
      "in another order", Fixture.hybrid([b, pad, a], tree, pieces: 2), .hybridMismatch(file: 0)),
    Case(
      "a file fewer in the list", Fixture.hybrid([a], tree, pieces: 1), .hybridMismatch(file: 1)),
    Case(
      "a file fewer in the tree", Fixture.hybrid([a, pad, b], ["a": Fixture.leaf(5)], pieces: 2),
      .hybridMismatch(file: 2)),
    Case(
      "another length", Fixture.hybrid([a, pad, Fixture.file(["b"], length: 4)], tree, pieces: 2),
      .hybridMismatch(file: 2)),
    Case(
      "another name", Fixture.hybrid([a, pad, Fixture.file(["c"], length: 3)], tree, pieces: 2),
      .hybridMismatch(file: 2)),
    Case(
      "a pad too short",
      Fixture.hybrid(
        [a, Fixture.file([".pad"], length: 16_378, ["attr": "p"]), b], tree, pieces: 1),
      .hybridMismatch(file: 2)),
    Case(
      "no hashes of its v1 side", Fixture.hybrid([a, pad, b], tree, pieces: 2, ["pieces": nil]),
      .invalid(key: "pieces")),
    Case(
      "a pad of a piece too many",
      Fixture.hybrid(
        [a, Fixture.file([".pad"], length: 32_763, ["attr": "p"]), b], tree, pieces: 3),
      .hybridMismatch(file: 2)),
    Case(
      "a pad of a piece too many at the end",
      Fixture.hybrid(
        [a, pad, b, Fixture.file([".pad"], length: 16_382, ["attr": "p"])], tree, pieces: 3),
      .hybridMismatch(file: 4)),
    Case(
      "another name of its one file",
      Fixture.v2(["other": Fixture.leaf(5)], ["length": 5, "pieces": Fixture.hashes(1)]),
      .hybridMismatch(file: 0)),
  ]

  @Test(arguments: v1) func refusesOfV1(refused: Case) {
    #expect(throws: refused.error) { try Fixture.read(refused.info) }
  }

  @Test(arguments: v2) func refusesOfV2(refused: Case) {
    #expect(throws: refused.error) { try Fixture.read(refused.info) }
  }

  @Test(arguments: hybrid) func refusesAHybrid(refused: Case) {
    #expect(throws: refused.error) { try Fixture.read(refused.info) }
  }

  @Test(arguments: [
    "l4:infode", "i1e", "d4:infoi1ee", "de", "d8:announce1:ae",
  ]) func refusesWhatIsNoTorrent(text: String) {
    #expect(throws: MetainfoError.self) { try Metainfo(bytes: Array(text.utf8)) }
  }

  @Test func refusesFoldersInFoldersPastTheLimit() {
    let tree = (0..<120).reduce(Fixture.leaf(5)) { inner, _ in ["d": inner] }
    #expect(throws: MetainfoError.encoding(.tooDeep(limit: 100))) {
      try Fixture.read(Fixture.v2(tree))
    }
  }

  @Test func refusesUnorderedKeysOfV2() {
    let tree =
      "d1:bd0:d6:lengthi0eee1:ad0:d6:lengthi1e11:pieces root32:\(String(repeating: "r", count: 32))eee"
    let info = Fixture.v2(.encoded(Array(tree.utf8)))
    #expect(throws: MetainfoError.notCanonical) { try Fixture.read(info) }
  }

  @Test func refusesPaddedNumbersOfV2() {
    let info = Fixture.v2(["a": Fixture.leaf(5)], ["meta version": .encoded(Array("i02e".utf8))])
    #expect(throws: MetainfoError.notCanonical) { try Fixture.read(info) }
  }

  @Test func refusesATorrentFileThatIsTooLarge() {
    let bytes = [UInt8](repeating: UInt8(ascii: "l"), count: 10_000_001)
    #expect(throws: MetainfoError.encoding(.tooLarge(limit: 10_000_000))) {
      try Metainfo(bytes: bytes)
    }
  }

  @Test func refusesMetadataOfAnotherInfohash() throws {
    let bytes = Fixture.single().encoded
    let info = try TorrentInfo(rawBytes: bytes)
    #expect(try TorrentInfo(rawBytes: bytes, matching: info.hashes).hashes == info.hashes)
    let other = InfoHashes(v1: SHA1Hash(hashing: [1, 2, 3]), v2: nil)
    #expect(throws: MetainfoError.infohashMismatch) {
      try TorrentInfo(rawBytes: bytes, matching: other)
    }
  }
}
