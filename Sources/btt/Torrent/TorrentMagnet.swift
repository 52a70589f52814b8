internal import ArgumentParser
internal import JSON
internal import Metainfo

/// The command `btt torrent magnet`.
struct TorrentMagnet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "magnet",
    abstract: "Print the magnet link of a torrent file.",
    discussion: """
      EXAMPLE
        btt torrent magnet share.torrent
        btt torrent magnet share.torrent --peer 192.0.2.7:6881 --files 0,2-4
      """)

  @Argument(help: "A torrent file, or - for standard input.", completion: .file())
  var file: String

  @Option(
    name: .customLong("peer"),
    help: ArgumentHelp("A peer to name in the link; may be repeated.", valueName: "host:port"),
    transform: TorrentMagnet.peer)
  var peers: [TorrentAddress] = []

  @Option(
    help: ArgumentHelp(
      "The files that the link is for, by their numbers as btt torrent show tells them.",
      valueName: "0,2-4"),
    transform: TorrentMagnet.selection)
  var files: FileSelection?

  @OptionGroup var output: OutputOptions

  func run() throws {
    var link = MagnetLink(try TorrentArgument.file(file))
    link.peers = peers
    link.selection = files
    output.print(["magnet": .string(link.description)], text: link.description)
  }

  private static func peer(_ text: String) throws -> TorrentAddress {
    guard let address = TorrentAddress(text) else {
      throw CommandFailure(
        .usage, "\(text) is no address of a peer", next: "write host:port or [IPv6]:port")
    }
    return address
  }

  private static func selection(_ text: String) throws -> FileSelection {
    guard let selection = FileSelection(text) else {
      throw CommandFailure(.usage, "\(text) is no list of file numbers", next: "write 0,2-4")
    }
    return selection
  }
}
