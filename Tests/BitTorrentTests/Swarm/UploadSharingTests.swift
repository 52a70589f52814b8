internal import BitTorrent
internal import NIOCore
internal import Testing

@Suite("Peers that share a limited upload rate by weight")
struct UploadSharingTests {
  let torrent: TestTorrent
  init() throws { torrent = try TestTorrent(pieces: 200) }

  /// Serves leeches of these weights for some time, and tells how many blocks each got.
  ///
  /// With `firstWaits` the first asks for nothing until half of the time is over.
  private func serve(
    weights: [Int], limit blocksPerSecond: Int, seconds: Int, firstWaits: Bool = false
  ) throws -> [Int] {
    let strategy = ScriptedStrategy()
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    let limit = RateLimiter(rate: blocksPerSecond * BlockRequest.blockLength, at: start)
    let bench = try CoreBench(
      torrent, have: torrent.full, uploadLimits: [limit], strategy: strategy)
    let peers = try weights.enumerated().map { index, weight in
      let peer = try bench.connect(UInt8(index + 1))
      strategy.tiers[peer] = 0
      strategy.weights[peer] = weight
      bench.from(peer, .haveNone)
      bench.from(peer, .interested)
      return peer
    }
    let blocks = (0..<200).flatMap { torrent.blocks(of: $0) }
    var counts = [Int](repeating: 0, count: peers.count)
    var next = [Int](repeating: 0, count: peers.count)
    for step in 0..<(seconds * 2) {
      for (index, peer) in peers.enumerated() {
        if firstWaits, index == 0, step < seconds { continue }
        // As many as there are places for in its queue, again and again.
        while next[index] - counts[index] < 64 {
          bench.from(peer, .request(blocks[next[index] % blocks.count]))
          next[index] += 1
          take(bench.take(), peers, &counts, bench)
        }
      }
      take(bench.pass(.milliseconds(500)), peers, &counts, bench)
    }
    return counts
  }

  private func take(
    _ actions: [TorrentAction], _ peers: [PeerHandle], _ counts: inout [Int], _ bench: CoreBench
  ) {
    var actions = actions
    while !actions.isEmpty {
      var following: [TorrentAction] = []
      for (index, peer) in peers.enumerated() {
        let sent = actions.uploads(to: peer)
        counts[index] += sent.count
        for block in sent { following += bench.tell(.uploaded(peer, block)) }
      }
      actions = following
    }
  }

  @Test(
    "gets each its part of it, and all of it together",
    arguments: [[1, 1], [4, 1], [12, 1, 1, 1], [1, 1_000]])
  func byWeight(_ weights: [Int]) throws {
    let counts = try serve(weights: weights, limit: 40, seconds: 50)
    let sum = counts.reduce(0, +)
    #expect((1_900...2_060).contains(sum), "\(counts)")
    let weight = weights.reduce(0, +)
    for (count, own) in zip(counts, weights) {
      #expect(abs(count - sum * own / weight) <= sum / 50, "\(counts)")
    }
  }

  @Test("leaves nothing unused while somebody wants it, and owes nothing to who did not")
  func isWorkConserving() throws {
    let counts = try serve(weights: [4, 1], limit: 40, seconds: 50, firstWaits: true)
    let sum = counts.reduce(0, +)
    #expect((1_900...2_060).contains(sum), "\(counts)")
    // Half of the time alone, then a fifth.
    #expect(abs(counts[1] - sum * 6 / 10) <= sum / 25, "\(counts)")
  }
}
