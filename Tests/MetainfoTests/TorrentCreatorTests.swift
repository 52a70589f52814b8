internal import Foundation
internal import Metainfo
internal import Primitives
internal import Synchronization
internal import TestSupport
internal import Testing

/// What libtorrent 2.1.1 makes of the same files, it is to be here.
@Suite struct TorrentCreatorTests {
  static let files = [
    ("a.bin", 100_000), ("b.txt", 16_384), ("empty", 0), ("sub/c", 1), ("sub/deep/d", 70_000),
    ("sub/e", 32_768), ("z", 5),
  ]

  /// A folder `pay`, and files beside it.
  static func payload() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for (index, (path, length)) in files.enumerated() {
      let url = directory.url.appendingPathComponent("pay/" + path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(TorrentFixture.payload(length, seed: UInt64(index + 1))).write(to: url)
    }
    try Data(TorrentFixture.payload(100_000, seed: 9)).write(
      to: directory.url.appendingPathComponent("one.bin"))
    try Data(TorrentFixture.payload(20_000, seed: 9)).write(
      to: directory.url.appendingPathComponent("small.bin"))
    return directory
  }

  struct Expected: Sendable {
    var path: String
    var version: TorrentInfo.Version
    var pieceLength: Int
    var v1: String?
    var v2: String?
  }

  static let libtorrent: [Expected] = [
    Expected(
      path: "pay", version: .v2, pieceLength: 16_384,
      v2: "6498e842eafba00695b0532087b46fba217d178b2ce336a0478ea87b3c4fd19e"),
    Expected(
      path: "pay", version: .v2, pieceLength: 32_768,
      v2: "6b6cd4a4ef6ae34338fbb82078cc72bec5f7db077d9a293e26095128169ab013"),
    Expected(
      path: "pay", version: .hybrid, pieceLength: 16_384,
      v1: "354633c5c9cd182afc737e5bc67f257c98fb961c",
      v2: "b0af9e9553c9e5f929ddf961e101c7fb614f7839a25af9a99ccede51cb6f1994"),
    Expected(
      path: "pay", version: .hybrid, pieceLength: 32_768,
      v1: "b790f5dded8335ae4ee5d06d5ad23e52ce3b00b3",
      v2: "9b8b03406a87dc133b367b2e9af056a0149a837ed54a89e8ec29619d1635dc74"),
    Expected(
      path: "one.bin", version: .v1, pieceLength: 16_384,
      v1: "156603021c35a6fe1b0cbe76a6257c54e6cf48f7"),
    Expected(
      path: "one.bin", version: .v1, pieceLength: 32_768,
      v1: "34b66891f06a659582f69944f8edd7a130e8ba22"),
    Expected(
      path: "one.bin", version: .v2, pieceLength: 16_384,
      v2: "5b5c14af9a8a8382f4a7dfff7fe582d944c82113dc3bba84d7b25064298097a6"),
    Expected(
      path: "one.bin", version: .hybrid, pieceLength: 32_768,
      v1: "a9181cddd5cc1f75cded05e88c5ea96a7e9e7c22",
      v2: "50557a53c67cdc7c35d34134a1a62bd9548aed71eaf33606b6667eadfda9aca9"),
    Expected(
      path: "small.bin", version: .v2, pieceLength: 32_768,
      v2: "f428a154a5c73024e31aa11919a6cf880551b791f49269f56f5106ddc7374c37"),
    Expected(
      path: "small.bin", version: .hybrid, pieceLength: 32_768,
      v1: "1efff14813110be125841487909733c559108077",
      v2: "88c43f91aea7ad85bbf65a6048f2b6309876957ec26fce899a2fe258f7a3dad1"),
  ]

  @Test(arguments: libtorrent) func makesTheTorrentsThatLibtorrentMakes(expected: Expected) throws {
    let directory = try Self.payload()
    var creator = TorrentCreator()
    creator.version = expected.version
    creator.pieceLength = expected.pieceLength
    let torrent = try creator.create(from: directory.path(expected.path))
    #expect(torrent.info.hashes.v1?.hex == expected.v1)
    #expect(torrent.info.hashes.v2.map { String($0.hex.dropFirst(2)) } == expected.v2)
    #expect(torrent.pieceLayers.missingRoots(in: torrent.info).isEmpty)
    let again = try Metainfo(bytes: torrent.encoded)
    #expect(again.pieceLayers == torrent.pieceLayers)
  }

  @Test func listsTheFilesOfAFolderInTheOrderOfTheirNames() throws {
    let directory = try Self.payload()
    var creator = TorrentCreator()
    creator.version = .v1
    creator.pieceLength = 16_384
    let info = try creator.create(from: directory.path("pay") + "/").info
    #expect(info.files.map(\.relativePath) == Self.files.map { "pay/" + $0.0 })
    #expect(info.files.map(\.length) == Self.files.map(\.1))
    let bytes = Self.files.indices.flatMap {
      TorrentFixture.payload(Self.files[$0].1, seed: UInt64($0 + 1))
    }
    for piece in 0..<info.layout.pieceCount {
      #expect(info.pieceHash(piece) == SHA1Hash(hashing: bytes[info.layout.range(ofPiece: piece)]))
    }
  }

