internal import Foundation
internal import Ledger

/// How long a node with 100 000 blocks takes from its start after `kill -9` until it answers.
enum StartBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    let count = settings.count(100_000, quick: 500)
    let scratch = try Scratch()
    let directory = scratch.path("node")
    var fixture = try ChainFixture(accounts: 1_000)
    // Closing writes nothing: the log that a start replays is as a killed process leaves it.
    try fixture.withChain(directory) { fixture, chain in
      for number in 0..<count {
        _ = try fixture.mine(number % 10 == 0 ? try fixture.transfers(1) : [], on: chain)
      }
    }
    try fixture.writeKey(scratch.path("key"))
    var times: (first: [Double], second: [Double]) = ([], [])
    for round in 0..<settings.count(5, quick: 1) {
      let copy = scratch.path("round\(round)")
      try FileManager.default.copyItem(atPath: directory, toPath: copy)
      for isFirst in [true, false] {
        var node: NodeProcess?
        let seconds = try Timing.seconds {
          let started = try NodeProcess(
            settings, directory: copy, keyFile: scratch.path("key"))
          let reply = try HTTPConnection(port: started.port).post(
            #"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#)
          try require(reply.contains("result"), "the node does not answer: \(reply)")
          node = started
        }
        if isFirst { times.first.append(seconds) } else { times.second.append(seconds) }
        node?.kill()
      }
      try FileManager.default.removeItem(atPath: copy)
    }
    report.add(
      "start after kill -9 with \(count) blocks, a full log to replay", Timing.median(times.first),
      unit: " s", .below(1))
    report.add(
      "start after kill -9 with \(count) blocks, right after a start", Timing.median(times.second),
      unit: " s", .below(1))
  }
}
