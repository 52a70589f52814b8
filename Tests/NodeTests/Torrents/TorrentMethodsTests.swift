internal import BitTorrent
internal import ChainTypes
internal import Foundation
internal import JSON
internal import Logging
internal import Metainfo
internal import Node
internal import TestSupport
internal import Testing

@Suite("torrent_*", .timeLimit(.minutes(1))) struct TorrentMethodsTests {
  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// A node's session, with a torrent's file and its content in a folder that is allowed.
  private struct World {
    let session: TorrentSession
    let directory: TemporaryDirectory
    let metainfo: Metainfo

    var infoHash: JSONValue { .string(metainfo.info.hashes.primary.hex) }
    var encoded: String { Data(metainfo.encoded).base64EncodedString() }

    func call(
      _ method: String, _ params: JSONValue..., isAdmin: Bool = true
    ) async throws -> JSONValue {
      var table = RPCMethodTable()
      TorrentMethods(
        session: session, folders: try TorrentFolders(standard: directory.path("files"), roots: [])
      ).register(in: &table)
      let processor = JSONRPCProcessor(methods: table, logger: TorrentMethodsTests.logger)
      let request: JSONValue = [
        "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(params),
      ]
      let bytes =
        await processor.process(request.serialized, context: .init(isAdmin: isAdmin)) ?? []
      let reply = try JSONValue.parse(bytes)
      if let error = reply["error"].flatMap({ RPCError(json: $0) }) { throw error }
      return reply["result"] ?? "no result"
    }

    func refused(_ code: Int, _ method: String, _ params: JSONValue...) async {
      do {
        let result = try await callAll(method, params)
        Issue.record("\(method) \(params) gave \(result)")
      } catch let error as RPCError {
        #expect(error.code == code, "\(error.message)")
      } catch {
        Issue.record(error)
      }
    }

    private func callAll(_ method: String, _ params: [JSONValue]) async throws -> JSONValue {
      switch params.count {
      case 0: try await call(method)
      case 1: try await call(method, params[0])
      default: try await call(method, params[0], params[1])
      }
    }
  }

  private func withWorld(_ body: (World) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    let folder = directory.path("files/share")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0) }).write(
      to: URL(fileURLWithPath: folder + "/a"))
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/b"))
    var creator = TorrentCreator()
    creator.pieceLength = 65_536
    let metainfo = try creator.create(from: folder)
    try Data(metainfo.encoded).write(
      to: URL(fileURLWithPath: directory.path("files/share.torrent")))
    var configuration = SessionConfiguration()
    configuration.listen = PeerAddress(ipv4: 0x7f00_0001, port: 0)
    let session = try await TorrentSession.start(configuration, logger: Self.logger)
    do {
      try await body(World(session: session, directory: directory, metainfo: metainfo))
    } catch {
      await session.stop()
      throw error
    }
    await session.stop()
  }

  @Test("a torrent lives its whole life by JSON-RPC")
  func life() async throws {
    try await withWorld { world in
      let added = try await world.call("torrent_add", ["metainfo": .string(world.encoded)])
      #expect(added == ["infoHash": world.infoHash, "name": "share"])
      let torrent = try await world.session.torrent(world.metainfo.info.hashes.primary)
      for await status in torrent.updates where status.phase == .seeding { break }
      let row = try await world.call("torrent_get", world.infoHash)
      #expect(row["phase"] == "seeding")
      #expect(row["bytesDone"] == 100_003)
      #expect(row["infoHashV2"]?.stringValue?.count == 64)
      let list = try await world.call("torrent_list")
      #expect(list["total"] == 1)
      #expect(list["torrents"]?[0]?["infoHash"] == world.infoHash)
      #expect(try await world.call("torrent_list", 1)["torrents"] == [])
      let files = try await world.call("torrent_files", world.infoHash)
      #expect(files[0]?["path"] == "share/a" && files[0]?["done"] == 100_000)
      #expect(try await world.call("torrent_peers", world.infoHash) == [])
      #expect(try await world.call("torrent_trackers", world.infoHash) == [])

      _ = try await world.call("torrent_setPriorities", world.infoHash, ["0": 7, "1": 0])
      #expect(
        try await world.call("torrent_files", world.infoHash).arrayValue?.map {
          $0["priority"]?.intValue
        } == [7, 0])
      _ = try await world.call("torrent_setLimits", world.infoHash, ["upload": 65_536])
      _ = try await world.call("torrent_setLimits", world.infoHash, ["download": 32_768])
      let limited = try await world.call("torrent_get", world.infoHash)
      #expect(limited["uploadLimit"] == 65_536 && limited["downloadLimit"] == 32_768)
      _ = try await world.call("torrent_setLimits", nil, ["activeSeeds": 3, "upload": 1_048_576])
      let session = try await world.call("torrent_session")
      #expect(session["limits"]?["activeSeeds"] == 3 && session["limits"]?["upload"] == 1_048_576)
      #expect(session["limits"]?["activeDownloads"] == 8)
      #expect(try await world.call("torrent_addPeers", world.infoHash, ["127.0.0.1:9"]) == 1)
      #expect(try await world.call("torrent_move", world.infoHash, "top") == true)
      #expect(try await world.call("torrent_pause", world.infoHash) == true)
      #expect(try await world.call("torrent_get", world.infoHash)["phase"] == "paused")
      #expect(try await world.call("torrent_resume", world.infoHash, true) == true)
      #expect(try await world.call("torrent_get", world.infoHash)["forced"] == true)
      #expect(try await world.call("torrent_remove", world.infoHash, true) == true)
      #expect(!FileManager.default.fileExists(atPath: world.directory.path("files/share/a")))
      await world.refused(-32_001, "torrent_get", world.infoHash)
    }
  }

  @Test("a torrent is added by a link, or by a file in an allowed folder, with its wishes")
  func sources() async throws {
    try await withWorld { world in
      _ = try await world.call(
        "torrent_add", ["path": "share.torrent"],
        ["paused": true, "files": "0", "priorities": ["0": 6], "directory": "other"])
      let row = try await world.call("torrent_get", world.infoHash)
      #expect(row["phase"] == "paused")
      #expect(row["directory"]?.stringValue?.hasSuffix("/files/other") == true)
      let files = try await world.call("torrent_files", world.infoHash)
      #expect(files.arrayValue?.map { $0["priority"]?.intValue } == [6, 0])
      await world.refused(-32_000, "torrent_add", ["path": "share.torrent"])
      let link = "magnet:?xt=urn:btih:\(String(repeating: "ab", count: 20))&dn=later"
      let added = try await world.call(
        "torrent_add", ["magnet": .string(link)], ["paused": true, "top": true])
      #expect(added["name"] == "later")
      #expect(try await world.call("torrent_list")["torrents"]?[0]?["name"] == "later")
      await world.refused(-32_001, "torrent_files", try #require(added["infoHash"]))
    }
  }

  @Test("all are the administrator's")
  func access() async throws {
    try await withWorld { world in
      var table = RPCMethodTable()
      TorrentMethods(
        session: world.session,
        folders: try TorrentFolders(standard: world.directory.path, roots: [])
      ).register(in: &table)
      #expect(table.names.count == 17)
      #expect(table.names.allSatisfy { table[$0]?.access == .admin })
      await #expect(throws: RPCError.self) {
        _ = try await world.call("torrent_list", isAdmin: false)
      }
    }
  }

  @Test("nothing is read or written outside the allowed folders")
  func confined() async throws {
    try await withWorld { world in
      try FileManager.default.createSymbolicLink(
        atPath: world.directory.path("files/link"), withDestinationPath: "/etc")
      let source: JSONValue = ["metainfo": .string(world.encoded)]
      for directory: JSONValue in ["/etc", "..", "../x", "share/../..", "link", "link/x", "/", ""] {
        await world.refused(-32_602, "torrent_add", source, ["directory": directory])
      }
      for path: JSONValue in ["/etc/passwd", "../secret", "link/passwd", "", "\u{0}"] {
        await world.refused(-32_602, "torrent_add", ["path": path])
      }
      await world.refused(-32_000, "torrent_add", ["path": "none.torrent"])
      #expect(try await world.call("torrent_list")["total"] == 0)
    }
  }

  @Test("hostile metainfo is refused, and huge metainfo before it is decoded")
  func hostileMetainfo() async throws {
    try await withWorld { world in
      func add(_ bytes: [UInt8]) async {
        await world.refused(
          -32_602, "torrent_add", ["metainfo": .string(Data(bytes).base64EncodedString())])
      }
      await add([])
      await add(Array("d4:infod".utf8))
      // Lists in lists, an integer that overflows, a string longer than all that follows.
      await add([UInt8](repeating: UInt8(ascii: "l"), count: 1_000_000))
      await add(Array("d4:infoi99999999999999999999999999ee".utf8))
      await add(Array("d4:info99999999999:x".utf8))
      // A piece length of 0, pieces that are no multiple of a hash, a length below 0.
      for info in [
        "d6:lengthi1e4:name1:a12:piece lengthi0e6:pieces20:aaaaaaaaaaaaaaaaaaaae",
        "d6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces3:abce",
        "d6:lengthi-1e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae",
      ] { await add(Array("d4:info\(info)e".utf8)) }
      await world.refused(-32_602, "torrent_add", ["metainfo": "not base64!"])
      await world.refused(-32_602, "torrent_add", ["magnet": "magnet:?xt=urn:btih:12"])
      let huge = String(repeating: "A", count: 13_333_400)
      await world.refused(-32_005, "torrent_add", ["metainfo": .string(huge)])
      let list = try await world.call("torrent_list")
      #expect(list["total"] == 0)
    }
  }

  @Test("names of files in metainfo lead nowhere but below the folder")
  func traversal() async throws {
    try await withWorld { world in
      let info =
        "d5:filesld6:lengthi3e4:pathl2:..2:..4:evileee4:name2:..12:piece lengthi16384e"
        + "6:pieces20:aaaaaaaaaaaaaaaaaaaae"
      let bytes = Data("d4:info\(info)e".utf8).base64EncodedString()
      let added = try await world.call(
        "torrent_add", ["metainfo": .string(bytes)], ["paused": true])
      let files = try await world.call("torrent_files", try #require(added["infoHash"]))
      let path = try #require(files[0]?["path"]?.stringValue)
      #expect(!path.split(separator: "/").contains(".."))
    }
  }

  @Test("what makes no sense is refused, and changes nothing")
  func nonsense() async throws {
    try await withWorld { world in
      _ = try await world.call(
        "torrent_add", ["metainfo": .string(world.encoded)], ["paused": true])
      let hash = world.infoHash
      for params: [JSONValue] in [
        [[:]], [["metainfo": "", "magnet": ""]], [["url": "http://127.0.0.1/a"]], ["text"], [nil],
      ] { await world.refused(-32_602, "torrent_add", params[0]) }
      let link: JSONValue = ["magnet": "magnet:?xt=urn:btih:\(String(repeating: "12", count: 20))"]
      for options: JSONValue in [
        ["upload": 1], ["upload": -1], ["upload": "fast"], ["files": "x"], ["priorities": ["0": 8]],
        ["priorities": ["x": 1]], ["peers": ["tracker.example:1"]], ["peers": ["127.0.0.1:0"]],
        ["peers": ["224.0.0.1:1"]], ["paused": "yes"], ["direcotry": "x"], ["directory": 1],
      ] { await world.refused(-32_602, "torrent_add", link, options) }
      for text: JSONValue in ["", "12", "zz", 1, ["a"], .string(String(repeating: "g", count: 40))]
      {
        await world.refused(-32_602, "torrent_get", text)
      }
      await world.refused(-32_001, "torrent_get", .string(String(repeating: "0", count: 40)))
      await world.refused(-32_602, "torrent_move", hash, "sideways")
      await world.refused(-32_602, "torrent_setLimits", hash, ["activeSeeds": 1])
      await world.refused(-32_602, "torrent_setLimits", nil, ["activeTorrents": 0])
      await world.refused(-32_602, "torrent_setPriorities", hash, ["0": 1.5])
      await world.refused(-32_602, "torrent_list", -1)
      await world.refused(-32_602, "torrent_list", 0, 1_000_000)
      await world.refused(
        -32_602, "torrent_addPeers", hash,
        .array(Array(repeating: "127.0.0.1:1", count: 1_001)))
      #expect(try await world.call("torrent_list")["total"] == 1)
    }
  }
}