  @Test func writesWhatItIsTold() throws {
    let directory = try Self.payload()
    var creator = TorrentCreator()
    creator.name = "renamed"
    creator.isPrivate = true
    creator.source = "club"
    creator.trackers = [["http://a/"], []]
    creator.webSeeds = ["http://w/"]
    creator.comment = "c"
    creator.createdBy = "btt"
    creator.creationDate = 5
    let torrent = try Metainfo(bytes: creator.create(from: directory.path("small.bin")).encoded)
    #expect(torrent.info.name == "renamed" && torrent.info.isPrivate)
    #expect(torrent.info.files.map(\.relativePath) == ["renamed"])
    #expect(torrent.trackers == [["http://a/"]] && torrent.webSeeds == ["http://w/"])
    #expect(torrent.comment == "c" && torrent.createdBy == "btt" && torrent.creationDate == 5)
  }

  @Test func makesV2OfAFolderWithOneFileAsThatFile() throws {
    let directory = try TemporaryDirectory()
    try Data([1, 2, 3]).write(to: directory.url.appendingPathComponent("a"))
    var creator = TorrentCreator()
    creator.version = .v2
    #expect(try creator.create(from: directory.path).info.files.map(\.relativePath) == ["a"])
    creator.version = .hybrid
    let folder = directory.url.lastPathComponent
    let hybrid = try creator.create(from: directory.path).info
    #expect(hybrid.files.map(\.relativePath).first == "\(folder)/a")
  }

