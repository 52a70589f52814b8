import BitTorrent
import Metainfo
import TestSupport
import Testing

@Suite("TrackerList")
struct TrackerListTests {
  private static func url(_ name: String) throws -> TrackerURL {
    try #require(TrackerURL("http://\(name).example/announce"))
  }

  private static func list(
    _ tiers: [[String]], hashes: [SHA1Hash] = [.zero], seed: UInt64 = 1
  ) throws -> TrackerList {
    var random = SeededGenerator(seed: seed)
    return TrackerList(
      tiers: try tiers.map { try $0.map(url) }, infoHashes: hashes, using: &random)
  }

  private static func answer(
    interval: Int? = nil, minimum: Int? = nil
  ) -> Result<TrackerAnswer, TrackerFailure> {
    var answer = TrackerAnswer()
    answer.interval = interval.map { .seconds($0) }
    answer.minimumInterval = minimum.map { .seconds($0) }
    return .success(answer)
  }

  private static func name(_ announce: TrackerList.Announce) -> String {
    String(announce.url.host.prefix { $0 != "." })
  }

  @Test("The first announce is due at once, and says that we started")
  func first() throws {
    var list = try Self.list([["a"]])
    #expect(list.deadline == .zero)
    let announces = list.next(at: .seconds(7))
    #expect(announces.map(\.event) == [.started])
    // One at a time.
    #expect(list.next(at: .seconds(8)).isEmpty)
    #expect(list.deadline == nil)
  }

  @Test(
    "Intervals are clamped",
    arguments: [
      (0, nil, 300), (60, nil, 300), (1_800, nil, 1_800), (nil, nil, 1_800), (600, 900, 900),
      (604_800, nil, 86_400),
    ] as [(Int?, Int?, Int)])
  func intervals(_ interval: Int?, _ minimum: Int?, _ expected: Int) throws {
    var list = try Self.list([["a"]])
    let announce = try #require(list.next(at: .seconds(10)).first)
    list.ended(announce, Self.answer(interval: interval, minimum: minimum), at: .seconds(10))
    #expect(list.deadline == .seconds(10 + expected))
    #expect(list.next(at: .seconds(9 + expected)).isEmpty)
    #expect(list.next(at: .seconds(10 + expected)).map(\.event) == [nil])
  }

