import BitTorrent
import NIOCore
import TestSupport
import Testing

@Suite("Piece picker")
struct PiecePickerTests {
  private let first = PeerHandle(0)
  private let second = PeerHandle(1)
  private let third = PeerHandle(2)
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  @Test("asks for blocks of 16 KiB in order, the last one as long as what is left")
  func blocks() {
    var swarm = Swarm(pieces: 1, blocks: 3, lastLength: 40_000)
    swarm.arrive(first)
    let picked = swarm.pick(first, 10)
    #expect(
      picked == [
        BlockRequest(piece: 0, offset: 0, length: 16_384),
        BlockRequest(piece: 0, offset: 16_384, length: 16_384),
        BlockRequest(piece: 0, offset: 32_768, length: 7_232),
      ])
    #expect(swarm.pick(first, 10).isEmpty)
  }

  @Test("begins by chance, then takes the rarest")
  func rarest() {
    var starts: Set<Int> = []
    for seed in 0..<40 {
      var swarm = Swarm(pieces: 40, blocks: 1, seed: UInt64(seed))
      swarm.arrive(first)
      swarm.arrive(second, Array(0..<39))
      swarm.arrive(third, Array(0..<39))
      let picked = swarm.pick(first, 5).map(\.piece)
      starts.insert(picked[0])
      #expect(picked.contains(39))
      #expect(picked.firstIndex(of: 39) ?? 0 <= PiecePicker.randomPieces)
    }
    #expect(starts.count > 10)
  }

  @Test("finds the rarest piece of a peer that has few, among many pieces that it lacks")
  func sparse() {
    var swarm = Swarm(pieces: 5_000, blocks: 1)
    swarm.verify(0..<4)
    swarm.arrive(first, [4_000, 4_500, 4_999])
    swarm.arrive(second, [4_000, 4_999])
    swarm.arrive(third, Array(0..<4_400))
    #expect(swarm.pick(first, 3).map(\.piece) == [4_500, 4_999, 4_000])
  }

  @Test("takes one of the rarer pieces of a peer that has many, all of them common")
  func sampled() {
    var swarm = Swarm(pieces: 50_000, blocks: 1)
    swarm.verify(0..<4)
    swarm.arrive(first, Array(0..<20_000))
    swarm.arrive(second, Array(20_000..<50_000))
    swarm.arrive(third, Array(20_000..<50_000))
    swarm.arrive(PeerHandle(3), Array(25_000..<50_000))
    let picked = swarm.pick(second, 500)
    #expect(picked.count == 500)
    #expect(picked.allSatisfy { (20_000..<25_000).contains($0.piece) })
    // Pieces that the sample misses are found as well.
    swarm.arrive(PeerHandle(4), Array(48_000..<50_000))
    let common = swarm.pick(PeerHandle(4), 3_000)
    #expect(Set(common.map(\.piece)) == Set(48_000..<50_000))
  }

  @Test("takes pieces that a seed alone has before all others")
  func seedsOnly() {
    var swarm = Swarm(pieces: 8, blocks: 1)
    swarm.verify(0..<4)
    swarm.arrive(first)
    swarm.arrive(second, [4, 5, 7])
    #expect(swarm.picker.availability(of: 6) == 1)
    #expect(swarm.picker.availability(of: 7) == 2)
    #expect(swarm.pick(first, 1).map(\.piece) == [6])
  }

  @Test("gives fast peers whole pieces, and lets slow peers share one")
  func sharing() {
    var swarm = Swarm(pieces: 8, blocks: 8)
    swarm.verify(0..<4)
    for peer in [first, second, third] { swarm.arrive(peer) }
    // 128 KiB within 20 s need 6.6 kB/s.
    let fast = swarm.pick(first, 2, rate: 1_000_000)
    let alsoFast = swarm.pick(second, 2, rate: 900_000)
    #expect(Set(fast.map(\.piece)).isDisjoint(with: alsoFast.map(\.piece)))
    #expect(swarm.pick(first, 6, rate: 1_000_000).allSatisfy { $0.piece == fast[0].piece })
    let slow = swarm.pick(third, 2, rate: 1_000)
    #expect(!(fast + alsoFast).map(\.piece).contains(slow[0].piece))
    let alike = PeerHandle(3)
    swarm.arrive(alike)
    #expect(swarm.pick(alike, 2, rate: 3_000).map(\.piece) == slow.map(\.piece))
  }

  @Test("finishes what a peer left before it begins anything")
  func orphans() {
    var swarm = Swarm(pieces: 8, blocks: 8)
    swarm.verify(0..<4)
    swarm.arrive(first)
    swarm.arrive(second)
    let left = swarm.pick(first, 4, rate: 1_000_000)
    _ = swarm.picker.received(left[0], from: first)
    swarm.picker.releaseAll(of: first)
    let taken = swarm.pick(second, 8, rate: 1_000_000)
    #expect(taken.prefix(7).allSatisfy { $0.piece == left[0].piece })
    #expect(!taken.contains(left[0]))
    #expect(taken[7].piece != left[0].piece)
  }

  @Test("joins begun pieces rather than begin more than memory is for")
  func shareAbove() {
    var swarm = Swarm(pieces: 8, blocks: 8)
    swarm.verify(0..<4)
    swarm.picker.shareAbove = 16_384 * 8
    swarm.arrive(first)
    swarm.arrive(second)
    let begun = swarm.pick(first, 2, rate: 1_000_000)
    #expect(swarm.pick(second, 2, rate: 1_000_000).map(\.piece) == begun.map(\.piece))
  }

  @Test("keeps an exclusive peer's pieces from others, and others' from it")
  func exclusive() {
    var swarm = Swarm(pieces: 6, blocks: 4)
    swarm.verify(0..<4)
    swarm.arrive(first)
    swarm.arrive(second)
    swarm.arrive(third)
    let alone = swarm.pick(first, 1) { $0.isExclusive = true }
    let others = swarm.pick(second, 99)
    #expect(others.count == 4)
    #expect(others.allSatisfy { $0.piece != alone[0].piece })
    #expect(swarm.pick(third, 1) { $0.isExclusive = true }.isEmpty)
    swarm.picker.releaseAll(of: first)
    #expect(swarm.pick(second, 99).count == 4)
  }

  @Test("takes the most common pieces from a peer that is snubbed, from the end of the order")
  func snubbed() {
    var swarm = Swarm(pieces: 8, blocks: 1)
    swarm.verify(0..<4)
    swarm.arrive(first)
    swarm.arrive(second, [5])
    #expect(swarm.pick(first, 1) { $0.isSnubbed = true }.map(\.piece) == [5])
  }

  @Test("picks only allowed pieces while choked, and suggested ones first")
  func fast() {
    var swarm = Swarm(pieces: 12, blocks: 1)
    swarm.verify(0..<4)
    swarm.arrive(first)
    #expect(swarm.pick(first, 9) { $0.allowedOnly = [7, 2, 99, -1] }.map(\.piece) == [7])
    #expect(swarm.pick(first, 1) { $0.suggested = [99, 7, 9] }.map(\.piece) == [9])
  }

  @Test("begins pieces in order when sequential, and a piece that was lost comes first again")
  func sequential() {
    var swarm = Swarm(pieces: 300, blocks: 1)
    swarm.picker.isSequential = true
    swarm.arrive(first)
    #expect(swarm.pick(first, 3).map(\.piece) == [0, 1, 2])
    swarm.verify(0..<200)
    #expect(swarm.pick(first, 2).map(\.piece) == [200, 201])
    swarm.picker.pieceLost(100)
    #expect(swarm.pick(first, 2).map(\.piece) == [100, 202])
  }

  @Test("obeys priorities before rarity, and skips priority 0")
  func priorities() {
    var swarm = Swarm(pieces: 8, blocks: 1)
    swarm.verify(0..<4)
    swarm.arrive(first)
    swarm.arrive(second, [6])
    swarm.picker.setPriority(7, of: 6)
    swarm.picker.setPriority(0, of: 7)
    swarm.picker.setPriority(1, of: 5)
    #expect(swarm.pick(first, 9).map(\.piece) == [6, 4, 5])
    #expect(!swarm.picker.isInteresting(Bitfield(set: [7], of: 8)))
    swarm.picker.setPriority(4, of: 7)
    #expect(swarm.pick(first, 9).map(\.piece) == [7])
  }

  @Test("fetches pieces with deadlines first, and asks for late ones twice")
  func deadlines() {
    var swarm = Swarm(pieces: 20, blocks: 2)
    swarm.arrive(first)
    swarm.arrive(second)
    swarm.picker.setDeadline(start + .seconds(20), of: 17)
    swarm.picker.setDeadline(start + .seconds(10), of: 18)
    swarm.picker.setDeadline(start + .seconds(5), of: 3)
    swarm.picker.setDeadline(nil, of: 3)
    let urgent = swarm.pick(first, 4, at: start)
    #expect(urgent.map(\.piece) == [18, 18, 17, 17])
    #expect(swarm.pick(second, 1, at: start + .seconds(9)).allSatisfy { $0.piece < 17 })
    let late = swarm.pick(second, 1, at: start + .seconds(10))
    #expect(late == [urgent[0]])
    #expect(swarm.pick(second, 1, at: start + .seconds(11)).allSatisfy { $0.piece < 17 })
    #expect(swarm.picker.received(late[0], from: second).cancels == [first])
  }

  @Test("begins the piece that the strategy values most among the rarest")
  func values() {
    var swarm = Swarm(pieces: 30, blocks: 1)
    swarm.verify(0..<4)
    swarm.arrive(first)
    let picked = swarm.pick(first, 2) {
      $0.value = { piece in piece == 21 || piece == 11 ? piece : 0 }
    }
    #expect(picked.map(\.piece) == [21, 11])
  }

  @Test("at the end asks one duplicate a peer at a time, and tells whom to cancel")
  func endGame() {
    var swarm = Swarm(pieces: 2, blocks: 2)
    for peer in [first, second, third] { swarm.arrive(peer) }
    #expect(swarm.pick(first, 4).count == 4)
    #expect(swarm.picker.isEndGame)
    let again = swarm.pick(second, 4)
    #expect(again.count == 1)
    #expect(swarm.pick(second, 4).isEmpty)
    #expect(swarm.pick(third, 4) { $0.isIdle = false }.isEmpty)
    let other = swarm.pick(third, 4)
    #expect(other.count == 1 && other != again)
    #expect(swarm.picker.received(again[0], from: second).cancels == [first])
    #expect(swarm.picker.received(again[0], from: first) == BlockOutcome(kind: .duplicate))
    // The first peer leaves: the second request for a block takes the first one's place.
    swarm.picker.releaseAll(of: first)
    #expect(swarm.picker.isRequested(other[0], of: third))
    #expect(swarm.pick(second, 4).count == 2)
  }

  @Test("takes a missing block from whoever sends it, and nothing that is not a block")
  func unasked() {
    var swarm = Swarm(pieces: 4, blocks: 2)
    swarm.arrive(first)
    let block = BlockRequest(piece: 3, offset: 16_384, length: 16_384)
    #expect(swarm.picker.received(block, from: first).kind == .wanted)
    #expect(swarm.picker.received(block, from: second).kind == .duplicate)
    #expect(!swarm.pick(first, 99).contains(block))
    swarm.picker.setPriority(0, of: 2)
    for wrong in [
      BlockRequest(piece: 4, offset: 0, length: 16_384),
      BlockRequest(piece: -1, offset: 0, length: 16_384),
      BlockRequest(piece: 1, offset: 32_768, length: 16_384),
      BlockRequest(piece: 1, offset: 1, length: 16_384),
      BlockRequest(piece: 1, offset: -16_384, length: 16_384),
      BlockRequest(piece: 1, offset: 0, length: 16_383),
      BlockRequest(piece: 1, offset: .max - 16_383, length: 16_384),
      BlockRequest(piece: 1, offset: 0, length: 0),
    ] {
      #expect(swarm.picker.received(wrong, from: first).kind == .unexpected)
      swarm.picker.release(wrong, of: first)
    }
  }

  @Test("knows who sent which block of a failed piece, and fetches the bad ones anew")
  func failed() {
    var swarm = Swarm(pieces: 1, blocks: 3)
    swarm.arrive(first)
    swarm.arrive(second)
    let mine = swarm.pick(first, 2)
    let others = swarm.pick(second, 1)
    for block in mine { _ = swarm.picker.received(block, from: first) }
    #expect(swarm.picker.received(others[0], from: second).completesPiece)
    #expect(swarm.picker.senders(of: 0) == [first, first, second])
    swarm.picker.pieceFailed(0, badBlocks: [1])
    #expect(swarm.picker.senders(of: 0) == [first, nil, second])
    #expect(swarm.pick(second, 9) == [mine[1]])
    #expect(swarm.picker.received(mine[1], from: second).completesPiece)
    swarm.picker.pieceFailed(0, badBlocks: [])
    #expect(swarm.picker.senders(of: 0).isEmpty)
    #expect(swarm.pick(first, 9).count == 3)
  }

  @Test("counts a piece of padding alone as verified")
  func padding() {
    var random = SeededGenerator(seed: 1)
    let lengths = [16_384, 0, 10]
    let picker = PiecePicker(pieceCount: 3, length: { lengths[$0] }, using: &random)
    #expect(picker.have == Bitfield(set: [1], of: 3))
    #expect(picker.wanted == Bitfield(set: [0, 2], of: 3))
  }

  @Test("goes on with the blocks that an earlier run left")
  func restored() {
    var swarm = Swarm(pieces: 2, blocks: 3)
    swarm.arrive(first)
    #expect(swarm.picker.restore(1, blocks: Bitfield(set: [0, 2], of: 3)) == false)
    #expect(swarm.picker.restore(1, blocks: Bitfield(set: [1], of: 3)) == false)
    #expect(swarm.picker.restore(0, blocks: Bitfield(set: [1], of: 2)) == false)
    let picked = swarm.pick(first, 1)
    #expect(picked == [BlockRequest(piece: 1, offset: 16_384, length: 16_384)])
    #expect(swarm.picker.receivedBlocks(of: 1) == Bitfield(set: [0, 2], of: 3))
    #expect(swarm.picker.received(picked[0], from: first).completesPiece)
    #expect(swarm.picker.senders(of: 1) == [nil, first, nil])
    #expect(swarm.picker.restore(0, blocks: Bitfield(bitCount: 3, filled: true)) == true)
  }

  @Test("holds 200 000 pieces, and every peer's having them, until the last")
  func large() {
    var swarm = Swarm(pieces: 200_000, blocks: 1)
    swarm.arrive(first)
    swarm.arrive(second, Array(0..<150_000))
    swarm.arrive(third, Array(stride(from: 0, to: 200_000, by: 100)))
    var count = 0
    while case let requests = swarm.pick(first, 500), !requests.isEmpty {
      for request in requests {
        count += swarm.picker.received(request, from: first).completesPiece ? 1 : 0
        swarm.picker.pieceVerified(request.piece)
      }
    }
    #expect(count == 200_000)
    #expect(swarm.picker.isDone)
  }
}

