internal import ChainTypes
internal import Ledger
internal import Primitives

/// `eth_getLogs` over 10 000 blocks, all of which have logs and ten of which have wanted ones.
enum LogsBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    let count = settings.count(10_000, quick: 200)
    let scratch = try Scratch()
    let directory = scratch.path("node")
    var fixture = try ChainFixture(accounts: 1_000)
    let wanted = Address(truncating: Keccak256.hash(Array("wanted".utf8)))
    try fixture.withChain(directory) { fixture, chain in
      for number in 0..<count {
        let receiver = number % (count / 10) == 7 ? wanted : fixture.addresses[number % 1_000]
        _ = try fixture.mine(try fixture.tokenTransfer(to: receiver), on: chain)
      }
    }
    try fixture.writeKey(scratch.path("key"))
    let node = try NodeProcess(settings, directory: directory, keyFile: scratch.path("key"))
    defer { node.kill() }
    let connection = try HTTPConnection(port: node.port)
    let topic = Hex.encode([UInt8](repeating: 0, count: 12) + wanted.bytes)
    let query =
      #"{"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params":[{"fromBlock":"0x1","#
      + #""toBlock":"\#(Hex.quantity(UInt256(UInt64(count))))","#
      + #""address":"\#(Genesis.reserveAddress.hex)","topics":[null,null,"\#(topic)"]}]}"#
    var times: [Double] = []
    for _ in 0..<settings.count(21, quick: 3) {
      times.append(
        try Timing.seconds {
          let reply = try connection.post(query)
          try require(
            reply.matches(of: /"logIndex"/).count == 10,
            "not ten logs: \(reply.prefix(300))")
        })
    }
    report.add(
      "eth_getLogs over \(count) blocks, 10 matches", Timing.median(times) * 1_000, unit: " ms",
      .below(200), aim: "50 ms")
  }
}
