internal import Metainfo
internal import Primitives
internal import Testing

/// Torrents that are odd but valid; the results are those of libtorrent 2.1.
@Suite struct TorrentAcceptanceTests {
  typealias Fixture = TorrentFixture

  static func paths(_ files: [[String]]) throws -> [String] {
    try Fixture.read(Fixture.multi(files.map { Fixture.file($0) })).info.files.map(\.relativePath)
  }

  static func name(_ bytes: [UInt8]) throws -> String {
    let info = try Fixture.read(Fixture.single(["name": .bytes(bytes)])).info
    #expect(info.files.map(\.relativePath) == [info.name])
    return info.name
  }

  @Test(
    arguments: [
      ([""], "temp/_"), (["", ""], "temp/_/_"), ([".."], "temp/_"), (["."], "temp/_"),
      (["..", "..", "bar"], "temp/_/_/bar"), (["/", "/", "bar"], "temp/_/_/bar"),
      (["\\", "/", "bar"], "temp/_/_/bar"), (["foo/../../..bar", "bar"], "temp/foo......bar/bar"),
      (["abc/../..def", "..", "bar"], "temp/abc....def/_/bar"), (["/abcde"], "temp/abcde"),
      (["a", "", "b"], "temp/a/_/b"), (["C:\\x"], "temp/C:x"), (["CON"], "temp/CON"),
    ])
  func keepsPathsInTheFolder(path: [String], cleaned: String) throws {
    #expect(try Self.paths([path]) == [cleaned])
  }

  @Test(
    arguments: [
      ("temp/../..abc", "temp....abc"), ("/abc/", "abc"), ("test ", "test "), ("...", "..."),
      ("a\u{202E}b", "ab"), ("a\u{200B}b", "ab"), ("a\u{2066}b", "ab"), ("\u{FEFF}x", "x"),
      ("a\u{1}b", "a_b"), ("\u{7F}", "_"), ("\u{85}", "_"), ("\u{A0}", "\u{A0}"),
      ("a:b?*\"<>|", "a:b?*\"<>|"),
    ])
  func cleansNames(raw: String, cleaned: String) throws {
    #expect(try Self.name(Array(raw.utf8)) == cleaned)
  }

  @Test(
    arguments: [
      ([0xFF, 0xFE], "__"), ([0x61, 0xC0, 0xAF, 0x62], "a_b"), ([0xED, 0xA0, 0x80], "_"),
      ([0x61, 0x62, 0xE2, 0x82], "ab_"), ([0xF4, 0x90, 0x80, 0x80], "_"),
      ([0xE2, 0x82, 0x61], "_a"), ([0x80, 0x61], "_a"),
    ] as [([UInt8], String)])
  func putsUnderscoresForInvalidText(raw: [UInt8], cleaned: String) throws {
    #expect(try Self.name(raw) == cleaned)
  }

  @Test func cutsLongNamesAndKeepsTheirExtensions() throws {
    let x = try Self.name(Array((String(repeating: "x", count: 300) + ".torrent").utf8))
    #expect(x == String(repeating: "x", count: 232) + ".torrent")
    let e = try Self.name(Array((String(repeating: "é", count: 200) + ".txt").utf8))
    #expect(e == String(repeating: "é", count: 118) + ".txt")
    #expect(try Self.name(.init(repeating: 0x71, count: 300)) == String(repeating: "q", count: 240))
  }

  @Test(arguments: ["/", "..", "."]) func callsANamelessTorrentByItsHash(name: String) throws {
    let info = try Fixture.read(Fixture.multi([Fixture.file(["a"])], ["name": .string(name)])).info
    #expect(info.name == info.hashes.v1?.hex)
    #expect(info.files.map(\.relativePath) == ["\(info.name)/a"])
  }

  @Test(
    arguments: [
      ([["a.txt"], ["A.TXT"], ["a.txt"]], ["a.txt", "A.1.TXT", "a.2.txt"]),
      ([["bar.txt"], ["bar.1.txt"], ["bar.txt"]], ["bar.txt", "bar.1.txt", "bar.2.txt"]),
      ([["a"], ["a", "b"]], ["a.1", "a/b"]), ([["a", "b"], ["A"]], ["a/b", "A.1"]),
      ([["a", "b"], ["A", "c"]], ["a/b", "A/c"]),
      ([["abcde"], [""], [""]], ["abcde", "_", "_.1"]),
      ([["x.tar.gz"], ["x.tar.gz"]], ["x.tar.gz", "x.tar.1.gz"]),
      ([[".tar"], [".tar"]], [".tar", ".1.tar"]),
    ])
  func givesEveryFileItsOwnPath(files: [[String]], expected: [String]) throws {
    #expect(try Self.paths(files) == expected.map { "temp/" + $0 })
  }

