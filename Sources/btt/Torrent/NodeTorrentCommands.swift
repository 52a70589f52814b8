internal import ArgumentParser
internal import BitTorrent
internal import JSON
internal import Metainfo

/// The command `btt torrent list`.
struct NodeTorrentList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show the torrents of a node.",
    discussion: """
      What stands behind a download in brackets is the one thing that keeps it from being faster.

      EXAMPLE
        btt torrent list --token-file ./node/admin.token
      """)

  @OptionGroup var node: NodeTorrentOptions

  func run() async throws {
    let torrents = try await node.rpc.withClient { try await NodeTorrentOptions.all($0) }
    node.output.print(["torrents": .array(torrents)], text: TorrentTable.list(torrents))
  }
}

/// The command `btt torrent status`.
struct NodeTorrentStatus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show all that a node knows of a torrent, or of all together.",
    discussion: """
      EXAMPLE
        btt torrent status 5f1a22c0
        btt torrent status --json
      """)

  @Argument(help: "The torrent's infohash, or its beginning; without it, the whole session.")
  var torrent: String?
  @OptionGroup var node: NodeTorrentOptions

  func run() async throws {
    guard let torrent else {
      let session = try await node.call("torrent_session")
      let rows = [
        ("listening on", session["listen"]?.stringValue ?? "-"),
        (
          "torrents",
          "\(session["torrents"]?.intValue ?? 0), \(session["running"]?.intValue ?? 0) running"
        ),
        ("peers", "\(session["peers"]?.intValue ?? 0)"),
        (
          "rates",
          TorrentTable.rate(session["downloadRate"]) + " down, "
            + TorrentTable.rate(session["uploadRate"]) + " up"
        ),
      ]
      return node.output.print(session.objectValue ?? [:], text: Output.table(rows))
    }
    let row = try await node.rpc.withClient { client in
      try await NodeTorrentOptions.call(
        client, "torrent_get", [try await node.torrent(client, torrent)])
    }
    node.output.print(row.objectValue ?? [:], text: TorrentTable.details(row))
  }
}

/// The command `btt torrent peers`.
struct NodeTorrentPeers: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peers", abstract: "Show the peers of a node's torrent, or name some to it.",
    discussion: """
      EXAMPLE
        btt torrent peers 5f1a22c0
        btt torrent peers 5f1a22c0 --add 192.0.2.7:6881
      """)

  @Argument(help: "The torrent's infohash, or its beginning.")
  var torrent: String
  @Option(
    name: .customLong("add"),
    help: ArgumentHelp("A peer to connect to; may be repeated.", valueName: "address:port"))
  var added: [String] = []
  @OptionGroup var node: NodeTorrentOptions

  func run() async throws {
    let peers = try await node.rpc.withClient { client in
      let infoHash = try await node.torrent(client, torrent)
      if !added.isEmpty {
        _ = try await NodeTorrentOptions.call(
          client, "torrent_addPeers", [infoHash, .array(added.map { .string($0) })])
      }
      return try await NodeTorrentOptions.call(client, "torrent_peers", [infoHash])
    }
    let rows = (peers.arrayValue ?? []).map { peer in
      [
        peer["address"]?.stringValue ?? "", (peer["client"]?.stringValue ?? "").printable,
        TorrentTable.rate(peer["downloadRate"]), TorrentTable.rate(peer["uploadRate"]),
        "\(peer["pieces"]?.intValue ?? 0)", flags(peer),
      ]
    }
    node.output.print(
      ["peers": peers],
      text: rows.isEmpty
        ? "no peers" : Output.grid([["peer", "program", "down", "up", "pieces", ""]] + rows))
  }

  private func flags(_ peer: JSONValue) -> String {
    [
      ("incoming", "in"), ("unchokingUs", "lets us ask"), ("unchoked", "may ask"),
    ].filter { peer[$0.0]?.boolValue == true }.map(\.1).joined(separator: ", ")
  }
}

