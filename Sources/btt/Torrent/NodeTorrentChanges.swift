internal import ArgumentParser
internal import JSON

/// The command `btt torrent pause`.
struct NodeTorrentPause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Let torrents of a node rest.",
    discussion: """
      EXAMPLE
        btt torrent pause 5f1a22c0
        btt torrent pause all
      """)

  @Argument(help: "The torrents' infohashes, or their beginnings; or all.")
  var torrents: [String]
  @OptionGroup var node: NodeTorrentOptions

  func run() async throws { try await node.change(torrents, "torrent_pause", done: "paused") }
}

/// The command `btt torrent resume`.
struct NodeTorrentResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let torrents of a node go on.",
    discussion: """
      EXAMPLE
        btt torrent resume 5f1a22c0
        btt torrent resume 5f1a22c0 --force
      """)

  @Argument(help: "The torrents' infohashes, or their beginnings; or all.")
  var torrents: [String]
  @Flag(help: "At once, whatever the queue's limits.")
  var force = false
  @OptionGroup var node: NodeTorrentOptions

  func run() async throws {
    try await node.change(torrents, "torrent_resume", .bool(force), done: "resumed")
  }
}

/// The command `btt torrent remove`.
struct NodeTorrentRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Take torrents out of a node, with their files if told to.",
    discussion: """
      EXAMPLE
        btt torrent remove 5f1a22c0
        btt torrent remove 5f1a22c0 --files
      """)

  @Argument(help: "The torrents' infohashes, or their beginnings; or all.")
  var torrents: [String]
  @Flag(help: "Remove the files as well: they are gone for good.")
  var files = false
  @OptionGroup var node: NodeTorrentOptions

  func run() async throws {
    try await node.change(torrents, "torrent_remove", .bool(files), done: "removed")
  }
}

/// The command `btt torrent move`.
struct NodeTorrentMove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "move", abstract: "Change the place of a node's torrent in the queue.",
    discussion: """
      EXAMPLE
        btt torrent move 5f1a22c0 top
      """)

  @Argument(help: "The torrent's infohash, or its beginning.")
  var torrent: String
  @Argument(help: "top, up, down or bottom.")
  var place: Place
  @OptionGroup var node: NodeTorrentOptions

  enum Place: String, ExpressibleByArgument, CaseIterable { case top, up, down, bottom }

  func run() async throws {
    try await node.change([torrent], "torrent_move", .string(place.rawValue), done: "moved")
  }
}

/// The command `btt torrent spending`.
struct NodeTorrentSpending: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spending", abstract: "Show or change whether a node pays for any torrent.",
    discussion: """
      off holds whatever the torrents' budgets say, until on, or until the node starts again and \
      goes by its setting torrents.spending. What is owed already is paid.

      EXAMPLE
        btt torrent spending off
        btt torrent spending
      """)

  /// The switch.
  enum State: String, ExpressibleByArgument, CaseIterable { case on, off }

  @Argument(help: "on or off; without it only shows.")
  var state: State?
  @OptionGroup var node: NodeTorrentOptions

  func run() async throws {
    let wanted = state.map { JSONValue.bool($0 == .on) } ?? .null
    let isOn = try await node.call("torrent_spending", wanted).boolValue ?? false
    node.output.print(["spending": .bool(isOn)], text: "spending is \(isOn ? "on" : "off")")
  }
}

/// The command `btt torrent watch`.
struct NodeTorrentWatch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Show the torrents of a node, again and again.",
    discussion: """
      With --json, one line for each torrent in which something has changed. SIGINT ends it.

      EXAMPLE
        btt torrent watch
        btt torrent watch --json --interval 5
      """)

  @Option(help: ArgumentHelp("How often.", valueName: "seconds"))
  var interval = 1
  @Option(help: ArgumentHelp("End after so many times; 0 for never.", valueName: "count"))
  var count = 0
  @OptionGroup var node: NodeTorrentOptions

  func validate() throws {
    guard (1...3_600).contains(interval), count >= 0 else {
      throw ValidationError("--interval is a number of seconds from 1 to 3600")
    }
  }

  func run() async throws {
    try await node.rpc.withClient { client in
      var last: [String: JSONValue] = [:]
      var rounds = 0
      while true {
        let torrents = try await NodeTorrentOptions.all(client)
        if node.output.asJSON {
          for torrent in torrents {
            guard let infoHash = torrent["infoHash"]?.stringValue, last[infoHash] != torrent else {
              continue
            }
            last[infoHash] = torrent
            Output.write(torrent.description)
          }
        } else {
          // From the top of a cleared terminal; elsewhere one table after the other.
          Output.write((Terminal.isOutput ? "\u{1B}[H\u{1B}[2J" : "") + TorrentTable.list(torrents))
        }
        rounds += 1
        if rounds == count { return }
        try await Task.sleep(for: .seconds(interval))
      }
    }
  }
}

extension NodeTorrentOptions {
  /// Calls a method for each of the torrents, and tells what was done.
  fileprivate func change(
    _ words: [String], _ method: String, _ params: JSONValue..., done: String
  ) async throws {
    let changed = try await rpc.withClient { client in
      let infoHashes = try await torrents(client, words)
      for infoHash in infoHashes {
        _ = try await Self.call(client, method, [.string(infoHash)] + params)
      }
      return infoHashes
    }
    output.print(
      [done: .array(changed.map { .string($0) })],
      text: changed.isEmpty
        ? "no torrents" : changed.map { "\(done) \($0)" }.joined(separator: "\n"))
  }
}
