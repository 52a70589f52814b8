internal import ArgumentParser
internal import BitTorrent
internal import Metainfo

/// The command `btt torrent get`.
struct TorrentGet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get",
    abstract: "Get a torrent's files.",
    discussion: """
      Peers come from the torrent's trackers, from --peer, and from lines "PEER host:port" on \
      standard input. What was there before is looked at first; a transfer that ended early goes \
      on where it was. The line that begins with "complete" tells that every wanted piece is \
      verified and written; then the program ends, unless it is to --seed.

      EXAMPLE
        btt torrent get debian.torrent --data ~/Downloads
        btt torrent get "magnet:?xt=urn:btih:…" --files 0,2-4 --seed
        btt torrent get film.torrent --sequential --priorities 0=7
        btt torrent get debian.torrent --budget "5 BTT" --max-price "0.1 BTT"
      """)

  @Argument(help: "A torrent file, or a magnet link.")
  var source: String

  @OptionGroup(title: "Transfer") var swarm: SwarmOptions

  @Option(
    help: ArgumentHelp(
      "Get only these files, by their numbers as btt torrent show tells them.",
      valueName: "0,2-4"),
    transform: TorrentGet.selection)
  var files: FileSelection?

  @Option(
    help: ArgumentHelp(
      "How much files are wanted, from 0 (not at all) to 7 (first); the usual is 4.",
      valueName: "0=7,2-4=1"),
    transform: TorrentGet.priorities)
  var priorities: [TorrentOptions.FilePriority] = []

  @Flag(help: "Get pieces in order, for a reader that does not wait for the end.")
  var sequential = false

  @Flag(help: "Give files all their room on disk at once.")
  var preallocate = false

  @Flag(help: "Go on serving others when all is here, until told to stop.")
  var seed = false

  @OptionGroup(title: "Paying") var buying: BuyingOptions
  @OptionGroup var books: TradeBooksOptions

  func run() async throws {
    let source = try TorrentArgument.source(source)
    var options = TorrentOptions(directory: swarm.data)
    options.selection = files
    options.priorities = priorities
    options.isSequential = sequential
    options.preallocates = preallocate
    let transfer = Transfer(
      swarm: swarm, source: source, options: options, endsWhenComplete: !seed)
    try await transfer.run(buying: try buying.terms(), books)
  }

  private static func selection(_ text: String) throws -> FileSelection {
    guard let selection = FileSelection(text) else {
      throw CommandFailure(.usage, "\(text) is no list of file numbers", next: "write 0,2-4")
    }
    return selection
  }

  static func priorities(_ text: String) throws -> [TorrentOptions.FilePriority] {
    try text.split(separator: ",").map { entry in
      let sides = entry.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, let files = FileSelection(sides[0]), let priority = UInt8(sides[1]),
        priority <= 7
      else {
        throw CommandFailure(
          .usage, "\(entry) is no priority of files", next: "write 0=7,2-4=1")
      }
      return TorrentOptions.FilePriority(files, priority)
    }
  }
}
