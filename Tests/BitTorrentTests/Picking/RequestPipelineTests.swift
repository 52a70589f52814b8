import BitTorrent
import NIOCore
import Testing

@Suite("Request pipeline")
struct RequestPipelineTests {
  private let start = NIODeadline.uptimeNanoseconds(5_000_000_000)
  private let block = BlockRequest.blockLength

  @Test("begins with enough for a local network and doubles every round trip")
  func slowStart() {
    var pipeline = RequestPipeline(limit: 500, at: start)
    #expect(pipeline.depth == 32)
    #expect(pipeline.room == 32)
    for expected in [64, 128, 256, 500, 500] {
      let asked = pipeline.room
      pipeline.asked(asked, at: start)
      for _ in 0..<pipeline.outstanding { pipeline.received(block, at: start + .milliseconds(1)) }
      #expect(pipeline.depth == expected)
    }
  }

  @Test(
    "never has more open than the peer keeps", arguments: [(0, 2), (1, 2), (20, 20), (9_999, 500)])
  func limit(told: Int, depth: Int) {
    var pipeline = RequestPipeline(limit: told, at: start)
    for _ in 0..<1_000 {
      pipeline.asked(1, at: start)
      pipeline.received(block, at: start)
    }
    #expect(pipeline.depth == depth)
    pipeline.setLimit(10)
    #expect(pipeline.depth == 10)
  }

  @Test("ends the slow start when the rate stands still, then holds three seconds of it")
  func bandwidthDelay() {
    // 100 blocks a second.
    var pipeline = RequestPipeline(limit: 500, at: start)
    for tick in 1...800 {
      pipeline.asked(pipeline.room, at: start + .milliseconds(10) * (tick - 1))
      pipeline.received(block, at: start + .milliseconds(10) * tick)
    }
    #expect(!pipeline.isStarting)
    #expect(abs(pipeline.depth - 300) <= 15)
  }

  @Test("goes on growing while the rate does")
  func growing() {
    // Every round trip of 300 ms brings what was asked for.
    var pipeline = RequestPipeline(limit: 500, at: start)
    var now = start
    for _ in 0..<4 {
      pipeline.asked(pipeline.room, at: now)
      now = now + .milliseconds(300)
      for _ in 0..<pipeline.outstanding { pipeline.received(block, at: now) }
      #expect(pipeline.isStarting)
    }
    #expect(pipeline.depth == 500)
  }

  @Test("asks one at a time of a peer that does not answer, until it does")
  func snub() {
    var pipeline = RequestPipeline(at: start)
    pipeline.asked(5, at: start)
    #expect(!pipeline.isOverdue(after: .seconds(60), at: start + .seconds(59)))
    #expect(pipeline.isOverdue(after: .seconds(60), at: start + .seconds(60)))
    pipeline.snub()
    #expect(pipeline.depth == 1 && pipeline.room == 0)
    pipeline.released(5)
    #expect(pipeline.room == 1)
    pipeline.asked(1, at: start + .seconds(70))
    #expect(!pipeline.isOverdue(after: .seconds(60), at: start + .seconds(71)))
    pipeline.received(block, at: start + .seconds(71))
    #expect(!pipeline.isSnubbed)
    #expect(pipeline.depth >= 2)
  }

  @Test("grows anew after a choke")
  func unchoked() {
    var pipeline = RequestPipeline(at: start)
    pipeline.snub()
    pipeline.unchoked(at: start + .seconds(9))
    #expect(pipeline.isStarting && !pipeline.isSnubbed)
    #expect(pipeline.depth == 32)
  }

  @Test("tells the shortest time between a request and its block")
  func roundTrip() {
    var pipeline = RequestPipeline(at: start)
    #expect(pipeline.roundTrip == nil)
    pipeline.asked(2, at: start)
    pipeline.received(block, at: start + .milliseconds(20))
    #expect(pipeline.roundTrip == nil)
    pipeline.received(block, at: start + .milliseconds(30))
    #expect(pipeline.roundTrip == .milliseconds(30))
    pipeline.asked(1, at: start + .seconds(1))
    pipeline.received(block, at: start + .milliseconds(1_010))
    pipeline.asked(1, at: start + .seconds(2))
    pipeline.received(block, at: start + .seconds(3))
    #expect(pipeline.roundTrip == .milliseconds(10))
  }
}