/// A picker with peers, for the tests' brevity.
private struct Swarm {
  var picker: PiecePicker
  private var random: SeededGenerator
  private var peers: [PeerHandle: Bitfield] = [:]

  init(pieces: Int, blocks: Int, lastLength: Int? = nil, seed: UInt64 = 1) {
    random = SeededGenerator(seed: seed)
    picker = PiecePicker(
      pieceCount: pieces,
      length: { $0 == pieces - 1 ? lastLength ?? blocks * 16_384 : blocks * 16_384 },
      using: &random)
  }

  mutating func arrive(_ peer: PeerHandle, _ pieces: [Int]? = nil) {
    let count = picker.pieceCount
    let has =
      pieces.map { Bitfield(set: $0, of: count) } ?? Bitfield(bitCount: count, filled: true)
    peers[peer] = has
    picker.peerArrived(peer, having: has)
  }

  mutating func verify(_ pieces: Range<Int>) {
    for piece in pieces { picker.pieceVerified(piece) }
  }

  mutating func pick(
    _ peer: PeerHandle, _ count: Int, rate: Int = 0, at now: NIODeadline = .uptimeNanoseconds(0),
    _ adjust: (inout PickOptions) -> Void = { _ in }
  ) -> [BlockRequest] {
    var options = PickOptions(count: count)
    options.downloadRate = rate
    adjust(&options)
    var requests: [BlockRequest] = []
    picker.pick(
      for: peer, having: peers[peer] ?? Bitfield(bitCount: 0), options, at: now, using: &random,
      into: &requests)
    return requests
  }
}

extension Bitfield {
  init(set pieces: [Int], of count: Int) {
    self.init(bitCount: count)
    for piece in pieces { insert(piece) }
  }
}
