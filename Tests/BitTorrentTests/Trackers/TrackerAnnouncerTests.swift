import BitTorrent
import Metainfo
import Synchronization
import TestSupport
import Testing

@Suite("TrackerAnnouncer")
struct TrackerAnnouncerTests {
  /// Trackers that answer as they are told to, and keep what they were told.
  private final class Trackers: TrackerTransport {
    let announces = Mutex<[(TrackerURL, TrackerAnnounce)]>([])
    // Trackers whose answers never come.
    let silent: Set<String>
    let failing: Set<String>

    init(silent: Set<String> = [], failing: Set<String> = []) {
      self.silent = silent
      self.failing = failing
    }

    var events: [TrackerAnnounce.Event?] { announces.withLock { $0.map(\.1.event) } }

    func announce(
      _ announce: TrackerAnnounce, to tracker: TrackerURL
    ) async throws(TrackerFailure) -> TrackerAnswer {
      announces.withLock { $0.append((tracker, announce)) }
      if silent.contains(tracker.host) {
        do { try await Task.sleep(for: .seconds(3_600)) } catch { throw .cancelled }
      }
      if failing.contains(tracker.host) { throw .status(500) }
      var answer = TrackerAnswer()
      answer.peers = [PeerAddress(ipv4: 0x0102_0304, port: 5)]
      answer.interval = .seconds(1_800)
      return answer
    }

    func scrape(
      _ infoHashes: [SHA1Hash], at tracker: TrackerURL
    ) async throws(TrackerFailure) -> [SHA1Hash: TrackerCounts] { [:] }
  }

  private static func announcer(
    _ hosts: [String], _ trackers: Trackers, _ clock: ManualClock,
    report: @escaping @Sendable (TrackerAnnouncer.Notice) -> Void
  ) throws -> TrackerAnnouncer {
    var random = SeededGenerator()
    let configuration = TrackerAnnouncer.Configuration(
      infoHashes: [.zero],
      tiers: try hosts.map { [try #require(TrackerURL("http://\($0)/announce"))] },
      peerID: PeerID(prefix: "-BT0100-", using: &random), port: 6_881)
    return TrackerAnnouncer(
      configuration, transport: trackers, time: Timekeeper(clock), using: &random,
      progress: { TrackerProgress(uploaded: 1, downloaded: 2, left: 3) }, report: report)
  }

  @Test(
    "It announces at once, again after the interval, at the end and at the stop",
    .timeLimit(.minutes(1)))
  func life() async throws {
    let trackers = Trackers(failing: ["bad"])
    let clock = ManualClock()
    let (notices, notice) = AsyncStream.makeStream(of: TrackerAnnouncer.Notice.self)
    let announcer = try Self.announcer(["bad", "good"], trackers, clock) { notice.yield($0) }
    async let run: Void = announcer.run()
    var iterator = notices.makeAsyncIterator()

    // No time goes by: the first tracker fails, the second is asked.
    let first = try #require(await iterator.next())
    #expect(first.tracker.host == "bad")
    #expect(throws: TrackerFailure.status(500)) { try first.result.get() }
    let second = try #require(await iterator.next())
    #expect(try second.result.get().peers.count == 1)
    #expect(second.event == .started)
    #expect(announcer.statuses.map(\.isWorking) == [false, true])

    await clock.waitForSleepers()
    clock.advance(by: .seconds(1_800))
    let third = try #require(await iterator.next())
    #expect(third.tracker.host == "bad")
    #expect(try #require(await iterator.next()).event == nil)

    announcer.complete()
    _ = await iterator.next()
    announcer.stop()
    await run
    #expect(trackers.events.suffix(2) == [.completed, .stopped])
    let last = try #require(trackers.announces.withLock { $0.last })
    #expect(last.1.progress == TrackerProgress(uploaded: 1, downloaded: 2, left: 3))
    #expect(Set(trackers.announces.withLock { $0.map(\.1.key) }).count == 1)
  }

  @Test("A tracker that does not answer holds up the stop only so long", .timeLimit(.minutes(1)))
  func stopLimit() async throws {
    let trackers = Trackers(silent: ["silent"])
    let clock = ManualClock()
    let announcer = try Self.announcer(["silent"], trackers, clock) { _ in }
    async let run: Void = announcer.run()
    while trackers.events.isEmpty { await Task.yield() }
    announcer.stop()
    // The first announce is cancelled, the tracker may count us: it is told.
    while trackers.events.count < 2 { await Task.yield() }
    await clock.waitForSleepers()
    clock.advance(by: .seconds(2))
    await run
    #expect(trackers.events == [.started, .stopped])
  }

  @Test("A cancelled run ends without a word", .timeLimit(.minutes(1)))
  func cancelled() async throws {
    let trackers = Trackers()
    let announcer = try Self.announcer(["good"], trackers, ManualClock()) { _ in }
    await withTaskGroup { group in
      group.addTask { await announcer.run() }
      while trackers.events.isEmpty { await Task.yield() }
      group.cancelAll()
    }
    #expect(trackers.events == [.started])
  }

  @Test("Without trackers it waits for its stop", .timeLimit(.minutes(1)))
  func noTrackers() async throws {
    let trackers = Trackers()
    let announcer = try Self.announcer([], trackers, ManualClock()) { _ in }
    async let run: Void = announcer.run()
    announcer.wantPeers()
    announcer.stop()
    await run
    #expect(trackers.events.isEmpty)
  }
}
