internal import BitTorrent
internal import Foundation
internal import Metainfo
internal import TestSupport
internal import Testing

@Suite("A session without trackers")
struct SessionDiscoveryTests {
  /// A session on loopback that knows the given nodes, stopped when the body ends.
  private static func withSession<R: Sendable>(
    nodes: [PeerAddress] = [], dht: Bool = true, state: String? = nil,
    _ body: (TorrentSession) async throws -> R
  ) async throws -> R {
    var configuration = SessionConfiguration()
    configuration.listen = PeerAddress(ipv4: 0x7f00_0001, port: 0)
    configuration.dht = dht
    configuration.dhtNodes = nodes.isEmpty ? nil : nodes.compactMap { TorrentAddress("\($0)") }
    configuration.stateDirectory = state
    return try await SessionRig.withSession(configuration, body)
  }

  private static func content(in directory: TemporaryDirectory) throws -> Metainfo {
    let path = directory.path("content")
    try Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7) })
      .write(to: URL(fileURLWithPath: path))
    var creator = TorrentCreator()
    creator.version = .hybrid
    creator.pieceLength = 16_384
    return try creator.create(from: path)
  }

  private static func complete(_ torrent: Torrent) async -> Bool {
    for await status in torrent.updates {
      if status.phase == .seeding { return true }
      if case .failed = status.phase { return false }
    }
    return false
  }

  @Test("gets a torrent by its infohash alone, from one that two others only know of each other by")
  func table() async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let metainfo = try Self.content(in: source)
    try await Self.withSession { between in
      try await Self.withSession(nodes: [between.address]) { seed in
        let seeded = try await seed.add(.metainfo(metainfo), TorrentOptions(directory: source.path))
        #expect(await Self.complete(seeded))
        try await Self.withSession(nodes: [between.address]) { leech in
          let torrent = try await leech.add(
            .magnet(MagnetLink(hashes: metainfo.info.hashes)),
            TorrentOptions(directory: target.path))
          #expect(await Self.complete(torrent))
        }
      }
    }
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: target.path("content")))
        == Data(contentsOf: URL(fileURLWithPath: source.path("content"))))
  }

  @Test("hears of nodes from its peers, and of peers from the nodes")
  func port() async throws {
    let (source, target, third) = (
      try TemporaryDirectory(), try TemporaryDirectory(), try TemporaryDirectory()
    )
    let metainfo = try Self.content(in: source)
    try await Self.withSession { seed in
      let seeded = try await seed.add(.metainfo(metainfo), TorrentOptions(directory: source.path))
      #expect(await Self.complete(seeded))
      try await Self.withSession { leech in
        // The two are connected by hand, and tell each other where their nodes are.
        var options = TorrentOptions(directory: target.path)
        options.peers = [seed.address]
        let torrent = try await leech.add(.metainfo(metainfo), options)
        #expect(await Self.complete(torrent))
        try await Self.withSession(nodes: [leech.address]) { late in
          let found = try await late.add(
            .magnet(MagnetLink(hashes: metainfo.info.hashes)),
            TorrentOptions(directory: third.path))
          #expect(await Self.complete(found))
        }
      }
    }
  }

  @Test("finds its nodes again when it is started again")
  func state() async throws {
    let (source, target, memory) = (
      try TemporaryDirectory(), try TemporaryDirectory(), try TemporaryDirectory()
    )
    let metainfo = try Self.content(in: source)
    let magnet = TorrentSource.magnet(MagnetLink(hashes: metainfo.info.hashes))
    try await Self.withSession { seed in
      let seeded = try await seed.add(.metainfo(metainfo), TorrentOptions(directory: source.path))
      #expect(await Self.complete(seeded))
      for nodes in [[seed.address], []] {
        try await Self.withSession(nodes: nodes, state: memory.path("state")) { leech in
          let directory = target.path(nodes.isEmpty ? "second" : "first")
          try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
          var options = TorrentOptions(directory: directory)
          options.usesTrackers = false
          let torrent = try await leech.add(magnet, options)
          #expect(await Self.complete(torrent))
          try await torrent.remove()
        }
      }
    }
  }
}
