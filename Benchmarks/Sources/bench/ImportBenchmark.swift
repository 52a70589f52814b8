internal import ChainTypes
internal import Foundation
internal import Ledger

/// Blocks of 5 000 signed transfers taken in as a follower takes them: senders recovered, executed,
/// rooted, compared with the header, committed and synced, in LevelDB on disk.
enum ImportBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    try measure(
      accounts: settings.count(10_000, quick: 500), bound: 12_000, settings, &report)
    try measure(
      accounts: settings.count(1_000_000, quick: 2_000), bound: 8_000, settings, &report)
  }

  private static func measure(
    accounts: Int, bound: Double, _ settings: Settings, _ report: inout Report
  ) throws {
    let size = settings.count(5_000, quick: 100)
    let warming = settings.count(4, quick: 1)
    let count = settings.count(24, quick: 2)
    let scratch = try Scratch()
    var fixture = try ChainFixture(accounts: accounts)
    let (leader, follower) = (scratch.path("leader"), scratch.path("follower"))
    try fixture.openChain(leader).close()
    try FileManager.default.copyItem(atPath: leader, toPath: follower)

    let source = try fixture.openChain(leader)
    var blocks: [SealedBlock] = []
    for _ in 0..<(warming + count) {
      blocks.append(try fixture.mine(try fixture.transfers(size), on: source))
    }
    let expected = source.view.head.stateRoot
    source.close()

    let chain = try fixture.openChain(follower)
    func take(_ blocks: ArraySlice<SealedBlock>) throws {
      var next = blocks.first.map(SenderLookahead.init)
      for index in blocks.indices {
        let senders = try next?.wait()
        next = index + 1 < blocks.endIndex ? SenderLookahead(blocks[index + 1]) : nil
        let prepared = try chain.prepare(
          blocks[index], now: blocks[index].block.header.timestamp, senders: senders)
        try chain.commit(prepared, seal: blocks[index].seal)
      }
    }
    try take(blocks[..<warming])
    let before = Timing.processorSeconds
    let seconds = try Timing.seconds { try take(blocks[warming...]) }
    let work = (Timing.processorSeconds - before) / Double(count * size) * 1e6
    try require(chain.view.head.stateRoot == expected, "the follower has another state")
    report.add(
      "import of blocks of \(size) transfers among \(accounts) accounts "
        + "(\(Report.number(work)) µs of processor time each)",
      Double(count * size) / seconds, unit: "/s", .atLeast(bound), aim: "20 000/s")
  }
}
