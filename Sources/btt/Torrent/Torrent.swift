internal import ArgumentParser

/// The commands for torrents.
struct Torrent: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Get and serve torrents; make, look into and check them.",
    discussion: """
      Torrents of the first format, of the second, and hybrids of both are known (BEP 3 and 52).

      EXAMPLE
        btt torrent get debian.torrent --data ~/Downloads
        btt torrent seed share.torrent --data .
        btt torrent create ./share --tracker https://tracker.example/announce
        btt torrent show share.torrent
        btt torrent verify share.torrent --data .
        btt torrent add debian.torrent --token-file ./node/admin.token
        btt torrent list

      get and seed run by themselves; add, list, status, peers, files, limits, spending, pause, \
      resume, move, remove and watch are about a node that was started with --torrents.
      """,
    subcommands: [
      TorrentGet.self, TorrentSeed.self, TorrentCreate.self, TorrentShow.self, TorrentVerify.self,
      TorrentMagnet.self, NodeTorrentAdd.self, NodeTorrentList.self, NodeTorrentStatus.self,
      NodeTorrentPeers.self, NodeTorrentFiles.self, NodeTorrentLimits.self,
      NodeTorrentSpending.self, NodeTorrentPause.self, NodeTorrentResume.self,
      NodeTorrentMove.self, NodeTorrentRemove.self, NodeTorrentWatch.self,
    ])
}
