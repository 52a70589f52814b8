internal import ChainTypes
internal import Foundation
internal import JSON
internal import Primitives
internal import Trie

/// Proofs of real receipts: checking them beside hashing the same bytes, and making those of a
/// whole block.
enum BridgeBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    let rounds = settings.count(15, quick: 3)
    for name in ["21925176", "10692962"] {
      let block = try ReceiptBlock(name)
      let proofs = try block.proofs()
      let keys = proofs.indices.map { DepositProof.key(of: UInt64($0)) }
      let repeats = settings.count(10, quick: 1)
      let count = Double(proofs.count * repeats)
      let bytes = proofs.map { $0.reduce(0) { $0 + $1.count } }.reduce(0, +)

      let times = try Timing.interleaved(rounds: rounds) {
        for _ in 0..<repeats {
          for index in proofs.indices {
            let value = try TrieProof.verify(
              root: block.root, key: keys[index], nodes: proofs[index])
            try require(value?.count == block.receipts[index].count, "a proof was refused")
          }
        }
      } _: {
        var sum: UInt8 = 0
        for _ in 0..<repeats {
          for proof in proofs {
            for node in proof { sum ^= Keccak256.hash(node).bytes[0] }
          }
        }
        try require(sum < .max || sum == .max, "")
      }
      let what = "receipt proofs of block \(name) verified, one core"
      report.add(
        what + ", to Keccak over their \(bytes / proofs.count) bytes", ours: count / times.ours,
        reference: count / times.reference, unit: "/s", atLeast: 0.3)
      report.add(what, count / times.ours, unit: "/s", .atLeast(60_000))

      var milliseconds: [Double] = []
      for _ in 0..<rounds {
        milliseconds.append(
          try Timing.seconds {
            try require(
              OrderedTrie.proofs(of: block.receipts).root == block.root, "another root")
          } * 1_000)
      }
      report.add(
        "all \(proofs.count) receipt proofs of block \(name) made", Timing.median(milliseconds),
        unit: " ms", .below(3))
    }
    try comparePython(settings, &report)
  }

  /// The same proofs by Python's `trie`, where `BENCH_TRIE_PYTHON` names a Python that has it.
  private static func comparePython(_ settings: Settings, _ report: inout Report) throws {
    guard let python = ProcessInfo.processInfo.environment["BENCH_TRIE_PYTHON"] else { return }
    let block = try ReceiptBlock("21925176")
    let proofs = try block.proofs()
    let scratch = try Scratch()
    let lines = proofs.enumerated().map { index, nodes in
      ([DepositProof.key(of: UInt64(index))] + nodes).map { Hex.encode($0, prefix: false) }
        .joined(separator: " ")
    }
    let input = scratch.path("proofs")
    try Data(([block.root.hex.dropFirst(2)] + lines.map { $0[...] }).joined(separator: "\n").utf8)
      .write(to: URL(fileURLWithPath: input))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", script, input]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let theirs = try Double(text.trimmingCharacters(in: .whitespacesAndNewlines))
      .orThrow("python: \(text)")
    var count = 0.0
    let seconds = try Timing.seconds {
      for _ in 0..<settings.count(50, quick: 1) {
        for (index, nodes) in proofs.enumerated() {
          _ = try TrieProof.verify(
            root: block.root, key: DepositProof.key(of: UInt64(index)), nodes: nodes)
          count += 1
        }
      }
    }
    report.add(
      "receipt proofs verified, to Python's trie", ours: count / seconds, reference: theirs,
      unit: "/s", atLeast: 5)
  }

  private static let script = """
    import sys, time, rlp
    from trie import HexaryTrie
    lines = open(sys.argv[1]).read().split("\\n")
    root = bytes.fromhex(lines[0])
    proofs = [[bytes.fromhex(x) for x in line.split(" ")] for line in lines[1:]]
    count, start = 0, time.time()
    while time.time() - start < 2:
        for key, *nodes in proofs:
            HexaryTrie.get_from_proof(root, key, [rlp.decode(n) for n in nodes])
            count += 1
    print(count / (time.time() - start))
    """
}

extension Optional {
  fileprivate func orThrow(_ what: String) throws -> Wrapped {
    guard let self else { throw BenchError(what) }
    return self
  }
}

/// A block of Ethereum's main chain from the published vectors.
private struct ReceiptBlock {
  let root: Hash256
  let receipts: [[UInt8]]

  init(_ name: String) throws {
    let folder =
      ProcessInfo.processInfo.environment["BTT_VECTORS"]
      ?? URL(fileURLWithPath: "/proc/self/cwd").resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("shared/vectors").path
    let path = "\(folder)/mainnet-receipts/\(name)"
    let limits = JSONLimits(maximumDepth: 16, maximumValues: 1_000_000)
    func read(_ suffix: String) throws -> JSONValue {
      guard let data = FileManager.default.contents(atPath: "\(path)-\(suffix).json") else {
        throw BenchError("no \(path)-\(suffix).json: set BTT_VECTORS to the vectors' directory")
      }
      return try JSONValue.parse([UInt8](data), limits: limits)
    }
    root = try Hash256(hex: try read("block")["receiptsRoot"]?.stringValue ?? "")
    receipts = try (try read("receipts").arrayValue ?? []).map { try Self.receipt($0).encoded }
  }

  func proofs() throws -> [[[UInt8]]] {
    let (made, proofs) = OrderedTrie.proofs(of: receipts)
    try require(made == root, "the receipts do not give the block's root")
    return proofs
  }

  private static func receipt(_ value: JSONValue) throws -> RootReceipt {
    func number(_ value: JSONValue?) throws -> UInt64 {
      let text = value?.stringValue ?? value?.numberText ?? "0x0"
      if text.hasPrefix("0x") { return try Hex.decodeQuantity64(text) }
      return try UInt64(text).orThrow("not a number: \(text)")
    }
    let logs = try (value["logs"]?.arrayValue ?? []).map { log in
      Log(
        address: try Address(hex: log["address"]?.stringValue ?? ""),
        topics: try (log["topics"]?.arrayValue ?? []).map {
          try Hash256(hex: $0.stringValue ?? "")
        },
        data: try Hex.decode(log["data"]?.stringValue ?? ""))
    }
    return RootReceipt(
      type: UInt8(try number(value["type"])),
      outcome: value["status"] == "0x1" || value["status"] == true ? .succeeded : .failed,
      cumulativeGasUsed: try number(value["cumulativeGasUsed"]), logs: logs)
  }
}
