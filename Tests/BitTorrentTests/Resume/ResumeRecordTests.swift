internal import BitTorrent
internal import KeyValueStore
internal import Metainfo
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("ResumeRecord")
struct ResumeRecordTests {
  static func bits(_ count: Int, _ generator: inout SeededGenerator) -> Bitfield {
    var bits = Bitfield(bitCount: count)
    for index in 0..<count where Bool.random(using: &generator) { bits.insert(index) }
    return bits
  }

  static func random(_ generator: inout SeededGenerator) -> ResumeRecord {
    let pieceCount = Int.random(in: 0...70, using: &generator)
    let fileCount = Int.random(in: 0...5, using: &generator)
    let hasV1 = Bool.random(using: &generator)
    let v2 = !hasV1 || Bool.random(using: &generator) ? Hash256(generator.bytes(32)) : nil
    var record = ResumeRecord(
      hashes: InfoHashes(v1: hasV1 ? SHA1Hash(generator.bytes(20)) : nil, v2: v2),
      savePath: "/größer/\(generator.next())", pieceCount: pieceCount, fileCount: fileCount)
    record.have = bits(pieceCount, &generator)
    record.synced = bits(pieceCount, &generator)
    for piece in 0..<Int.random(in: 0...3, using: &generator) {
      record.blocks[piece * 300] = bits(Int.random(in: 1...20, using: &generator), &generator)
    }
    for index in record.files.indices {
      if Bool.random(using: &generator) {
        record.files[index].length = Int.random(in: 0...Int.max, using: &generator)
        record.files[index].modified = Int.random(in: Int.min...Int.max, using: &generator)
      }
      record.files[index].priority = UInt8.random(in: 0...7, using: &generator)
      record.files[index].isInPartFile = Bool.random(using: &generator)
      if Bool.random(using: &generator) { record.files[index].renamedTo = ["t", "", "é"] }
    }
    record.bootID = "boot"
    record.isDirty = Bool.random(using: &generator)
    record.downloaded = Int.random(in: 0...Int.max, using: &generator)
    record.uploaded = 127
    record.activeSeconds = 128
    record.addedAt = 1 << 31
    if Bool.random(using: &generator) {
      record.movingTo = "/b"
      record.completedAt = 7
      record.infoDictionary = generator.bytes(100)
      record.pieceLayers = [0: generator.bytes(64), 4: []]
    }
    return record
  }

  @Test("comes back from its bytes as it was")
  func roundTrip() throws {
    var generator = SeededGenerator()
    for _ in 0..<200 {
      let record = Self.random(&generator)
      #expect(try ResumeRecord(decoding: record.encoded) == record, "seed \(generator.seed)")
    }
  }

  @Test("has the bytes that its description says")
  func bytes() throws {
    var record = ResumeRecord(
      hashes: InfoHashes(v1: SHA1Hash(Array(1...20)), v2: nil), savePath: "/d", pieceCount: 9,
      fileCount: 1)
    record.have.insert(0)
    record.have.insert(8)
    record.blocks[3] = Bitfield(bitCount: 4, filled: true)
    record.files[0].length = 300
    record.files[0].modified = 1
    record.bootID = "b"
    let expected: [UInt8] =
      [1, 0b100001] + Array(1...20) as [UInt8] + [2, 0x2f, 0x64, 1, 0x62, 9, 0x80, 0x80, 0, 0]
      + [1, 3, 4, 0xf0] + [1, 0b001, 1, 0xac, 2, 1] + [0, 0, 0, 0, 0]
    #expect(record.encoded == expected)
  }

  @Test("is refused when it is cut at any byte")
  func cut() {
    var generator = SeededGenerator()
    for _ in 0..<10 {
      let bytes = Self.random(&generator).encoded
      for length in 0..<bytes.count {
        #expect(throws: ResumeRecordError.self) {
          try ResumeRecord(decoding: Array(bytes.prefix(length)))
        }
      }
      #expect(throws: ResumeRecordError.trailingBytes) {
        try ResumeRecord(decoding: bytes + [0])
      }
    }
  }

  @Test("has no two encodings: what decodes after a flip of any bit encodes to the same bytes")
  func flips() {
    var generator = SeededGenerator()
    for _ in 0..<10 {
      let bytes = Self.random(&generator).encoded
      for bit in 0..<bytes.count * 8 {
        var changed = bytes
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        guard let record = try? ResumeRecord(decoding: changed) else { continue }
        #expect(record.encoded == changed, "seed \(generator.seed), bit \(bit)")
      }
    }
  }

  @Test("is refused when counts promise more than there is")
  func counts() {
    var bytes = ResumeRecord(
      hashes: InfoHashes(v1: .zero, v2: nil), savePath: "", pieceCount: 0, fileCount: 0
    ).encoded
    bytes.replaceSubrange(24..<25, with: [0xff, 0xff, 0xff, 0xff, 0x7f])
    #expect(throws: ResumeRecordError.truncated) { try ResumeRecord(decoding: bytes) }
  }

  @Test("is kept by each of the torrent's infohashes, apart from others")
  func store() throws {
    var generator = SeededGenerator()
    let store = ResumeStore(SimulatedStore())
    let hybrid = InfoHashes(v1: SHA1Hash(generator.bytes(20)), v2: Hash256(generator.bytes(32)))
    let other = InfoHashes(v1: SHA1Hash(generator.bytes(20)), v2: nil)
    let record = ResumeRecord(hashes: hybrid, savePath: "/a", pieceCount: 1, fileCount: 1)
    let second = ResumeRecord(hashes: other, savePath: "/b", pieceCount: 1, fileCount: 1)
    try store.save(record)
    try store.save(second)
    #expect(try store.load(hybrid) == record)
    #expect(try store.load(InfoHashes(v1: hybrid.v1, v2: nil)) == record)
    #expect(try store.load(other) == second)
    #expect(try store.loadAll().count == 2)
    try store.remove(hybrid)
    #expect(try store.load(hybrid) == nil)
    #expect(try store.loadAll() == [second])
  }
}
