internal import BitTorrent
internal import KeyValueStore
internal import Metainfo
internal import TestSupport
internal import Testing

@Suite("A hybrid torrent whose two sides disagree", .timeLimit(.minutes(1)))
struct ContradictoryTorrentTests {
  /// What a seed of the torrent keeps that never looks at the v1 side.
  private func vouch(for broken: Metainfo, of torrent: DiskTorrent, in state: String) async throws {
    let store = try LevelDBStore(configuration: .init(path: state))
    let rig = StorageRig(torrent, in: torrent.directory.path, resume: store)
    _ = try await rig.open()
    try await rig.close()
    let records = ResumeStore(store)
    var record = try #require(try records.load(torrent.info.hashes))
    #expect(record.have.isFull)
    record.hashes = broken.info.hashes
    try records.save(record, sync: true)
    records.close()
  }

  @Test("fails with its reason, once bytes came that one side calls right, and blames no peer")
  func fails() async throws {
    let torrent = try DiskTorrent(.hybrid, pieceLength: 65_536, ["": 150_000])
    let other = try DiskTorrent(.hybrid, pieceLength: 65_536, ["": 150_000], seed: 2)
    let broken = try torrent.metainfo(withPiecesOf: other)
    let (state, target) = (try TemporaryDirectory(), try TemporaryDirectory())
    try await vouch(for: broken, of: torrent, in: state.path)
    var configuration = SessionRig.configuration()
    configuration.stateDirectory = state.path
    try await SessionRig.withSession(configuration) { seed in
      let seeded = try await seed.add(.metainfo(broken), .init(directory: torrent.directory.path))
      await seeded.wait(for: .seeding)
      try await SessionRig.withSession { leech in
        var options = TorrentOptions(directory: target.path)
        options.peers = [seed.address]
        let leeched = try await leech.add(.metainfo(broken), options)
        let status = await leeched.wait { if case .failed = $0.phase { true } else { false } }
        guard case .failed(let error)? = status?.phase else {
          Issue.record("it did not fail")
          return
        }
        #expect(error.code == .contradictory && error.message.contains("v1 and v2 hashes"))
        #expect(status?.transfer.banned == 0 && status?.transfer.piecesDone == 0)
      }
    }
  }
}