  @Test func acceptsFiveHundredDuplicates() throws {
    let files = (0...500).map { _ in Fixture.file(["a"]) }
    let info = try Fixture.read(Fixture.multi(files)).info
    #expect(Set(info.files.map(\.relativePath)).count == 501)
    #expect(info.files[500].relativePath == "temp/a.500")
  }

  @Test func prefersTheKeysThatSayTheyAreUTF8() throws {
    #expect(try Fixture.read(Fixture.single(["name.utf-8": "y"])).info.name == "y")
    let file = Fixture.file(["a"], ["path.utf-8": ["b"]])
    #expect(try Fixture.read(Fixture.multi([file])).info.files[0].relativePath == "temp/b")
  }

  @Test func readsPadsAndTheirOldNames() throws {
    let info = try Fixture.read(
      Fixture.multi(
        [
          Fixture.file(["a"]), Fixture.file([], length: 16_383, ["attr": "p", "path": nil]),
          Fixture.file(["b"]), Fixture.file(["_____padding_file_0_x"], length: 7),
        ], pieces: 2)
    ).info
    #expect(info.files.map(\.isPad) == [false, true, false, true])
    #expect(info.files[1].relativePath == "temp/.pad/16383")
    #expect(info.layout.payloadLength == 2)
    #expect(info.layout.totalLength == 16_392)
    #expect(info.layout.dataLength(ofPiece: 0) == 1 && info.layout.length(ofPiece: 0) == 16_384)
    #expect(info.layout.dataLength(ofPiece: 1) == 1 && info.layout.length(ofPiece: 1) == 8)
  }

  @Test func readsAttributes() throws {
    let info = try Fixture.read(Fixture.multi([Fixture.file(["a"], ["attr": "xh?"])])).info
    #expect(info.files[0].attributes == [.executable, .hidden])
  }

