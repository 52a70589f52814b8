import BitTorrent
import NIOCore
import TestSupport
import Testing

@Suite("Choker")
struct ChokerTests {
  @Test("gives free slots at once, and no more than there are")
  func freeSlots() {
    var contest = Contest(slots: 3, peers: 5)
    contest.update()
    #expect(contest.unchoked.count == 3)
    contest.update(after: .seconds(1))
    #expect(contest.changes.isEmpty)
    let leaving = contest.unchoked[0]
    contest.candidates.removeAll { $0.peer == leaving }
    contest.update(after: .milliseconds(1))
    #expect(contest.changes.count == 1)
    #expect(contest.changes.allSatisfy { $0.isUnchoked })
  }

  @Test("gives no slot to who wants nothing, but keeps one that is held till the round ends")
  func interest() {
    var contest = Contest(slots: 1, peers: 2)
    contest.candidates[0].isInterested = false
    contest.update()
    #expect(contest.unchoked == [PeerHandle(1)])
    contest.candidates[0].isInterested = true
    contest.candidates[1].isInterested = false
    contest.update(after: .seconds(1))
    #expect(contest.unchoked == [PeerHandle(0), PeerHandle(1)])
    contest.update(after: .seconds(10))
    #expect(contest.unchoked == [PeerHandle(0)])
  }

  @Test("while leeching gives slots to those who gave most in the last round, and one by turns")
  func tradesForData() {
    var contest = Contest(slots: 4, peers: 10)
    contest.update()
    for round in 1...40 {
      for index in 0..<10 { contest.candidates[index].downloaded += index * 1_000_000 }
      contest.update(after: .seconds(10))
      #expect(contest.unchoked.count == 4)
      if round > 1 {
        #expect(Set(contest.unchoked).isSuperset(of: [7, 8, 9].map(PeerHandle.init)))
      }
    }
    // 400 s are 13 optimistic turns: each of the 7 others had one.
    #expect(contest.everUnchoked.count == 10)
  }

  @Test("gives nothing for data to a peer that lets our requests wait")
  func snubbing() {
    var contest = Contest(slots: 2, peers: 3)
    contest.candidates[2].isSnubbing = true
    for _ in 0..<2 {
      contest.candidates[0].downloaded += 5_000
      contest.candidates[2].downloaded += 9_000_000
      contest.update(after: .seconds(10))
    }
    #expect(contest.unchoked.contains(PeerHandle(0)))
  }

  @Test("keeps slots as they are when nobody gives anything")
  func noFibrillation() {
    var contest = Contest(slots: 5, peers: 5)
    contest.update()
    contest.update(after: .seconds(10))
    contest.update(after: .seconds(10))
    #expect(contest.changes.isEmpty)
  }

  @Test("while seeding serves each for its turn, then whoever waited longest")
  func roundRobin() {
    var contest = Contest(slots: 2, peers: 6, isSeeding: true)
    contest.update()
    var rounds: [PeerHandle: Int] = [:]
    for _ in 0..<360 {
      for index in contest.candidates.indices
      where contest.choker.isUnchoked(contest.candidates[index].peer) {
        contest.candidates[index].uploaded += 10 << 20
        rounds[contest.candidates[index].peer, default: 0] += 1
      }
      contest.update(after: .seconds(10))
    }
    #expect(rounds.count == 6)
    #expect((rounds.values.min() ?? 0) * 2 >= rounds.values.max() ?? 1)
  }

  @Test("while seeding prefers by rule", arguments: [Choker.SeedRule.fastest, .endsFirst])
  func seedRules(rule: Choker.SeedRule) {
    var contest = Contest(slots: 5, peers: 10, isSeeding: true, rule: rule)
    for index in 0..<10 { contest.candidates[index].progress = index * 111 }
    for _ in 0..<12 {
      for index in 0..<10 { contest.candidates[index].uploaded += index * 1_000_000 }
      contest.update(after: .seconds(10))
    }
    let expected = rule == .fastest ? [6, 7, 8, 9] : [0, 1, 8, 9]
    #expect(Set(contest.unchoked).isSuperset(of: expected.map(PeerHandle.init)))
  }

