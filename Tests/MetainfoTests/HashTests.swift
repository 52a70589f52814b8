internal import Metainfo
internal import Primitives
internal import Testing

@Suite struct HashTests {
  @Test func hashesThePublishedExamples() throws {
    // FIPS 180-2, appendix A.
    #expect(SHA1Hash(hashing: "abc".utf8).hex == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(SHA1Hash(hashing: []).hex == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
  }

  @Test func isTwentyBytesInOrder() throws {
    let bytes = (0..<20).map { UInt8($0) }
    let hash = try #require(SHA1Hash(bytes))
    #expect(MemoryLayout<SHA1Hash>.stride == 20)
    #expect(hash.bytes == bytes)
    #expect(hash.description == "000102030405060708090a0b0c0d0e0f10111213")
    #expect(try SHA1Hash(hex: hash.hex) == hash)
    #expect(SHA1Hash(bytes.dropLast()) == nil)
    #expect(SHA1Hash.zero < hash && !(hash < hash))
  }

  @Test func knowsTheFormsOnTheWire() throws {
    let v1 = SHA1Hash(hashing: [1])
    let v2 = try #require(Hash256((0..<32).map { UInt8($0) }))
    let hashes = InfoHashes(v1: v1, v2: v2)
    let short = SHA1Hash(truncating: v2)
    #expect(short.bytes == (0..<20).map { UInt8($0) })
    #expect(hashes.wire == [v1, short] && hashes.primary == v1)
    #expect(InfoHashes(v1: nil, v2: v2).primary == short)
    #expect(hashes.contains(wire: v1) && hashes.contains(wire: short))
    #expect(!hashes.contains(wire: .zero) && !InfoHashes(v1: v1, v2: nil).contains(wire: short))
  }

  @Test func matchesWhatSharesAHashAndContradictsNone() throws {
    let v1 = SHA1Hash(hashing: [1])
    let both = InfoHashes(v1: v1, v2: .zero)
    #expect(both.matches(InfoHashes(v1: v1, v2: nil)))
    #expect(both.matches(InfoHashes(v1: nil, v2: .zero)))
    #expect(both.matches(both))
    #expect(!both.matches(InfoHashes(v1: nil, v2: nil)))
    #expect(!both.matches(InfoHashes(v1: .zero, v2: .zero)))
    #expect(!InfoHashes(v1: v1, v2: nil).matches(InfoHashes(v1: nil, v2: .zero)))
  }
}
