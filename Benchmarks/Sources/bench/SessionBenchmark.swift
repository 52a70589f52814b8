internal import Foundation
internal import JSON
internal import Ledger
internal import Metainfo

/// A node that runs 10 000 torrents, all of them complete, in which nobody is interested.
enum SessionBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    let count = settings.count(10_000, quick: 50)
    let scratch = try Scratch()
    let directory = scratch.path("node")
    let fixture = try ChainFixture(accounts: 10, keys: 10)
    try fixture.openChain(directory).close()
    try fixture.writeKey(scratch.path("key"))
    let arguments = ["--torrents", "--set", "torrents.listen=127.0.0.1:0"]

    func start() throws -> NodeProcess {
      try NodeProcess(
        settings, directory: directory, keyFile: scratch.path("key"), arguments: arguments)
    }
    var node = try start()
    let token = try String(contentsOfFile: directory + "/admin.token", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    var connection = try HTTPConnection(port: node.port)
    func call(_ method: String, _ params: String) throws -> JSONValue {
      let body = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":[\#(params)]}"#
      let reply = try JSONValue.parse(Array(connection.post(body, token: token).utf8))
      guard let result = reply["result"] else { throw BenchError("\(method): \(reply)") }
      return result
    }

    let files = directory + "/downloads"
    try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
    var hashes: [String] = []
    for number in 0..<count {
      let path = "\(files)/\(number)"
      let line = "torrent \(number)\n"
      try Data(String(repeating: line, count: 32_768 / line.utf8.count).utf8).write(
        to: URL(fileURLWithPath: path))
      var creator = TorrentCreator()
      creator.pieceLength = 16_384
      let metainfo = try creator.create(from: path)
      hashes.append(metainfo.info.hashes.primary.hex)
      _ = try call(
        "torrent_add", #"{"metainfo":"\#(Data(metainfo.encoded).base64EncodedString())"}"#)
    }
    let deadline = Date(timeIntervalSinceNow: 600)
    while try call("torrent_session", "")["running"] != 0 {
      try require(Date() < deadline, "the torrents do not come to rest")
      Thread.sleep(forTimeInterval: 0.2)
    }

    node.kill()
    let startTime = try Timing.seconds {
      node = try start()
      connection = try HTTPConnection(port: node.port)
      let sum = try call("torrent_session", "")
      try require(sum["torrents"]?.intValue == count, "torrents were lost: \(sum)")
    }

    var times: [Double] = []
    for (number, hash) in hashes.enumerated() where number % (count / 50) == 0 {
      for (method, params) in [
        ("torrent_get", "\"\(hash)\""), ("torrent_session", ""), ("torrent_list", "\(number),10"),
      ] {
        var reply = JSONValue.null
        times.append(try Timing.seconds { reply = try call(method, params) } * 1_000)
        if method == "torrent_get" {
          try require(reply["phase"] == "seeding", "a torrent does not serve: \(reply)")
        }
      }
    }
    times.sort()
    report.add("start with \(count) torrents", startTime, unit: " s", .below(10))
    report.add(
      "status call among \(count) torrents, p99", times[times.count * 99 / 100], unit: " ms",
      .below(5))
    report.add(
      "resident memory with \(count) torrents", try node.residentMemory().all, unit: " MiB",
      .below(512))
  }
}