  @Test func keepsLinksAndTheProgramBit() throws {
    let directory = try Self.payload()
    let pay = directory.url.appendingPathComponent("pay")
    let files = FileManager.default
    try files.createSymbolicLink(
      atPath: pay.path + "/in", withDestinationPath: "sub/deep")
    try files.createSymbolicLink(
      atPath: pay.path + "/out", withDestinationPath: "../small.bin")
    try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: pay.path + "/z")
    for version in [TorrentInfo.Version.v1, .v2, .hybrid] {
      var creator = TorrentCreator()
      creator.version = version
      let found = try creator.create(from: pay.path).info.files
      let link = try #require(found.first { $0.path.last == "in" })
      #expect(link.symlinkTarget == ["pay", "sub", "deep"] && link.length == 0)
      #expect(found.first { $0.path.last == "out" }?.length == 20_000)
      #expect(found.first { $0.path.last == "z" }?.attributes == .executable)
    }
  }

  @Test func refusesWhatOthersCouldNotStore() throws {
    let directory = try TemporaryDirectory()
    func refuse(
      _ error: TorrentCreationError, path: String = directory.path,
      _ edit: (inout TorrentCreator) -> Void = { _ in }
    ) {
      var creator = TorrentCreator()
      edit(&creator)
      #expect(throws: error) { try creator.create(from: path) }
    }
    refuse(.empty(path: directory.path))
    refuse(.unreadable(path: "/nowhere", reason: "No such file or directory"), path: "/nowhere")
    try Data([1]).write(to: directory.url.appendingPathComponent("a"))
    refuse(.invalidPieceLength(20_000)) { $0.pieceLength = 20_000 }
    refuse(.invalidPieceLength(0)) { $0.pieceLength = 0 }
    refuse(.unusableName(path: "a/b")) { $0.name = "a/b" }
    try Data([1]).write(to: directory.url.appendingPathComponent("A"))
    refuse(.unusableName(path: "a"))
    try FileManager.default.removeItem(at: directory.url.appendingPathComponent("A"))
    let odd = directory.url.appendingPathComponent("a\\b")
    try Data([1]).write(to: odd)
    refuse(.unusableName(path: odd.path))
    try FileManager.default.removeItem(at: odd)
    try FileManager.default.createSymbolicLink(
      atPath: directory.path("out"), withDestinationPath: "/")
    refuse(.link(path: directory.path("out")))
  }

  @Test func keepsPadsApartFromFilesThatAreCalledLikeThem() throws {
    let directory = try TemporaryDirectory()
    func add(_ path: String, _ length: Int) throws {
      let url = directory.url.appendingPathComponent("pay/" + path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(TorrentFixture.payload(length, seed: 4)).write(to: url)
    }
    func info(_ version: TorrentInfo.Version) throws -> TorrentInfo {
      var creator = TorrentCreator()
      creator.version = version
      creator.pieceLength = 16_384
      return try Metainfo(bytes: creator.create(from: directory.path("pay")).encoded).info
    }
    try add("a", 384)
    #expect(try info(.hybrid).files.map(\.relativePath) == ["pay/a", "pay/.pad/16000"])
    try add(".pad/16000", 384)
    try add(".PAD-1", 16_384)
    let files = try info(.hybrid).files
    #expect(
      files.map(\.relativePath) == [
        "pay/.PAD-1", "pay/.pad/16000", "pay/.pad-2/16000", "pay/a", "pay/.pad-2/16000",
      ])
    #expect(files.map(\.isPad) == [false, false, true, false, true])
    #expect(try info(.v1).files.map(\.isPad) == [false, false, false])
    // By an old custom this is a pad to whoever reads a v1 list.
    try add("_____padding_file_0", 5)
    let error = TorrentCreationError.unusableName(path: "_____padding_file_0")
    for version in [TorrentInfo.Version.v1, .hybrid] {
      #expect(throws: error) { try info(version) }
    }
    #expect(try info(.v2).files.count == 4)
  }

  @Test func stopsWhenItIsTold() throws {
    let directory = try Self.payload()
    #expect(throws: TorrentCreationError.cancelled) {
      try TorrentCreator().create(from: directory.path("pay"), isCancelled: { true })
    }
  }

  @Test func tellsHowFarItIs() throws {
    let directory = try Self.payload()
    let greatest = Mutex(0)
    _ = try TorrentCreator().create(
      from: directory.path("pay"),
      progress: { hashed, total in
        #expect(total == 219_158)
        greatest.withLock { $0 = max($0, hashed) }
      })
    #expect(greatest.withLock { $0 } == 219_158)
  }

  @Test func choosesPieceLengths() {
    #expect(TorrentCreator.pieceLength(forPayload: 1) == 16_384)
    #expect(TorrentCreator.pieceLength(forPayload: 1 << 30) == 524_288)
    #expect(TorrentCreator.pieceLength(forPayload: (1 << 30) + 4096) == 1 << 20)
    #expect(TorrentCreator.pieceLength(forPayload: 1 << 46) == 16 << 20)
  }

  // MARK: - Checking

  static func verdicts(_ torrent: Metainfo, below path: String, layers: PieceLayers? = nil)
    -> [PieceVerdict]
  {
    let info = torrent.info
    let verdicts = Mutex([PieceVerdict?](repeating: nil, count: info.layout.pieceCount))
    let paths = info.files.map { path + "/" + $0.relativePath }
    let checker = PieceChecker(info: info, layers: layers ?? torrent.pieceLayers, workers: 2) {
      let reader = FileReader { paths[$0] }
      return { reader.read($0, offset: $1, into: $2) }
    }
    checker.check(0..<info.layout.pieceCount) { piece, verdict in
      verdicts.withLock { verdicts in
        #expect(verdicts[piece] == nil, "a piece is reported once")
        verdicts[piece] = verdict
      }
    }
    return verdicts.withLock { $0.compactMap { $0 } }
  }

  @Test(arguments: [TorrentInfo.Version.v1, .v2, .hybrid])
  func checksWhatItMade(version: TorrentInfo.Version) throws {
    let directory = try Self.payload()
    var creator = TorrentCreator()
    creator.version = version
    creator.pieceLength = 32_768
    let torrent = try creator.create(from: directory.path("pay"))
    let count = torrent.info.layout.pieceCount
    #expect(Self.verdicts(torrent, below: directory.path) == .init(repeating: .valid, count: count))

    // One byte of one file, then a file that ends too soon, and one that is gone.
    let file = directory.path("pay/sub/deep/d")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    bytes[40_000] ^= 1
    try bytes.write(to: URL(fileURLWithPath: file))
    let wrong = try #require(torrent.info.files.first { $0.path.last == "d" })
    let bad = (wrong.offset + 40_000) / 32_768
    #expect(
      Self.verdicts(torrent, below: directory.path).enumerated().allSatisfy {
        $1 == ($0 == bad ? .invalid : .valid)
      })
    try bytes.prefix(100).write(to: URL(fileURLWithPath: file))
    try FileManager.default.removeItem(atPath: directory.path("pay/a.bin"))
    let gone = try #require(torrent.info.files.first { $0.path.last == "a.bin" })
    let missing = Set(torrent.info.layout.pieces(of: wrong)).union(
      torrent.info.layout.pieces(of: gone))
    #expect(
      Self.verdicts(torrent, below: directory.path).enumerated().allSatisfy {
        $1 == (missing.contains($0) ? .missing : .valid)
      })
  }

  @Test func cannotVerifyWithoutAPieceLayer() throws {
    let directory = try Self.payload()
    var creator = TorrentCreator()
    creator.version = .v2
    creator.pieceLength = 32_768
    let torrent = try creator.create(from: directory.path("pay"))
    let verdicts = Self.verdicts(torrent, below: directory.path, layers: PieceLayers())
    for file in torrent.info.files {
      for piece in torrent.info.layout.pieces(of: file) {
        #expect(verdicts[piece] == (file.length > 32_768 ? .unverifiable : .valid))
      }
    }
  }

  @Test func stopsCheckingWhenItIsTold() throws {
    let torrent = try TorrentFixture.read(TorrentFixture.single())
    let checker = PieceChecker(info: torrent.info, layers: PieceLayers(), workers: 4) {
      { _, _, _ in true }
    }
    checker.check(0..<1, isCancelled: { true }) { _, _ in Issue.record("was checked") }
  }
}
