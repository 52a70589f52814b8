internal import BitTorrent
internal import Foundation
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

@Suite("Torrents in a session", .timeLimit(.minutes(2)))
struct SessionLifeTests {
  @Test("rest when paused, and go on when resumed, without fetching anything twice")
  func pauseAndResume() async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let metainfo = try SessionRig.content(in: source)
    try await SessionRig.withSession { seed in
      let seeded = try await seed.add(.metainfo(metainfo), .init(directory: source.path))
      await seeded.wait(for: .seeding)
      try await SessionRig.withSession { leech in
        let torrent = try await leech.add(
          .metainfo(metainfo), .init(directory: target.path), isPaused: true)
        #expect(try await torrent.status().phase == .paused)
        #expect(try await leech.statistics().running == 0)
        // Peers that are named meanwhile are met later.
        torrent.addPeers([seed.address])
        try await torrent.resume()
        await torrent.wait(for: .seeding)
        let done = try await torrent.status()
        #expect(done.totals.downloaded == 270_000)
        try await torrent.pause()
        await torrent.wait(for: .paused)
        let paused = try await torrent.status()
        #expect(paused.transfer.piecesDone == metainfo.info.layout.pieceCount)
        #expect(paused.transfer.connections == 0)
        try await torrent.resume()
        await torrent.wait(for: .seeding)
        #expect(try await torrent.status().totals.downloaded == 270_000)
        #expect(try await torrent.status().piecesHashedAtStart == 0)
      }
    }
  }

  @Test("are there again in the next session, in their order, with options and totals")
  func restart() async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let state = try TemporaryDirectory()
    let metainfo = try SessionRig.content(in: source)
    let other = try SessionRig.content("other", ["c": 100_000], in: source, seed: 8)
    let configuration = SessionRig.configuration(keptIn: state.path)
    try await SessionRig.withSession { seed in
      let seeded = try await seed.add(.metainfo(metainfo), .init(directory: source.path))
      await seeded.wait(for: .seeding)
      try await SessionRig.withSession(configuration) { leech in
        var options = TorrentOptions(directory: target.path)
        options.peers = [seed.address]
        options.uploadLimit = 1 << 20
        let torrent = try await leech.add(
          .magnet(MagnetLink(hashes: metainfo.info.hashes)), options)
        let second = try await leech.add(
          .metainfo(other), .init(directory: target.path), isPaused: true)
        await torrent.wait(for: .seeding)
        try await second.move(.top)
      }
    }
    // The seed is gone, which would call again.
    try await SessionRig.withSession(configuration) { leech in
      let torrents = try await leech.torrents()
      #expect(torrents.map(\.status.name) == ["other", "content"])
      #expect(torrents.map(\.status.phase) == [.paused, .seeding])
      #expect(torrents.map(\.options.uploadLimit) == [nil, 1 << 20])
      #expect(torrents[1].status.totals.downloaded == 270_000)
      #expect(torrents[1].status.totals.completedAt != nil)
      // The metadata came from peers, and is not asked for again.
      let torrent = try await leech.torrent(metainfo.info.hashes.primary)
      #expect(try await torrent.files().map(\.done) == [200_000, 70_000])
      // Nothing of a complete torrent is in memory until somebody asks for it.
      #expect(try await leech.statistics().running == 0)
    }
  }

  @Test("that are complete and at rest are woken by a peer")
  func wakes() async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let state = try TemporaryDirectory()
    let metainfo = try SessionRig.content(in: source)
    let configuration = SessionRig.configuration(keptIn: state.path)
    try await SessionRig.withSession(configuration) { seed in
      let torrent = try await seed.add(.metainfo(metainfo), .init(directory: source.path))
      await torrent.wait(for: .seeding)
    }
    try await SessionRig.withSession(configuration) { seed in
      #expect(try await seed.statistics().running == 0)
      try await SessionRig.withSession { leech in
        var options = TorrentOptions(directory: target.path)
        options.peers = [seed.address]
        let torrent = try await leech.add(.metainfo(metainfo), options)
        await torrent.wait(for: .seeding)
      }
      #expect(try await seed.torrents().first?.status.totals.uploaded ?? 0 >= 270_000)
      #expect(try await seed.statistics().running == 1)
    }
  }

  @Test("rest again once nobody asks anything of them")
  func rests() async throws {
    let source = try TemporaryDirectory()
    let metainfo = try SessionRig.content(in: source)
    var configuration = SessionRig.configuration()
    configuration.restAfter = .zero
    try await SessionRig.withSession(configuration) { session in
      let torrent = try await session.add(.metainfo(metainfo), .init(directory: source.path))
      await torrent.wait(for: .seeding)
      while try await session.statistics().running > 0 { await Task.yield() }
      #expect(try await torrent.status().phase == .seeding)
      #expect(try await torrent.peers().isEmpty)
      // Naming a peer wakes it.
      torrent.addPeers([PeerAddress(ipv4: 0x7f00_0001, port: 1)])
      while try await session.statistics().running == 0 { await Task.yield() }
    }
  }

  @Test("are removed with their files, and with nothing else")
  func removal() async throws {
    let source = try TemporaryDirectory()
    let metainfo = try SessionRig.content("content", ["sub/a": 100_000, "b": 5], in: source)
    let stranger = source.path("content/stranger")
    try Data([1]).write(to: URL(fileURLWithPath: stranger))
    let state = try TemporaryDirectory()
    let configuration = SessionRig.configuration(keptIn: state.path)
    try await SessionRig.withSession(configuration) { session in
      let torrent = try await session.add(.metainfo(metainfo), .init(directory: source.path))
      await torrent.wait(for: .seeding)
      try await torrent.remove(withFiles: true)
      #expect(try await session.torrents().isEmpty)
      await #expect(throws: SessionError.self) { try await torrent.remove() }
      await #expect(throws: SessionError.self) {
        _ = try await session.torrent(metainfo.info.hashes.primary)
      }
    }
    let left = try FileManager.default.subpathsOfDirectory(atPath: source.path).sorted()
    #expect(left == ["content", "content/stranger"])
    let kept = try await SessionRig.withSession(configuration) { try await $0.torrents().count }
    #expect(kept == 0)
  }

  @Test("removed without their files leave them alone, and may come back")
  func removalOfListOnly() async throws {
    let source = try TemporaryDirectory()
    let metainfo = try SessionRig.content(in: source)
    try await SessionRig.withSession { session in
      for _ in 0..<2 {
        let torrent = try await session.add(.metainfo(metainfo), .init(directory: source.path))
        await torrent.wait(for: .seeding)
        try await torrent.remove()
      }
    }
    #expect(FileManager.default.fileExists(atPath: source.path("content/a")))
  }

  @Test("wait in the queue until those before them need no place")
  func queue() async throws {
    let source = try TemporaryDirectory()
    let first = try SessionRig.content("first", ["a": 1], in: source, seed: 1)
    let second = try SessionRig.content("second", ["a": 1], in: source, seed: 2)
    let empty = try TemporaryDirectory()
    var configuration = SessionRig.configuration()
    configuration.limits.activeDownloads = 1
    try await SessionRig.withSession(configuration) { session in
      let one = try await session.add(.metainfo(first), .init(directory: empty.path))
      let other = try await session.add(.metainfo(second), .init(directory: source.path))
      await one.wait(for: .downloading)
      #expect(try await other.status().phase == .queued)
      try await other.resume(isForced: true)
      await other.wait(for: .seeding)
      try await one.pause()
      #expect(try await one.status().phase == .paused)
      // Changed limits hold at once.
      let third = try await session.add(
        .magnet(MagnetLink(hashes: InfoHashes(v1: SHA1Hash(hashing: [3]), v2: nil))),
        .init(directory: empty.path))
      try await one.resume()
      #expect(try await third.status().phase == .queued)
      var limits = try await session.limits()
      limits.activeDownloads = 2
      try await session.setLimits(limits)
      await third.wait(for: .metadata)
      limits.activeDownloads = 1
      try await session.setLimits(limits)
      try await third.move(.top)
      await one.wait(for: .queued)
    }
  }

  @Test("take other priorities of files while they run, and while they rest")
  func priorities() async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let metainfo = try SessionRig.content("content", ["a": 65_536, "b": 65_536], in: source)
    try await SessionRig.withSession { seed in
      let seeded = try await seed.add(.metainfo(metainfo), .init(directory: source.path))
      await seeded.wait(for: .seeding)
      try await SessionRig.withSession { leech in
        var options = TorrentOptions(directory: target.path)
        options.priorities = [.init(FileSelection([1...1]), 0)]
        options.peers = [seed.address]
        let torrent = try await leech.add(.metainfo(metainfo), options)
        await torrent.wait(for: .seeding)
        #expect(try await torrent.files().map(\.done) == [65_536, 0])
        #expect(try await torrent.files().map(\.priority) == [4, 0])
        try await torrent.setPriorities([.init(FileSelection([1...1]), 7)])
        await torrent.wait { $0.phase == .seeding && $0.transfer.piecesDone == 2 }
        #expect(try await torrent.files().map(\.done) == [65_536, 65_536])
        #expect(try await torrent.files().map(\.priority) == [4, 7])
      }
    }
  }

  @Test("keep to a rate limit that is set while they run")
  func limits() async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let metainfo = try SessionRig.content("content", ["a": 400_000], in: source)
    try await SessionRig.withSession { seed in
      let seeded = try await seed.add(.metainfo(metainfo), .init(directory: source.path))
      await seeded.wait(for: .seeding)
      try await SessionRig.withSession { leech in
        let torrent = try await leech.add(
          .metainfo(metainfo), .init(directory: target.path), isPaused: true)
        try await torrent.setLimits(.init(download: 65_536))
        torrent.addPeers([seed.address])
        try await torrent.resume()
        // It tells what keeps it from being faster.
        let slow = await torrent.wait { $0.bottleneck == .rateLimit }
        #expect(slow?.phase == .downloading)
        try await torrent.setLimits(.init())
        await torrent.wait(for: .seeding)
        await #expect(throws: SessionError.self) {
          try await torrent.setLimits(.init(download: 1_000))
        }
      }
    }
  }

  @Test("tell that nobody has what they miss, or that nobody lets them ask")
  func bottlenecks() async throws {
    let target = try TemporaryDirectory()
    let source = try TemporaryDirectory()
    let metainfo = try SessionRig.content(in: source)
    try await SessionRig.withSession { leech in
      let torrent = try await leech.add(.metainfo(metainfo), .init(directory: target.path))
      #expect(await torrent.wait(for: .downloading)?.bottleneck == .noneFound)
    }
  }

  @Test("are told of in order, by numbers without a gap, to whoever listens")
  func alerts() async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let metainfo = try SessionRig.content(in: source)
    try await SessionRig.withSession { seed in
      let seeded = try await seed.add(.metainfo(metainfo), .init(directory: source.path))
      await seeded.wait(for: .seeding)
      let alerts = try await SessionRig.withSession { leech in
        let alerts = leech.alerts()
        var options = TorrentOptions(directory: target.path)
        options.peers = [seed.address]
        let torrent = try await leech.add(
          .magnet(MagnetLink(hashes: metainfo.info.hashes)), options)
        await torrent.wait(for: .seeding)
        try await torrent.remove()
        return alerts
      }
      var numbers: [UInt64] = []
      var names: [String] = []
      for await alert in alerts {
        numbers.append(alert.number)
        switch alert.kind {
        case .added: names.append("added")
        case .metadata: names.append("metadata")
        case .fileCompleted(_, let path): names.append(path)
        case .completed: names.append("completed")
        case .removed: names.append("removed")
        case .phase, .tracker, .failed: break
        }
      }
      #expect(numbers == Array(1...UInt64(numbers.count)))
      #expect(names.first == "added" && names.last == "removed")
      #expect(
        Set(names) == ["added", "metadata", "content/a", "content/b", "completed", "removed"])
      #expect(names.count == 6)
    }
  }

  @Test("cost a listener that does not read no more than its buffer")
  func slowListener() async throws {
    let target = try TemporaryDirectory()
    let alerts = try await SessionRig.withSession { session in
      let alerts = session.alerts(bufferLimit: 4)
      for number in 0..<50 {
        let hashes = InfoHashes(v1: SHA1Hash(hashing: [UInt8(number)]), v2: nil)
        _ = try await session.add(
          .magnet(MagnetLink(hashes: hashes)), .init(directory: target.path), isPaused: true)
      }
      return alerts
    }
    var numbers: [UInt64] = []
    for await alert in alerts { numbers.append(alert.number) }
    #expect(numbers.count == 4)
    #expect(numbers.first ?? 0 > 40)
  }

  @Test("show their peers while they are connected")
  func peers() async throws {
    let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    let metainfo = try SessionRig.content(in: source)
    try await SessionRig.withSession { seed in
      var slow = TorrentOptions(directory: source.path)
      slow.uploadLimit = 16_384
      let seeded = try await seed.add(.metainfo(metainfo), slow)
      await seeded.wait(for: .seeding)
      try await SessionRig.withSession { leech in
        var options = TorrentOptions(directory: target.path)
        options.peers = [seed.address]
        let torrent = try await leech.add(.metainfo(metainfo), options)
        await torrent.wait { $0.transfer.unchokingUs == 1 }
        let peer = try #require(try await torrent.peers().first)
        #expect(peer.address == seed.address)
        #expect(peer.direction == .outgoing)
        #expect(peer.client == "btt")
        #expect(peer.pieces == metainfo.info.layout.pieceCount)
        #expect(peer.isInteresting && peer.isUnchokingUs && !peer.isInterested)
        #expect(try await seeded.peers().first?.direction == .incoming)
      }
    }
  }
}
