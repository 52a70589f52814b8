internal import ChainTypes
internal import Foundation
internal import JSON
internal import Primitives
internal import Trie

/// Proofs of real receipts: checking them beside hashing the same bytes, and making those of a
/// whole block; and what a node spends on catching up with a root chain.
enum BridgeBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    if ReceiptBlock.isAvailable {
      try measureProofs(settings, &report)
    } else {
      skip("receipts of real blocks: set BTT_VECTORS to the directory of the vectors")
    }
    if let python = ProcessInfo.processInfo.environment["BENCH_PYTHON"] {
      try catchUp(settings, &report, python)
    } else {
      skip("Python's trie, and catching up: set BENCH_PYTHON to what contracts/test.sh venv prints")
    }
  }

  private static func skip(_ what: String) {
    FileHandle.standardError.write(Data("bench: bridge: left out: \(what)\n".utf8))
  }

  private static func measureProofs(_ settings: Settings, _ report: inout Report) throws {
    let rounds = settings.count(15, quick: 3)
    for name in ["21925176", "10692962"] {
      let block = try ReceiptBlock(name)
      let proofs = try block.proofs()
      let keys = proofs.indices.map { DepositProof.key(of: UInt64($0)) }
      let repeats = settings.count(10, quick: 1)
      let count = Double(proofs.count * repeats)
      let bytes = proofs.joined().reduce(0) { $0 + $1.count }
      let nodeCount = proofs.joined().count

      let times = try Timing.interleaved(rounds: rounds) {
        for _ in 0..<repeats {
          for index in proofs.indices {
            let value = try TrieProof.verify(
              root: block.root, key: keys[index], nodes: proofs[index])
            try require(value?.count == block.receipts[index].count, "a proof was refused")
          }
        }
      } _: {
        var hashes = 0
        for _ in 0..<repeats {
          for proof in proofs {
            for node in proof where !Keccak256.hash(node).isZero { hashes += 1 }
          }
        }
        try require(hashes == repeats * nodeCount, "a node has the hash zero")
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

  /// The same proofs by Python's `trie`, where `BENCH_PYTHON` names a Python that has it.
  private static func comparePython(_ settings: Settings, _ report: inout Report) throws {
    guard let python = ProcessInfo.processInfo.environment["BENCH_PYTHON"] else { return }
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
    let text = String(decoding: try output(of: python, ["-c", script, input]), as: UTF8.self)
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

  /// A node that reads a root chain from an endpoint beside it: how much of a core it takes.
  private static func catchUp(
    _ settings: Settings, _ report: inout Report, _ python: String
  ) throws {
    let (blocks, deposits) = (settings.count(10_000, quick: 200), settings.count(1_000, quick: 20))
    let script = Package.directory.appending(path: "Tests/Integration/bridge/catchup.py").path
    let text = try output(
      of: python, [script, String(blocks), String(deposits)],
      adding: ["BTT_BIN": settings.program, "BTT_CONTRACTS_PYTHON": python])
    let share = try JSONValue.parse(text)["coreShare"]?.numberText.flatMap { Double($0) }
    report.add(
      "catching up \(blocks) root blocks with \(deposits) deposits, of one core",
      try share.orThrow("no share of a core") * 100, unit: " %", .below(20))
  }

  private static func output(
    of program: String, _ arguments: [String], adding variables: [String: String] = [:]
  ) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(variables) { _, new in new }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw BenchError("\(program) \(arguments.first ?? "") ended with an error")
    }
    return [UInt8](data)
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

/// Where everything lies.
private enum Package {
  static let directory: URL = {
    // Benchmarks/Sources/bench/BridgeBenchmark.swift lies four levels below it.
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { url.deleteLastPathComponent() }
    return url
  }()
}

/// A block of Ethereum's main chain from the published vectors.
private struct ReceiptBlock {
  let root: Hash256
  let receipts: [[UInt8]]

  private static let folder =
    (ProcessInfo.processInfo.environment["BTT_VECTORS"]
      ?? Package.directory.deletingLastPathComponent().appending(path: "shared/vectors").path)
    + "/mainnet-receipts"

  static var isAvailable: Bool { FileManager.default.fileExists(atPath: folder) }

  init(_ name: String) throws {
    let path = "\(Self.folder)/\(name)"
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
