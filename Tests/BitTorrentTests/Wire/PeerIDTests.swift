import BitTorrent
import TestSupport
import Testing

@Suite("PeerID")
struct PeerIDTests {
  @Test("Twenty bytes make an id, and come back")
  func bytes() throws {
    let bytes = [UInt8](1...20)
    #expect(try #require(PeerID(bytes)).bytes == bytes)
    #expect(PeerID([UInt8](1...19)) == nil)
    #expect(PeerID([UInt8](1...21)) == nil)
  }

  @Test("A made id begins with its prefix, the rest is random and printable")
  func random() {
    var random = SeededGenerator()
    let one = PeerID(prefix: "-BT0100-", using: &random)
    let other = PeerID(prefix: "-BT0100-", using: &random)
    #expect(one != other)
    #expect(one.description.hasPrefix("-BT0100-"))
    #expect(one.description.utf8.count == 20)
  }

  @Test("What is not printable is escaped in the description")
  func description() throws {
    let id = try #require(
      PeerID(Array("-XX%".utf8) + [0, 0xff] + [UInt8](repeating: 65, count: 14)))
    #expect(id.description == "-XX%25%00%ff" + String(repeating: "A", count: 14))
  }
}