/// The command `btt torrent files`.
struct NodeTorrentFiles: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "files",
    abstract: "Show the files of a node's torrent, or say how much they are wanted.",
    discussion: """
      EXAMPLE
        btt torrent files 5f1a22c0
        btt torrent files 5f1a22c0 --priorities 0=7,2-4=0
      """)

  @Argument(help: "The torrent's infohash, or its beginning.")
  var torrent: String
  @Option(
    help: ArgumentHelp(
      "How much files are wanted, from 0 (not at all) to 7 (first); the usual is 4.",
      valueName: "0=7,2-4=1"),
    transform: TorrentGet.priorities)
  var priorities: [TorrentOptions.FilePriority] = []
  @OptionGroup var node: NodeTorrentOptions

  func run() async throws {
    let files = try await node.rpc.withClient { client in
      let infoHash = try await node.torrent(client, torrent)
      if !priorities.isEmpty {
        let wanted = JSONObject(
          priorities.map { ($0.files.description, JSONValue($0.priority)) })
        _ = try await NodeTorrentOptions.call(
          client, "torrent_setPriorities", [infoHash, .object(wanted)])
      }
      return try await NodeTorrentOptions.call(client, "torrent_files", [infoHash])
    }
    let rows = (files.arrayValue ?? []).map { file in
      [
        "\(file["number"]?.intValue ?? 0)", "\(file["priority"]?.intValue ?? 0)",
        TransferReport.size(file["done"]?.int64Value ?? 0) + " of "
          + TransferReport.size(file["length"]?.int64Value ?? 0),
        (file["path"]?.stringValue ?? "").printable,
      ]
    }
    node.output.print(
      ["files": files], text: Output.grid([["file", "wanted", "done", "path"]] + rows))
  }
}

/// The command `btt torrent limits`.
struct NodeTorrentLimits: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limits",
    abstract: "Set rate limits of a node's torrent, or of all together; or how many run.",
    discussion: """
      0 takes a limit away; what is not named stays as it is. Limits of all together hold until \
      the node ends; its settings say what holds at the start.

      EXAMPLE
        btt torrent limits 5f1a22c0 --upload-limit 512
        btt torrent limits --download-limit 4096 --active-downloads 3
      """)

  @Argument(help: "The torrent's infohash, or its beginning; without it, all together.")
  var torrent: String?
  @Option(help: ArgumentHelp("Send at most this many KiB a second.", valueName: "KiB/s"))
  var uploadLimit: Int?
  @Option(help: ArgumentHelp("Get at most this many KiB a second.", valueName: "KiB/s"))
  var downloadLimit: Int?
  @Option(help: ArgumentHelp("Downloads that run at a time.", valueName: "count"))
  var activeDownloads: Int?
  @Option(help: ArgumentHelp("Complete torrents that run at a time.", valueName: "count"))
  var activeSeeds: Int?
  @OptionGroup var node: NodeTorrentOptions

  func validate() throws {
    for (option, limit) in [("upload", uploadLimit), ("download", downloadLimit)] {
      guard limit == nil || limit == 0 || (16...1 << 40).contains(limit ?? 0) else {
        throw ValidationError("--\(option)-limit is 0, or at least 16 KiB a second")
      }
    }
    guard torrent == nil || (activeDownloads == nil && activeSeeds == nil) else {
      throw ValidationError("--active-downloads and --active-seeds are about all torrents")
    }
  }

  func run() async throws {
    var changes: JSONObject = [:]
    changes["upload"] = uploadLimit.map { JSONValue($0 << 10) }
    changes["download"] = downloadLimit.map { JSONValue($0 << 10) }
    changes["activeDownloads"] = activeDownloads.map { JSONValue($0) }
    changes["activeSeeds"] = activeSeeds.map { JSONValue($0) }
    let wanted = changes
    let limits = try await node.rpc.withClient { client in
      var infoHash = JSONValue.null
      if let torrent { infoHash = try await node.torrent(client, torrent) }
      if !wanted.isEmpty {
        _ = try await NodeTorrentOptions.call(
          client, "torrent_setLimits", [infoHash, .object(wanted)])
      }
      if infoHash.isNull {
        return try await NodeTorrentOptions.call(client, "torrent_session", [])["limits"] ?? [:]
      }
      let row = try await NodeTorrentOptions.call(client, "torrent_get", [infoHash])
      return ["upload": row["uploadLimit"] ?? 0, "download": row["downloadLimit"] ?? 0]
    }
    let members = limits.objectValue ?? [:]
    node.output.print(
      members,
      text: Output.table(
        members.members.map { member in
          let number = member.value.int64Value ?? 0
          let isRate = member.key == "upload" || member.key == "download"
          return (
            member.key,
            number == 0 ? "no limit" : isRate ? TransferReport.size(number) + "/s" : "\(number)"
          )
        }))
  }
}
