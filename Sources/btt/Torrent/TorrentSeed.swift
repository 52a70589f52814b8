internal import ArgumentParser
internal import BitTorrent

/// The command `btt torrent seed`.
struct TorrentSeed: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seed",
    abstract: "Serve a torrent's files to others.",
    discussion: """
      The files are looked at first: what no earlier check vouches for is hashed. Peers come from \
      the torrent's trackers, from --peer, and from lines "PEER host:port" on standard input. \
      SIGINT or SIGTERM ends it in order.

      EXAMPLE
        btt torrent seed debian.torrent --data ~/Downloads
        btt torrent seed film.torrent --data /srv --listen 192.0.2.7:6881
        btt torrent seed film.torrent --data /srv --price "0.05 BTT" --paid-share 80
      """)

  @Argument(help: "A torrent file.", completion: .file())
  var torrent: String

  @OptionGroup(title: "Transfer") var swarm: SwarmOptions

  @Flag(
    help: """
      Show each peer other pieces while this is the only seed: the first copy elsewhere costs \
      little more than one to send.
      """)
  var superSeed = false

  @OptionGroup(title: "Selling") var selling: SellingOptions
  @OptionGroup var books: TradeBooksOptions

  func run() async throws {
    let source = try TorrentArgument.source(torrent)
    var options = TorrentOptions(directory: swarm.data)
    options.superSeeding = superSeed
    let transfer = Transfer(
      swarm: swarm, source: source, options: options, endsWhenComplete: false, isSeed: true)
    try await transfer.run(selling: try selling.terms(books.ledger), books)
  }
}
