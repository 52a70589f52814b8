internal import BitTorrent
internal import Metainfo
internal import TestSupport
internal import Testing

@Suite("The queue of torrents")
struct TorrentQueueTests {
  private static func id(_ number: Int) -> SHA1Hash { SHA1Hash(hashing: [UInt8(number)]) }

  private static func queue(_ count: Int, downloads: Int? = 2, seeds: Int? = nil) -> TorrentQueue {
    var queue = TorrentQueue()
    queue.limits.downloads = downloads
    queue.limits.seeds = seeds
    for number in 0..<count { queue.add(id(number), .init()) }
    return queue
  }

  private static func ids(_ numbers: Int...) -> Set<SHA1Hash> { Set(numbers.map(id)) }

  @Test("lets the first downloads run, as many as the limit says")
  func downloads() {
    var queue = Self.queue(4)
    #expect(queue.admitted() == Self.ids(0, 1))
    queue.limits.downloads = 3
    #expect(queue.admitted() == Self.ids(0, 1, 2))
    queue.limits.downloads = nil
    #expect(queue.admitted().count == 4)
  }

  @Test("counts complete torrents apart from downloads")
  func seeds() {
    var queue = Self.queue(5, downloads: 1, seeds: 1)
    for number in [0, 1] { queue.update(Self.id(number)) { $0.isComplete = true } }
    #expect(queue.admitted() == Self.ids(0, 2))
  }

  @Test("gives the place of one that pauses, completes, or goes to the next")
  func places() {
    var queue = Self.queue(4, downloads: 1)
    queue.update(Self.id(0)) { $0.isPaused = true }
    #expect(queue.admitted() == Self.ids(1))
    queue.update(Self.id(1)) { $0.isComplete = true }
    #expect(queue.admitted() == Self.ids(1, 2))
    queue.remove(Self.id(2))
    #expect(queue.admitted() == Self.ids(1, 3))
    queue.update(Self.id(0)) { $0.isPaused = false }
    #expect(queue.admitted() == Self.ids(0, 1))
  }

  @Test("does not count those in which nothing moves, until all that may run do")
  func idle() {
    var queue = Self.queue(6, downloads: 1)
    queue.limits.all = 3
    for number in 0..<5 { queue.update(Self.id(number)) { $0.isIdle = true } }
    #expect(queue.admitted() == Self.ids(0, 1, 2))
    queue.update(Self.id(0)) { $0.isIdle = false }
    #expect(queue.admitted() == Self.ids(0))
  }

  @Test("lets a forced one run whatever the limits, and one asleep cost nothing")
  func forced() {
    var queue = Self.queue(4, downloads: 1, seeds: 1)
    queue.limits.all = 2
    queue.update(Self.id(3)) { $0.isForced = true }
    #expect(queue.admitted() == Self.ids(0, 3))
    queue.update(Self.id(3)) { $0.isPaused = true }
    #expect(queue.admitted() == Self.ids(0))
    for number in [1, 2] {
      queue.update(Self.id(number)) {
        $0.isComplete = true
        $0.isAsleep = true
      }
    }
    #expect(queue.admitted() == Self.ids(0, 1, 2))
  }

  @Test("moves torrents, and tells whose rank changed")
  func moving() {
    var queue = Self.queue(4)
    #expect(queue.move(Self.id(2), .up) == [Self.id(2), Self.id(1)])
    #expect(queue.order == [0, 2, 1, 3].map(Self.id))
    #expect(queue.move(Self.id(3), .top) == [Self.id(3)])
    #expect(queue.order == [3, 0, 2, 1].map(Self.id))
    #expect(queue.move(Self.id(0), .bottom) == [Self.id(0)])
    #expect(queue.order == [3, 2, 1, 0].map(Self.id))
    #expect(queue.move(Self.id(3), .down) == [Self.id(3), Self.id(2)])
    #expect(queue.order == [2, 3, 1, 0].map(Self.id))
    #expect(queue.move(Self.id(2), .top).isEmpty)
    #expect(queue.move(Self.id(2), .up).isEmpty)
    #expect(queue.move(Self.id(0), .bottom).isEmpty)
    #expect(queue.move(Self.id(0), .down).isEmpty)
    #expect(queue.move(Self.id(9), .top).isEmpty)
  }

  @Test("has the order of a list with it, by random moves")
  func likeList() throws {
    let seed = UInt64.random(in: .min ... .max)
    var random = TestSupport.SeededGenerator(seed: seed)
    var queue = TorrentQueue()
    var list: [SHA1Hash] = []
    for step in 0..<2_000 {
      let id = Self.id(Int.random(in: 0..<40, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0, 1:
        queue.add(id, .init())
        if !list.contains(id) { list.append(id) }
      case 2:
        queue.remove(id)
        list.removeAll { $0 == id }
      default:
        let move = try #require(TorrentQueue.Move.allCases.randomElement(using: &random))
        _ = queue.move(id, move)
        guard let index = list.firstIndex(of: id) else { break }
        switch move {
        case .top: list.insert(list.remove(at: index), at: 0)
        case .bottom: list.append(list.remove(at: index))
        case .up where index > 0: list.swapAt(index, index - 1)
        case .down where index < list.count - 1: list.swapAt(index, index + 1)
        case .up, .down: break
        }
      }
      try #require(queue.order == list, "seed \(seed), step \(step)")
      // What is kept is only the rank: it alone must give the order again.
      let ranks = list.map { queue[$0]?.rank ?? 0 }
      try #require(ranks == ranks.sorted() && Set(ranks).count == ranks.count, "seed \(seed)")
      try #require(list.indices.allSatisfy { queue.position(of: list[$0]) == $0 }, "seed \(seed)")
    }
  }

  @Test("puts torrents of an earlier session where they were, and repairs a rank given twice")
  func restored() {
    var queue = TorrentQueue()
    queue.add(Self.id(0), .init(), rank: 5)
    queue.add(Self.id(1), .init(), rank: -2)
    queue.add(Self.id(2), .init(), rank: 5)
    queue.add(Self.id(3), .init())
    #expect(queue.order == [1, 0, 2, 3].map(Self.id))
    #expect([0, 1, 2, 3].compactMap { queue.position(of: Self.id($0)) } == [1, 0, 2, 3])
  }
}