  @Test("Within a tier the order is chance, tiers keep theirs")
  func shuffled() throws {
    var firsts: Set<String> = []
    for seed in 0..<40 {
      var list = try Self.list([["a", "b", "c"], ["z"]], seed: UInt64(seed))
      firsts.insert(Self.name(try #require(list.next(at: .zero).first)))
    }
    #expect(firsts == ["a", "b", "c"])
  }

  @Test("The next tracker is tried at once when one fails, the next tier when all of one did")
  func failover() throws {
    var list = try Self.list([["a", "b"], ["z"]])
    var tried: [String] = []
    for _ in 0..<3 {
      let announce = try #require(list.next(at: .seconds(1)).first)
      tried.append(Self.name(announce))
      #expect(announce.event == .started)
      list.ended(announce, .failure(.timedOut), at: .seconds(1))
    }
    #expect(Set(tried[..<2]) == ["a", "b"])
    #expect(tried[2] == "z")
    #expect(list.next(at: .seconds(1)).isEmpty)
    #expect(list.deadline == .seconds(16))
  }

  @Test("A tracker that answers goes to the front of its tier, and later tiers wait again")
  func front() throws {
    var list = try Self.list([["a", "b", "c"], ["z"]])
    let first = try #require(list.next(at: .zero).first)
    list.ended(first, .failure(.malformed), at: .zero)
    let second = try #require(list.next(at: .zero).first)
    list.ended(second, Self.answer(interval: 1_800), at: .zero)
    for turn in 1...3 {
      let again = try #require(list.next(at: .seconds(1_800 * turn)).first)
      #expect(again.url == second.url)
      #expect(again.event == nil)
      list.ended(again, Self.answer(interval: 1_800), at: .seconds(1_800 * turn))
    }
    #expect(list.statuses.first?.url == second.url)
    #expect(list.statuses.first?.isWorking == true)
    #expect(list.statuses.contains { $0.url == first.url && $0.failure == .malformed })
  }

  @Test("A tracker that goes on failing is left alone twice as long each time, up to an hour")
  func backOff() throws {
    var list = try Self.list([["a"]])
    var waits: [Duration] = []
    var now = Duration.zero
    for _ in 0..<12 {
      let announce = try #require(list.next(at: now).first)
      list.ended(announce, .failure(.timedOut), at: now)
      #expect(list.next(at: now).isEmpty)
      let deadline = try #require(list.deadline)
      waits.append(deadline - now)
      now = deadline
    }
    #expect(
      waits
        == [15, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600].map {
          .seconds($0)
        })
  }

  @Test("A tracker says itself when it wants to be asked again, or never")
  func retry() throws {
    var list = try Self.list([["a"]])
    let first = try #require(list.next(at: .zero).first)
    list.ended(first, .failure(.refused("later", retry: .after(.seconds(600)))), at: .zero)
    #expect(list.next(at: .zero).isEmpty)
    #expect(list.deadline == .seconds(600))
    let second = try #require(list.next(at: .seconds(600)).first)
    list.ended(second, .failure(.refused("gone", retry: .never)), at: .seconds(600))
    #expect(list.next(at: .seconds(600)).isEmpty)
    #expect(list.deadline == nil)
    list.wantPeers(at: .seconds(601))
    list.complete(at: .seconds(601))
    #expect(list.next(at: .seconds(100_000)).isEmpty)
  }

  @Test("Want of peers brings the next announce forward, but not before the tracker allows")
  func wantPeers() throws {
    for (minimum, expected) in [(nil, 60), (400, 400)] as [(Int?, Int)] {
      var list = try Self.list([["a"]])
      let announce = try #require(list.next(at: .zero).first)
      // Also when it is felt while an answer is awaited.
      list.wantPeers(at: .zero)
      list.ended(announce, Self.answer(interval: 1_800, minimum: minimum), at: .zero)
      #expect(list.deadline == .seconds(expected))
      list.wantPeers(at: .seconds(1))
      #expect(list.deadline == .seconds(expected))
      let next = try #require(list.next(at: .seconds(expected)).first)
      #expect(next.event == nil)
      list.ended(next, Self.answer(interval: 1_800), at: .seconds(expected))
      #expect(list.deadline == .seconds(expected + 1_800))
      list.wantPeers(at: .seconds(expected + 1_000))
      #expect(list.deadline == .seconds(expected + 1_000))
    }
  }

  @Test("The end of a download is told at once, and once")
  func completed() throws {
    var list = try Self.list([["a"]])
    let first = try #require(list.next(at: .zero).first)
    // While an answer is awaited: right after it.
    list.complete(at: .seconds(1))
    list.ended(first, Self.answer(interval: 1_800), at: .seconds(2))
    let second = try #require(list.next(at: .seconds(2)).first)
    #expect(second.event == .completed)
    list.ended(second, Self.answer(interval: 1_800), at: .seconds(2))
    let third = try #require(list.next(at: .seconds(1_802)).first)
    #expect(third.event == nil)
  }

  @Test("A tracker that is new to us hears that we started before it hears of the end")
  func completedElsewhere() throws {
    var list = try Self.list([["a"], ["b"]])
    let first = try #require(list.next(at: .zero).first)
    list.ended(first, Self.answer(interval: 1_800), at: .zero)
    list.complete(at: .seconds(1))
    let second = try #require(list.next(at: .seconds(1)).first)
    list.ended(second, .failure(.timedOut), at: .seconds(1))
    var events: [TrackerAnnounce.Event?] = []
    for _ in 0..<2 {
      let announce = try #require(list.next(at: .seconds(1)).first)
      #expect(Self.name(announce) == "b")
      events.append(announce.event)
      list.ended(announce, Self.answer(interval: 1_800), at: .seconds(1))
    }
    #expect(events == [.started, .completed])
  }

  @Test("Who leaves tells every tracker that counts us, and those that are being told of us")
  func stop() throws {
    var list = try Self.list([["a"], ["b"], ["c"]])
    let first = try #require(list.next(at: .zero).first)
    list.ended(first, Self.answer(interval: 1_800), at: .zero)
    let second = try #require(list.next(at: .seconds(1_800)).first)
    list.ended(second, .failure(.timedOut), at: .seconds(1_800))
    _ = list.next(at: .seconds(1_800))
    let last = list.stop()
    #expect(Set(last.map(Self.name)) == ["a", "b"])
    #expect(last.allSatisfy { $0.event == .stopped })
    #expect(list.stop().isEmpty)
    #expect(list.deadline == nil)
    #expect(list.next(at: .seconds(9_999)).isEmpty)
  }

  @Test("Each infohash of a hybrid is announced on its own, also one that is learned later")
  func hybrid() throws {
    let v2 = SHA1Hash(hashing: [2])
    var list = try Self.list([["a"]])
    let first = try #require(list.next(at: .zero).first)
    list.ended(first, Self.answer(interval: 1_800), at: .zero)
    list.add(v2)
    list.add(v2)
    let second = list.next(at: .seconds(1))
    #expect(second.map(\.infoHash) == [v2])
    #expect(second.map(\.event) == [.started])
    list.ended(second[0], .failure(.timedOut), at: .seconds(1))
    #expect(list.next(at: .seconds(1)).isEmpty)
    #expect(list.deadline == .seconds(16))
    #expect(list.statuses.count == 2)
  }

  @Test("What a tracker wants to hear again, it hears")
  func trackerID() throws {
    var list = try Self.list([["a"]])
    let first = try #require(list.next(at: .zero).first)
    #expect(first.trackerID == nil)
    var answer = TrackerAnswer()
    answer.trackerID = [7]
    list.ended(first, .success(answer), at: .zero)
    let second = try #require(list.next(at: .seconds(1_800)).first)
    #expect(second.trackerID == [7])
    list.ended(second, Self.answer(), at: .seconds(1_800))
    #expect(list.stop().map(\.trackerID) == [[7]])
  }

  @Test("A tracker that is named twice counts once, and there is a limit to them")
  func bounded() throws {
    let many = (0..<200).map { "t\($0)" }
    #expect(try Self.list([["a", "b"], ["a"], []]).statuses.count == 2)
    #expect(try Self.list([many]).statuses.count == TrackerList.maximumTrackers)
    #expect(try Self.list([]).deadline == nil)
  }
}
