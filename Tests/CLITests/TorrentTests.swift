internal import Foundation
internal import JSON
internal import TestSupport
internal import Testing

@Suite("btt torrent", .timeLimit(.minutes(1))) struct TorrentTests {
  private let btt: BTTProcess

  init() throws { btt = try BTTProcess() }

  /// A folder with two files, and its torrent.
  private func share() async throws -> (folder: String, torrent: String) {
    let folder = btt.directory.path("share")
    try FileManager.default.createDirectory(
      atPath: folder + "/sub", withIntermediateDirectories: true)
    try Data(repeating: 1, count: 50_000).write(to: URL(fileURLWithPath: folder + "/a"))
    try Data(repeating: 2, count: 5).write(to: URL(fileURLWithPath: folder + "/sub/b"))
    let torrent = btt.directory.path("share.torrent")
    let result = try await btt.run(
      "torrent", "create", folder, "--output", torrent, "--piece-length", "16384", "--no-date",
      "--tracker", "http://t.example/announce", "--comment", "a \u{1B}[31mcomment")
    #expect(result.status == 0, "\(result.errors)")
    return (folder, torrent)
  }

  @Test("makes a torrent and shows it")
  func shows() async throws {
    let (_, torrent) = try await share()
    let text = try await btt.run("torrent", "show", torrent)
    #expect(text.output.contains("50005 bytes in 2 files"))
    #expect(text.output.contains("1  share/sub/b  5"))
    #expect(!text.output.contains("\u{1B}"))
    let json = try await btt.run("torrent", "show", torrent, "--json").json
    #expect(json["format"] == "hybrid" && json["length"] == 50_005 && json["pieces"] == 5)
    // Written by libtorrent's create_torrent for the same files.
    #expect(json["infohashV1"] == "5fa98727990fc1ff6277595583470fc1e6ab2bb5")
    #expect(
      json["infohashV2"] == "622c6cb6f91e68b2a7ba4fae5a2e463bb0d72460efad63000f3ea80468c69dab")
    #expect(json["trackers"] == [["http://t.example/announce"]])
  }

  @Test("prints a magnet link")
  func prints() async throws {
    let (_, torrent) = try await share()
    let result = try await btt.run(
      "torrent", "magnet", torrent, "--peer", "[::1]:5", "--files", "1")
    #expect(
      result.output.hasPrefix(
        "magnet:?xt=urn:btih:5fa98727990fc1ff6277595583470fc1e6ab2bb5&xt=urn:btmh:1220"))
    #expect(
      result.output.hasSuffix(
        "&dn=share&xl=50005&tr=http%3A%2F%2Ft.example%2Fannounce&x.pe=[::1]:5&so=1\n"))
    #expect(try await btt.run("torrent", "magnet", torrent, "--files", "x").status == 2)
  }

  @Test("verifies files, and lists what is wrong with each")
  func verifies() async throws {
    let (folder, torrent) = try await share()
    let right = try await btt.run("torrent", "verify", torrent, "--data", btt.directory.path)
    #expect(right.status == 0 && right.output == "all 5 pieces are right\n")

    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/a"))
    try file.seek(toOffset: 20_000)
    try file.write(contentsOf: Data([9]))
    try file.close()
    try FileManager.default.removeItem(atPath: folder + "/sub/b")
    let wrong = try await btt.run("torrent", "verify", torrent, "--data", btt.directory.path)
    #expect(wrong.status == 1)
    #expect(wrong.output == "share/a: wrong 1\nshare/sub/b: missing 4\n")
    #expect(wrong.errors.hasPrefix("error: 2 of 5 pieces are missing or wrong"))
    let json = try await btt.run(
      "torrent", "verify", torrent, "--data", btt.directory.path, "--json")
    #expect(json.status == 1)
    #expect(try json.json["files"]?[0]?["invalid"] == [1])
  }

  @Test("writes over nothing unless it is forced")
  func writesOverNothing() async throws {
    let (folder, torrent) = try await share()
    let again = ["torrent", "create", folder, "--output", torrent]
    let refused = try await btt.run(again)
    #expect(refused.status == 1 && refused.errors.contains("is there already"))
    #expect(try await btt.run(again + ["--force"]).status == 0)
  }

  @Test(
    "refuses what is no torrent, and what cannot be one",
    arguments: [
      (["show", "/nowhere"], 1), (["show", "/dev/null"], 1), (["verify", "/dev/null"], 1),
      (["create", "/nowhere"], 1), (["create", "/tmp", "--piece-length", "5"], 1),
      (["create", "/tmp", "--format", "v3"], 2), (["create", "/tmp", "--threads", "0"], 2),
      (["create"], 2),
    ] as [([String], Int32)])
  func refuses(arguments: [String], status: Int32) async throws {
    let result = try await btt.run(["torrent"] + arguments)
    #expect(result.status == status)
    #expect(result.errors.hasPrefix("error: ") && result.output.isEmpty)
  }
}
