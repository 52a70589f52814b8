internal import BitTorrent
internal import Foundation
internal import KeyValueStore
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

@Suite("A torrent session")
struct TorrentSessionTests {
  private static func configuration() -> SessionConfiguration {
    var configuration = SessionConfiguration()
    // A port of the system's choice on loopback.
    configuration.listen = PeerAddress(ipv4: 0x7f00_0001, port: 0)
    return configuration
  }

  /// A folder with random files, and its torrent.
  private static func content(
    _ version: TorrentInfo.Version, in directory: TemporaryDirectory
  ) throws -> Metainfo {
    let folder = directory.path("content")
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    var generator = TestSupport.SeededGenerator(seed: 7)
    for (name, length) in [("a", 700_001), ("b", 1), ("c", 65_536), ("d", 0), ("e", 300_000)] {
      let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    var creator = TorrentCreator()
    creator.version = version
    creator.pieceLength = 65_536
    return try creator.create(from: folder)
  }

  private static func contents(of directory: TemporaryDirectory) throws -> [String: Data] {
    let folder = directory.path("content")
    return try Dictionary(
      uniqueKeysWithValues: FileManager.default.contentsOfDirectory(atPath: folder).map {
        ($0, try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)")))
      })
  }

  /// Waits until the torrent has everything.
  private static func complete(_ torrent: Torrent) async -> TorrentStatus? {
    for await status in torrent.updates {
      switch status.phase {
      case .seeding, .failed: return status
      default: continue
      }
    }
    return nil
  }

  @Test(
    "brings all files from another one, byte for byte",
    arguments: [TorrentInfo.Version.v1, .v2, .hybrid])
  func transfer(_ version: TorrentInfo.Version) async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let metainfo = try Self.content(version, in: source)
    let wanted = try Self.contents(of: source)
    try await SessionRig.withSession(Self.configuration()) { seed in
      let seeded = try await seed.add(.metainfo(metainfo), TorrentOptions(directory: source.path))
      #expect(await Self.complete(seeded)?.transfer.piecesDone == metainfo.info.layout.pieceCount)
      try await SessionRig.withSession(Self.configuration()) { leech in
        var options = TorrentOptions(directory: target.path)
        options.peers = [seed.address]
        let torrent = try await leech.add(.metainfo(metainfo), options)
        let status = await Self.complete(torrent)
        #expect(status?.phase == .seeding)
        #expect(status?.transfer.wasted == 0)
      }
    }
    #expect(try Self.contents(of: target) == wanted)
  }

  @Test(
    "brings all files by a magnet link",
    arguments: [TorrentInfo.Version.v1, .v2, .hybrid])
  func magnet(_ version: TorrentInfo.Version) async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let metainfo = try Self.content(version, in: source)
    let wanted = try Self.contents(of: source)
    try await SessionRig.withSession(Self.configuration()) { seed in
      let seeded = try await seed.add(.metainfo(metainfo), TorrentOptions(directory: source.path))
      _ = await Self.complete(seeded)
      try await SessionRig.withSession(Self.configuration()) { leech in
        var options = TorrentOptions(directory: target.path)
        options.peers = [seed.address]
        let torrent = try await leech.add(
          .magnet(MagnetLink(hashes: metainfo.info.hashes)), options)
        #expect(await Self.complete(torrent)?.name == "content")
      }
    }
    #expect(try Self.contents(of: target) == wanted)
  }

  @Test("refuses the port of another program by name")
  func takenPort() async throws {
    try await SessionRig.withSession(Self.configuration()) { session in
      var configuration = Self.configuration()
      configuration.listen = session.address
      await #expect {
        _ = try await TorrentSession.start(configuration, logger: SessionRig.logger)
      } throws: { error in
        "\(error)" == "cannot listen for peers on \(session.address): another program uses the "
          + "port; stop it, or choose another port"
      }
    }
  }

  @Test("refuses an address that is not of this machine by name")
  func foreignAddress() async throws {
    var configuration = Self.configuration()
    // 192.0.2.0/24 is for examples only (RFC 5737).
    configuration.listen = PeerAddress(ipv4: 0xc000_0201, port: 6_881)
    await #expect {
      _ = try await TorrentSession.start(configuration, logger: SessionRig.logger)
    } throws: { error in
      "\(error)".hasSuffix("this machine does not have the address; choose one that it has")
    }
  }

  @Test("brings the files of a complete torrent to the disk, so that no power cut asks for hashing")
  func syncs() async throws {
    let torrent = try DiskTorrent(.hybrid, pieceLength: 32_768, ["a/b": 200_000, "c": 100_001])
    let (target, state) = (try TemporaryDirectory(), try TemporaryDirectory())
    var configuration = Self.configuration()
    configuration.syncDelay = .zero
    configuration.stateDirectory = state.path
    try await SessionRig.withSession(Self.configuration()) { seed in
      _ = try await seed.add(
        .metainfo(torrent.metainfo), TorrentOptions(directory: torrent.directory.path))
      try await SessionRig.withSession(configuration) { leech in
        var options = TorrentOptions(directory: target.path)
        options.peers = [seed.address]
        let transfer = try await leech.add(.metainfo(torrent.metainfo), options)
        for await status in transfer.updates where status.isSynced {
          #expect(status.phase == .seeding)
          break
        }
      }
    }
    let store = try LevelDBStore(configuration: .init(path: state.path))
    let rig = StorageRig(torrent, in: target.path, resume: store) { $0.bootID = "another" }
    let opened = try await rig.open()
    #expect(opened.have.isFull && opened.checkedPieces == 0)
    try await rig.close()
  }

  @Test("takes a torrent once")
  func duplicate() async throws {
    let source = try TemporaryDirectory()
    let metainfo = try Self.content(.hybrid, in: source)
    try await SessionRig.withSession(Self.configuration()) { session in
      let options = TorrentOptions(directory: source.path)
      _ = try await session.add(.metainfo(metainfo), options)
      await #expect(throws: SessionError.self) {
        _ = try await session.add(
          .magnet(MagnetLink(hashes: InfoHashes(v1: nil, v2: metainfo.info.hashes.v2))), options)
      }
    }
  }

  @Test("names the first setting that is out of bounds")
  func bounds() async {
    var configuration = Self.configuration()
    configuration.maximumConnections = 0
    await #expect {
      _ = try await TorrentSession.start(configuration, logger: SessionRig.logger)
    } throws: { error in
      guard case SessionError.configuration("maximumConnections", _) = error else { return false }
      return "\(error)".contains("1 to 65536")
    }
  }
}
