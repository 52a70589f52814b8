import BitTorrent
import Testing

@Suite("Smart ban")
struct SmartBanTests {
  private let honest = PeerHandle(1)
  private let liar = PeerHandle(2)
  private let other = PeerHandle(3)

  private func digests(_ blocks: [UInt8]) -> [BlockDigest] {
    blocks.map { byte in withUnsafeBytes(of: byte) { BlockDigest(hashing: $0) } }
  }

  @Test("bans who sent all of a bad piece alone")
  func alone() {
    var ban = SmartBan()
    let verdict = ban.pieceFailed(
      4, senders: [liar, liar], digests: digests([1, 2]), badBlocks: [])
    #expect(verdict.banned == [liar])
    #expect(!ban.isSuspect(4))
  }

  @Test("bans nobody for blocks of an earlier run")
  func restored() {
    var ban = SmartBan()
    let verdict = ban.pieceFailed(
      4, senders: [nil, liar], digests: digests([1, 2]), badBlocks: [])
    #expect(verdict.banned.isEmpty)
    #expect(verdict.onParole == [liar])
  }

  @Test("puts all senders of a bad piece on parole, and bans the liar when the piece is right")
  func compared() {
    var ban = SmartBan()
    let verdict = ban.pieceFailed(
      4, senders: [honest, liar, honest, other], digests: digests([1, 99, 3, 4]), badBlocks: [])
    #expect(verdict.banned.isEmpty && verdict.onParole == [honest, liar, other])
    #expect(ban.isOnParole(honest) && ban.isSuspect(4))
    #expect(ban.pieceRight(4, digests: digests([1, 2, 3, 4])).banned == [liar])
    #expect(!ban.isOnParole(liar) && !ban.isSuspect(4))
    #expect(ban.isOnParole(honest))
    ban.pieceVerified(9, senders: [honest, other])
    #expect(ban.isOnParole(honest))
    ban.pieceVerified(10, senders: [honest, honest])
    #expect(!ban.isOnParole(honest))
  }

  @Test("holds against a peer what it sent in every failed attempt")
  func attempts() {
    var ban = SmartBan()
    _ = ban.pieceFailed(4, senders: [honest, liar], digests: digests([1, 99]), badBlocks: [])
    ban.peerLeft(liar)
    _ = ban.pieceFailed(4, senders: [other, honest], digests: digests([98, 2]), badBlocks: [])
    let banned = ban.pieceRight(4, digests: digests([1, 2])).banned
    #expect(banned == [liar, other])
  }

  @Test("bans by leaf in a v2 torrent, and keeps nothing")
  func leaves() {
    var ban = SmartBan()
    let verdict = ban.pieceFailed(
      4, senders: [honest, liar, nil], digests: digests([1, 2, 3]), badBlocks: [1, 2, 7, -1])
    #expect(verdict.banned == [liar] && verdict.onParole.isEmpty)
    #expect(!ban.isSuspect(4) && !ban.isOnParole(honest))
  }

  @Test("bans who is always there when pieces fail, whatever it sends alone in between")
  func distrust() {
    var ban = SmartBan()
    var banned: [PeerHandle] = []
    for piece in 0..<6 {
      #expect(banned.isEmpty)
      banned +=
        ban.pieceFailed(
          piece, senders: [PeerHandle(100 + piece), liar], digests: [], badBlocks: []
        ).banned
      ban.pieceVerified(10 + piece, senders: [liar, liar])
    }
    #expect(banned == [liar])
  }

  @Test("bans nobody for many pieces that a liar spoils at once")
  func burst() {
    var ban = SmartBan()
    for piece in 0..<20 {
      let verdict = ban.pieceFailed(
        piece, senders: [honest, PeerHandle(100 + piece)], digests: digests([1, 99]),
        badBlocks: [])
      #expect(verdict.banned.isEmpty)
    }
    #expect(ban.isOnParole(honest))
    ban.pieceVerified(20, senders: [honest, honest])
    #expect(!ban.isOnParole(honest))
  }

  @Test("keeps a bounded number of digests, the latest")
  func bounds() {
    var ban = SmartBan()
    let senders = [PeerHandle?](repeating: honest, count: 4_095) + [liar]
    let digests = digests([7]) + [BlockDigest](repeating: digests([8])[0], count: 4_095)
    for piece in 0..<9 {
      _ = ban.pieceFailed(piece, senders: senders, digests: digests, badBlocks: [])
    }
    #expect((0..<9).filter { ban.isSuspect($0) } == [5, 6, 7, 8])
    _ = ban.pieceFailed(
      50, senders: Array(repeatElement(senders, count: 5).joined()),
      digests: Array(repeatElement(digests, count: 5).joined()), badBlocks: [])
    #expect(!ban.isSuspect(50))
  }
}
