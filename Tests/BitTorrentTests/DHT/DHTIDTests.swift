internal import BitTorrent
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("An id in the table")
struct DHTIDTests {
  @Test(
    "is allowed at the address that BEP 42 gives for it, and at no other",
    arguments: [
      ("124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"),
      ("21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"),
      ("65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616"),
      ("84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41"),
      ("43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"),
    ])
  func published(_ ip: String, _ hex: String) throws {
    let address = try #require(PeerAddress(ip: ip, port: 6_881))
    let other = try #require(PeerAddress(ip: "8.8.4.4", port: 6_881))
    let bytes = try Hex.decode(hex, count: 20)
    let id = try #require(DHTID(bytes))
    #expect(id.isAllowed(at: address))
    #expect(!id.isAllowed(at: other))
    #expect(id.description == hex)
    // The first 21 bits count; the 22nd is free.
    var turned = bytes
    turned[2] ^= 0x04
    let alike = try #require(DHTID(turned))
    #expect(alike.isAllowed(at: address))
    turned[2] ^= 0x08
    let unlike = try #require(DHTID(turned))
    #expect(!unlike.isAllowed(at: address))
  }

  @Test(
    "that is made for an address is allowed there", arguments: ["84.124.73.14", "2001:db8:1::7"])
  func made(_ ip: String) throws {
    let address = try #require(PeerAddress(ip: ip, port: 1))
    var random = TestSupport.SeededGenerator(seed: 3)
    let ids = (0..<100).map { _ in DHTID(for: address, using: &random) }
    #expect(ids.allSatisfy { $0.isAllowed(at: address) })
    #expect(Set(ids).count == 100)
  }

  @Test(
    "is free at local addresses",
    arguments: ["127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fc00::1"])
  func local(_ ip: String) throws {
    let address = try #require(PeerAddress(ip: ip, port: 1))
    var random = TestSupport.SeededGenerator(seed: 4)
    #expect(DHTID(using: &random).isAllowed(at: address))
  }

  @Test("is as far from another as the bits in which they differ say")
  func distance() throws {
    let zero = try #require(DHTID([UInt8](repeating: 0, count: 20)))
    for bit in 0..<160 {
      var bytes = [UInt8](repeating: 0, count: 20)
      bytes[bit / 8] = 0x80 >> UInt8(bit % 8)
      let id = try #require(DHTID(bytes))
      #expect(id.commonBits(with: zero) == bit)
      #expect(id.distance(to: zero) == id)
      #expect(id.bytes == bytes)
      #expect(id > zero)
    }
    #expect(zero.commonBits(with: zero) == 160)
    #expect(DHTID([UInt8](repeating: 0, count: 19)) == nil)
  }
}

@Suite("A filter that counts peers")
struct ScrapeFilterTests {
  // BEP 33: 256 IPv4 and 1,000 IPv6 addresses.
  private static let published = """
    F6C3F5EAA07FFD91BDE89F777F26FB2BFF37BDB8FB2BBAA2FD3DDDE7BACFFF75\
    EE7CCBAEFE5EEDB1FBFAFF67F6ABFF5E43DDBCA3FD9B9FFDF4FFD3E9DFF12D1B\
    DF59DB53DBE9FA5B7FF3B8FDFCDE1AFB8BEDD7BE2F3EE71EBBBFE93BCDEEFE14\
    8246C2BC5DBFF7E7EFDCF24FD8DC7ADFFD8FFFDFDDFFF7A4BBEEDF5CB95CE81F\
    C7FCFF1FF4FFFFDFE5F7FDCBB7FD79B3FA1FC77BFE07FFF905B7B7FFC7FEFEFF\
    E0B8370BB0CD3F5B7F2BD93FEB4386CFDD6F7FD5BFAF2E9EBFFFFEECD67ADBF7\
    C67F17EFD5D75EBA6FFEBA7FFF47A91EB1BFBB53E8ABFB5762ABE8FF237279BF\
    EFBFEEF5FFC5FEBFDFE5ADFFADFEE1FB737FFFFBFD9F6AEFFEEE76B6FD8F72EF
    """

  @Test("has the bits that BEP 33 gives, and tells about as many")
  func published() throws {
    var filter = ScrapeFilter()
    #expect(filter.estimatedCount < 1)
    for last in 0...255 { filter.insert(PeerAddress(ipv4: 0xc000_0200 | UInt32(last), port: 1)) }
    for last in 0...0x3e7 {
      filter.insert(PeerAddress(high: 0x2001_0db8_0000_0000, low: UInt64(last), port: 2))
    }
    let published = try Hex.decode(Self.published, count: 256)
    #expect(filter.bytes == published)
    // BEP 33 gives 1,224.9308 for it.
    #expect(abs(filter.estimatedCount - 1_224.9308) < 0.001)
    var union = ScrapeFilter()
    union.formUnion(filter)
    #expect(union == filter)
  }
}
