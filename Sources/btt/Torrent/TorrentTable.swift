internal import JSON

/// The node's torrents as lines for people.
enum TorrentTable {
  /// A line for each torrent.
  static func list(_ torrents: [JSONValue]) -> String {
    guard !torrents.isEmpty else { return "no torrents" }
    let header = ["#", "torrent", "name", "state", "done", "size", "down", "up", "peers", "ratio"]
    return Output.grid([header] + torrents.map(row))
  }

  private static func row(_ torrent: JSONValue) -> [String] {
    [
      "\((torrent["position"]?.intValue ?? 0) + 1)",
      String((torrent["infoHash"]?.stringValue ?? "").prefix(10)),
      String((torrent["name"]?.stringValue ?? "-").printable.prefix(40)), state(torrent),
      percent(torrent), TransferReport.size(torrent["bytesWanted"]?.int64Value ?? 0),
      rate(torrent["downloadRate"]), rate(torrent["uploadRate"]),
      "\(torrent["peers"]?.intValue ?? 0)", torrent["ratio"]?.numberText ?? "-",
    ]
  }

  /// What a torrent is about, and what keeps it.
  static func state(_ torrent: JSONValue) -> String {
    let phase = torrent["phase"]?.stringValue ?? "?"
    guard let bottleneck = torrent["bottleneck"]?.stringValue else { return phase }
    return phase + " (" + (bottlenecks[bottleneck] ?? bottleneck) + ")"
  }

  private static let bottlenecks = [
    "noneFound": "no peers found", "choked": "choked", "peers": "peers' speed",
    "rateLimit": "rate limit", "hash": "hashing", "disk": "disk",
  ]

  private static func percent(_ torrent: JSONValue) -> String {
    guard let wanted = torrent["bytesWanted"]?.int64Value, wanted > 0,
      let done = torrent["bytesDone"]?.int64Value
    else { return "-" }
    // Never 100 before it is all.
    let tenths = Int64(Double(done) / Double(wanted) * 1_000)
    return done >= wanted ? "100 %" : "\(min(tenths, 999) / 10).\(min(tenths, 999) % 10) %"
  }

  /// Bytes a second.
  static func rate(_ value: JSONValue?) -> String {
    TransferReport.size(value?.int64Value ?? 0) + "/s"
  }

  /// All that is known of a torrent.
  static func details(_ torrent: JSONValue) -> String {
    func text(_ key: String) -> String? {
      torrent[key].flatMap { $0.stringValue?.printable ?? $0.numberText }
    }
    func size(_ key: String) -> String { TransferReport.size(torrent[key]?.int64Value ?? 0) }
    func limit(_ key: String) -> String {
      let limit = torrent[key]?.int64Value ?? 0
      return limit == 0 ? "none" : TransferReport.size(limit) + "/s"
    }
    var rows = [("name", text("name") ?? "-"), ("state", state(torrent))]
    if let reason = text("reason") { rows.append(("reason", reason)) }
    if let hash = text("infoHashV1") { rows.append(("infohash v1", hash)) }
    if let hash = text("infoHashV2") { rows.append(("infohash v2", hash)) }
    rows += [
      ("folder", text("directory") ?? "-"),
      ("done", "\(percent(torrent)), \(size("bytesDone")) of \(size("bytesWanted"))"),
      ("pieces", "\(text("piecesDone") ?? "0") of \(text("pieces") ?? "0")"),
      (
        "rates",
        "\(rate(torrent["downloadRate"])) down, \(rate(torrent["uploadRate"])) up"
      ),
      (
        "in all",
        "\(size("downloaded")) down, \(size("uploaded")) up, ratio \(text("ratio") ?? "-")"
      ),
      ("peers", "\(text("peers") ?? "0"), \(text("seeds") ?? "0") of them complete"),
      ("limits", "\(limit("downloadLimit")) down, \(limit("uploadLimit")) up"),
      ("place in queue", "\((torrent["position"]?.intValue ?? 0) + 1)"),
    ]
    if let left = torrent["secondsLeft"]?.int64Value, left > 0 {
      rows.append(("time left", "\(left) s"))
    }
    if let message = text("trackerMessage") { rows.append(("tracker", message)) }
    return Output.table(rows)
  }
}
