internal import ArgumentParser

/// The commands for torrents.
struct Torrent: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make, check, get and seed torrents.",
    discussion: """
      Torrents of the first format, of the second, and hybrids of both are known (BEP 3 and 52).

      EXAMPLE
        btt torrent create ./share --tracker https://tracker.example/announce
        btt torrent show share.torrent
        btt torrent seed share.torrent --data .
        btt torrent get share.torrent --data ~/Downloads
      """,
    subcommands: [
      TorrentCreate.self, TorrentShow.self, TorrentVerify.self, TorrentMagnet.self,
      TorrentSeed.self, TorrentGet.self,
    ])
}
