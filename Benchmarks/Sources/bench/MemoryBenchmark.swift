internal import ChainTypes
internal import Foundation
internal import Ledger
internal import Primitives

/// What a node with 1 000 000 accounts keeps in memory once it has served reads and made blocks.
enum MemoryBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    let accounts = settings.count(1_000_000, quick: 2_000)
    let scratch = try Scratch()
    let directory = scratch.path("node")
    var fixture = try ChainFixture(accounts: accounts, keys: 5_000)
    try fixture.openChain(directory).close()
    try fixture.writeKey(scratch.path("key"))
    let script = scratch.path("balances.lua")
    let stride = max(1, accounts / 2_000)
    try HTTPBenchmark.writeScript(
      Swift.stride(from: 0, to: accounts, by: stride).map { fixture.addresses[$0] }, to: script)

    let node = try NodeProcess(settings, directory: directory, keyFile: scratch.path("key"))
    defer { node.kill() }
    _ = try HTTPBenchmark.wrk(node.port, script, seconds: settings.count(5, quick: 1))
    let connection = try HTTPConnection(port: node.port)
    for _ in 0..<settings.count(400, quick: 2) {
      let calls = try fixture.transfers(50).map { transaction in
        #"{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["#
          + "\"\(Hex.encode(transaction.signed.encoded))\"]}"
      }
      let reply = try connection.post("[" + calls.joined(separator: ",") + "]")
      try require(!reply.contains("\"error\""), "a transaction was refused: \(reply.prefix(300))")
    }
    _ = try HTTPBenchmark.wrk(node.port, script, seconds: settings.count(5, quick: 1))
    let memory = try node.residentMemory()
    report.add(
      "resident memory with \(accounts) accounts (\(Report.number(memory.files)) MiB of it file pages)",
      memory.all, unit: " MiB", .below(400))
  }
}