  @Test func resolvesLinksInsideTheTorrent() throws {
    func link(_ name: String, _ target: [String]) -> BencodeItem {
      Fixture.file(
        [name], length: 9, ["attr": "l", "symlink path": .list(target.map { .string($0) })])
    }
    let files = try Fixture.read(
      Fixture.multi([
        Fixture.file(["d", "a"]), link("file", ["d", "a"]), link("folder", ["d"]),
        link("chain", ["folder", "a"]), link("gone", ["zz"]), link("up", ["..", "..", "d", "a"]),
        link("self", ["self"]), link("one", ["two"]), link("two", ["one"]), link("root", []),
        link("out", ["d", "..", "..", "etc", "passwd"]),
      ])
    ).info.files
    let targets = files.map { $0.symlinkTarget?.joined(separator: "/") }
    #expect(
      targets == [
        nil, "temp/d/a", "temp/d", "temp/folder/a", nil, "temp/d/a", nil, nil, nil, "temp", nil,
      ])
    #expect(files.dropFirst().allSatisfy { $0.length == 0 && $0.attributes == .symlink })
  }

  @Test func boundsWhatFollowingLinksTakes() throws {
    // Each link leads to the next a hundred times over: followed to the end, that is 10^9 steps.
    let links = (0..<5000).map { index in
      Fixture.file(
        ["l\(index)"],
        [
          "attr": "l",
          "symlink path": .list((0..<99).map { _ in .string("l\(index + 1)") }),
        ])
    }
    let info = try Fixture.read(Fixture.multi([Fixture.file(["a"])] + links)).info
    #expect(info.files.allSatisfy { $0.symlinkTarget == nil })
  }

  @Test func takesTheInfohashOverTheBytesAsTheyStand() throws {
    // Unordered, and with a key twice: v1 readers have always let it pass.
    let hashes = String(repeating: "a", count: 20)
    let info = "d6:pieces20:\(hashes)4:name1:x12:piece lengthi16384e6:lengthi010e6:lengthi11ee"
    let torrent = try Metainfo(bytes: Array("d4:info\(info)e".utf8))
    #expect(torrent.info.hashes.v1 == SHA1Hash(hashing: info.utf8))
    #expect(torrent.info.rawBytes == Array(info.utf8))
    #expect(torrent.info.layout.totalLength == 10)
    #expect(torrent.info.pieceHash(0) == SHA1Hash(hashes.utf8))
    #expect(torrent.info.pieceHash(1) == nil && torrent.info.pieceHash(-1) == nil)
  }

  @Test func acceptsManyAndLargePieces() throws {
    let many = try Fixture.read(
      Fixture.single([
        "length": .integer(5000 << 20), "piece length": .integer(1 << 20),
        "pieces": Fixture.hashes(5000),
      ])
    ).info
    #expect(many.layout.pieceCount == 5000)
    #expect(
      try Fixture.read(Fixture.single(["piece length": 536_854_528])).info.layout.pieceCount == 1)
    let tiny = Fixture.single(["piece length": 1, "pieces": Fixture.hashes(10)])
    #expect(try Fixture.read(tiny).info.layout.pieceCount == 10)
  }

  @Test func readsWhetherATorrentIsPrivate() throws {
    #expect(try Fixture.read(Fixture.single(["private": 1])).info.isPrivate)
    #expect(try !Fixture.read(Fixture.single(["private": 2])).info.isPrivate)
    #expect(try !Fixture.read(Fixture.single()).info.isPrivate)
  }

  // MARK: - v2

  @Test func readsATreeOfOneFileAsThatFile() throws {
    for name in ["temp", "other"] {
      let info = try Fixture.read(Fixture.v2([name: Fixture.leaf(5)])).info
      #expect(info.isSingleFile && info.name == name && info.version == .v2)
      #expect(info.files.map(\.relativePath) == [name])
      #expect(info.hashes.v1 == nil && info.hashes.v2 != nil)
    }
  }

  @Test func readsATreeOfAFileAndAFolderAsAFolder() throws {
    let info = try Fixture.read(Fixture.v2(["a": Fixture.leaf(5), "b": .dictionary([])])).info
    #expect(!info.isSingleFile && info.files.map(\.relativePath) == ["temp/a"])
  }

  @Test func readsAHybridWithoutAListAsItsTree() throws {
    let info = try Fixture.read(Fixture.v2(["a": Fixture.leaf(5)], ["pieces": Fixture.hashes(1)]))
      .info
    #expect(info.version == .v2 && info.pieceHash(0) == nil)
  }

  @Test func alignsTheFilesOfATree() throws {
    let other = BencodeItem.bytes(.init(repeating: 1, count: 32))
    let info = try Fixture.read(
      Fixture.v2([
        "a": Fixture.leaf(5), "b": Fixture.leaf(0), "empty": .dictionary([]),
        "c": ["d": Fixture.leaf(40_000, ["pieces root": other])],
      ])
    ).info
    #expect(info.files.map(\.relativePath) == ["temp/a", "temp/b", "temp/c/d"])
    #expect(info.files.map(\.offset) == [0, 5, 16_384])
    #expect(info.files.map { $0.piecesRoot != nil } == [true, false, true])
    #expect(info.layout.pieceCount == 4)
    // Peers count the gaps, even the last, like pads.
    #expect(info.layout.totalLength == 65_536)
    #expect(info.layout.payloadLength == 40_005)
    #expect(info.layout.dataLength(ofPiece: 0) == 5)
    #expect(info.layout.dataLength(ofPiece: 3) == 40_000 - 32_768)
    #expect(info.layout.length(ofPiece: 3) == 16_384)
  }

  @Test func readsLinksOfATree() throws {
    let info = try Fixture.read(
      Fixture.v2(["a": Fixture.leaf(5), "l": ["": ["attr": "l", "symlink path": ["a"]]]])
    ).info
    #expect(info.files[1].symlinkTarget == ["temp", "a"])
  }

  @Test func needsNoPieceLayersWhereFilesAreShort() throws {
    let short = try Fixture.read(Fixture.v2(["a": Fixture.leaf(16_384)]), ["piece layers": [:]])
    #expect(short.pieceLayers.missingRoots(in: short.info).isEmpty)
    let long = try Fixture.read(Fixture.v2(["a": Fixture.leaf(16_385)]))
    #expect(long.pieceLayers.missingRoots(in: long.info) == long.info.files.map(\.piecesRoot))
    #expect(!long.info.expectation(ofPiece: 0, layers: long.pieceLayers).isVerifiable)
  }

  // MARK: - Hybrids

  @Test(arguments: [false, true]) func joinsBothSidesOfAHybrid(hasTailPad: Bool) throws {
    typealias Case = TorrentRefusalTests
    let tail = Fixture.file([".pad", "16381"], length: 16_381, ["attr": "p"])
    let files = [Case.a, Case.pad, Case.b] + (hasTailPad ? [tail] : [])
    let info = try Fixture.read(Fixture.hybrid(files, Case.tree, pieces: 2)).info
    #expect(info.version == .hybrid && info.hasV1 && info.hasV2)
    #expect(info.hashes.wire.count == 2)
    #expect(info.layout.totalLength == (hasTailPad ? 32_768 : 16_387))
    #expect(
      info.files.map { $0.piecesRoot != nil }
        == Array([true, false, true, false].prefix(files.count)))
    #expect(info.numberedFiles == [0, 2])
    #expect(info.expectation(ofPiece: 1, layers: PieceLayers()).isVerifiable)
  }

  @Test func joinsAHybridOfOneFile() throws {
    let info = try Fixture.read(
      Fixture.v2(["temp": Fixture.leaf(5)], ["length": 5, "pieces": Fixture.hashes(1)])
    ).info
    #expect(info.isSingleFile && info.version == .hybrid && info.layout.totalLength == 5)
  }

  @Test func putsEmptyFilesOfAHybridOnEitherSideOfAPad() throws {
    typealias Case = TorrentRefusalTests
    let empty = Fixture.file(["ae"], length: 0)
    let tree: BencodeItem = ["a": Fixture.leaf(5), "ae": Fixture.leaf(0), "b": Fixture.leaf(5)]
    let last = Fixture.file(["b"], length: 5)
    for files in [[Case.a, empty, Case.pad, last], [Case.a, Case.pad, empty, last]] {
      #expect(try Fixture.read(Fixture.hybrid(files, tree, pieces: 2)).info.layout.pieceCount == 2)
    }
  }

  // MARK: - Around the info dictionary

  @Test func readsWhatStandsAroundTheInfo() throws {
    let torrent = try Fixture.read(
      Fixture.single(["similar": [.bytes(.init(repeating: 1, count: 20))], "collections": ["in"]]),
      [
        "announce": "http://ignored/", "comment": "a comment", "created by": "someone",
        "creation date": 1_234_567, "similar": [.bytes(.init(repeating: 2, count: 20)), "short"],
        "collections": ["out", 5], "httpseeds": ["http://old/"],
        "announce-list": [
          ["  http://a/announce \n", "udp://b:1"], [], ["http://a/announce"], "http://c/", [5],
        ],
        "nodes": [
          ["127.0.0.1", 6881], ["router.example", 1], ["bad host", 5], ["a", 0], ["b"], 7,
        ],
      ])
    #expect(torrent.trackers == [["http://a/announce", "udp://b:1"], ["http://c/"]])
    #expect(torrent.comment == "a comment" && torrent.createdBy == "someone")
    #expect(torrent.creationDate == 1_234_567)
    #expect(torrent.nodes.map(\.description) == ["127.0.0.1:6881", "router.example:1"])
    #expect(torrent.similar.map { $0.bytes[0] } == [2, 1])
    #expect(torrent.collections == ["out", "in"])
    #expect(torrent.webSeeds.isEmpty)
  }

  @Test func fallsBackToTheOneTracker() throws {
    #expect(
      try Fixture.read(Fixture.single(), ["announce": " http://a/ "]).trackers == [["http://a/"]])
    #expect(
      try Fixture.read(Fixture.single(), ["announce-list": [], "announce": "x:y"]).trackers == [
        ["x:y"]
      ])
    #expect(try Fixture.read(Fixture.single(), ["announce": "http://a\u{1}/"]).trackers.isEmpty)
    #expect(try Fixture.read(Fixture.single()).creationDate == nil)
  }

  @Test func readsWebSeedsInEveryForm() throws {
    let several = BencodeItem.list(["http://a/x y", "http://a/x%20y", "http://b", "http://c/", ""])
    let single = try Fixture.read(Fixture.single(), ["url-list": several])
    #expect(single.webSeeds == ["http://a/x%20y", "http://b", "http://c/"])
    let multi = try Fixture.read(Fixture.multi([Fixture.file(["a"])]), ["url-list": several])
    #expect(multi.webSeeds == ["http://a/x%20y/", "http://b/", "http://c/"])
    #expect(try Fixture.read(Fixture.single(), ["url-list": "http://a"]).webSeeds == ["http://a"])
  }

  @Test func ignoresWhatFollowsATorrentFile() throws {
    #expect(
      try Metainfo(bytes: Fixture.torrent(Fixture.single()) + Array("\n".utf8)).info.name == "temp")
  }

  @Test func writesWhatItReads() throws {
    var torrent = try Fixture.read(Fixture.single(["private": 1]))
    torrent.trackers = [["http://a/", "http://b/"], ["udp://c:1"]]
    torrent.webSeeds = ["http://seed/"]
    torrent.nodes = [try #require(TorrentAddress("[::1]:5"))]
    torrent.comment = "ü"
    torrent.createdBy = "btt"
    torrent.creationDate = 7
    let again = try Metainfo(bytes: torrent.encoded)
    #expect(again.encoded == torrent.encoded)
    #expect(again.trackers == torrent.trackers && again.webSeeds == torrent.webSeeds)
    #expect(again.nodes == torrent.nodes && again.comment == "ü" && again.creationDate == 7)
    #expect(again.info.hashes == torrent.info.hashes)
  }
}