  @Test("adds slots while each next one takes 2 KiB/s more than was asked of the one before")
  func growth() {
    var contest = Contest(slots: 2, peers: 60, isSeeding: true)
    for _ in 0..<40 {
      for index in contest.candidates.indices
      where contest.choker.isUnchoked(contest.candidates[index].peer) {
        contest.candidates[index].uploaded += 10_000 * 10
      }
      contest.update(after: .seconds(10))
    }
    // 1 024 + 2 048 n ≤ 10 000 holds for n < 5.
    #expect(contest.choker.slots == 6)
    #expect(contest.unchoked.count == 6)
  }

  @Test("follows the strategy's ranks at once")
  func ranks() {
    var contest = Contest(slots: 1, peers: 3)
    contest.candidates[1].rank = UploadRank(tier: 1)
    contest.update()
    #expect(contest.unchoked == [PeerHandle(1)])
    contest.candidates[2].rank = UploadRank(tier: 2)
    contest.update(after: .milliseconds(1))
    #expect(contest.changes.isEmpty)
    contest.update(after: .milliseconds(1), anew: true)
    #expect(contest.unchoked == [PeerHandle(2)])
    contest.candidates[2].rank = UploadRank(tier: -1)
    contest.update(after: .milliseconds(1))
    #expect(contest.unchoked == [PeerHandle(1)])
    #expect(contest.changes.map(\.isUnchoked) == [false, true])
  }

  @Test("says every change once, and never gives more slots than there are")
  func properties() {
    var random = SeededGenerator()
    for _ in 0..<60 {
      var contest = Contest(slots: Int.random(in: 1...9, using: &random), peers: 0)
      contest.isSeeding = Bool.random(using: &random)
      for step in 0..<60 {
        if contest.candidates.count < 20 { contest.add(PeerHandle(step)) }
        if Int.random(in: 0..<4, using: &random) == 0 {
          contest.candidates.removeAll { _ in Int.random(in: 0..<9, using: &random) == 0 }
        }
        for index in contest.candidates.indices {
          contest.candidates[index].isInterested = Int.random(in: 0..<3, using: &random) > 0
          contest.candidates[index].downloaded += Int.random(in: 0...9_999, using: &random)
          contest.candidates[index].uploaded += Int.random(in: 0...9_999, using: &random)
        }
        let before = Set(contest.unchoked)
        contest.update(after: .milliseconds(Int64.random(in: 0...12_000, using: &random)))
        for change in contest.changes {
          #expect(before.contains(change.peer) != change.isUnchoked, "seed \(random.seed)")
        }
        #expect(Set(contest.changes.map(\.peer)).count == contest.changes.count)
        let interested = contest.candidates.filter(\.isInterested)
        let served = interested.count { contest.choker.isUnchoked($0.peer) }
        let isFair = served >= min(contest.choker.slots, interested.count)
        #expect(isFair, "seed \(random.seed)")
      }
    }
  }
}

/// A choker with candidates and a clock.
private struct Contest {
  var choker: Choker
  var candidates: [UploadCandidate] = []
  var isSeeding: Bool
  var changes: [SlotChange] = []
  var everUnchoked: Set<PeerHandle> = []
  private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private var random = SeededGenerator(seed: 7)

  init(slots: Int, peers: Int, isSeeding: Bool = false, rule: Choker.SeedRule = .roundRobin) {
    var configuration = Choker.Configuration()
    configuration.slots = slots
    configuration.seedRule = rule
    choker = Choker(configuration: configuration, at: now)
    self.isSeeding = isSeeding
    for number in 0..<peers { add(PeerHandle(number)) }
  }

  var unchoked: [PeerHandle] {
    candidates.map(\.peer).filter { choker.isUnchoked($0) }
  }

  mutating func add(_ peer: PeerHandle) {
    var candidate = UploadCandidate(peer: peer)
    candidate.isInterested = true
    candidates.append(candidate)
  }

  mutating func update(after time: TimeAmount = .zero, anew: Bool = false) {
    now = now + time
    changes = []
    choker.update(
      candidates, isSeeding: isSeeding, anew: anew, at: now, using: &random, into: &changes)
    everUnchoked.formUnion(unchoked)
  }
}
