internal import BitTorrent
internal import KeyValueStore
internal import Metainfo
internal import TestSupport
internal import Testing

@Suite("The list of a session's torrents")
struct TorrentRowTests {
  private static var row: TorrentRow {
    var options = TorrentOptions(directory: "/srv/ü")
    options.selection = FileSelection("0,2-4")
    options.priorities = [.init(FileSelection([1...1]), 7), .init(FileSelection([5...9]), 0)]
    options.peers = [
      PeerAddress(ipv4: 0x7f00_0001, port: 6881), PeerAddress(high: 1, low: 2, port: 3),
    ]
    options.uploadLimit = 65_536
    options.isSequential = true
    options.usesTrackers = false
    var row = TorrentRow(
      hashes: InfoHashes(v1: SHA1Hash(hashing: [1]), v2: nil), options: options)
    row.rank = -7
    row.isPaused = true
    row.isComplete = true
    row.name = "name"
    row.trackers = [["http://a/announce", "udp://b:1"], ["http://c/announce"]]
    row.totals.downloaded = 1 << 40
    row.totals.completedAt = 1_700_000_000
    row.pieces = (3, 4)
    row.bytes = (99, 100)
    return row
  }

  @Test("brings back every member of a row")
  func roundTrip() throws {
    let row = Self.row
    let read = try TorrentRow(decoding: row.encoded)
    #expect(read == row)
    #expect(read.options.directory == "/srv/ü")
    #expect(read.options.priorities == row.options.priorities)
    #expect(read.options.peers == row.options.peers)
    #expect(read.options.uploadLimit == 65_536 && read.options.downloadLimit == nil)
    #expect(read.options.isSequential && !read.options.usesTrackers && !read.options.preallocates)
    #expect(read.trackers == row.trackers)
    #expect(read.totals == row.totals)
    #expect(read.rank == -7 && read.pieces == (3, 4) && read.bytes == (99, 100))
    #expect(read.isPaused && read.isComplete && !read.isForced)
  }

  @Test("refuses a row that is cut short, too long, or of a later version")
  func damage() {
    let bytes = Self.row.encoded
    for count in 0..<bytes.count {
      #expect(throws: ResumeRecordError.self) {
        _ = try TorrentRow(decoding: Array(bytes[..<count]))
      }
    }
    #expect(throws: ResumeRecordError.trailingBytes) { _ = try TorrentRow(decoding: bytes + [0]) }
    #expect(throws: ResumeRecordError.unsupportedVersion(2)) {
      _ = try TorrentRow(decoding: [2] + bytes.dropFirst())
    }
  }

  @Test("survives random damage without a trap")
  func garbage() {
    let seed = UInt64.random(in: .min ... .max)
    var random = TestSupport.SeededGenerator(seed: seed)
    let bytes = Self.row.encoded
    for _ in 0..<5_000 {
      var damaged = bytes
      for _ in 0...2 {
        damaged[Int.random(in: damaged.indices, using: &random)] = .random(
          in: .min ... .max, using: &random)
      }
      // What is read is written as it was: a row has one encoding.
      if let row = try? TorrentRow(decoding: damaged) {
        #expect((try? TorrentRow(decoding: row.encoded)) == row, "seed \(seed)")
      }
    }
  }

  @Test("keeps rows and sources apart, and forgets both")
  func list() throws {
    let list = TorrentList(SimulatedStore())
    let (one, other) = (SHA1Hash(hashing: [1]), SHA1Hash(hashing: [2]))
    let link = MagnetLink(hashes: InfoHashes(v1: one, v2: nil))
    try list.save(one, Self.row, source: .magnet(link))
    try list.save(other, Self.row)
    #expect(Set(try list.load().map(\.id)) == [one, other])
    guard case .magnet(let read) = try list.source(of: one) else {
      Issue.record("no magnet link is read")
      return
    }
    #expect(read.hashes == link.hashes)
    #expect(try list.source(of: other) == nil)
    try list.remove(one)
    #expect(try list.load().map(\.id) == [other])
    #expect(try list.source(of: one) == nil)
  }
}
