internal import Foundation
internal import JSON
internal import NIOCore

/// Paid downloads against the same unpaid, from one program to another.
enum SpeedBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    let mebibytes = settings.count(1_024, quick: 256)
    let rounds = settings.count(9, quick: 1)
    let market = try Market(settings, mebibytes: mebibytes)
    for (name, format, piece, least) in [
      ("v2", "v2", 1 << 20, 0.98), ("v1, 1 MiB pieces", "v1", 1 << 20, 0.97),
    ] {
      try market.sell(format: format, piece: piece)
      let times = try Timing.median(rounds) { round in
        try market.pair(paidFirst: round % 2 == 1)
      }
      let megabytes = Double(mebibytes << 20) / 1e6
      report.add(
        "paid download, \(name), \(mebibytes) MiB, channel open", ours: megabytes / times.paid,
        reference: megabytes / times.free, unit: " MB/s", atLeast: least)
      report.add(
        "payment bytes over payload, \(name)", market.paymentShare * 100, unit: " %",
        .below(0.05))
      if format == "v2" {
        let relay = try Relay(
          to: market.port, bytesPerSecond: 125_000_000, delay: .milliseconds(50))
        defer { relay.stop() }
        let far = try Timing.median(settings.count(5, quick: 1)) { round in
          try market.pair(paidFirst: round % 2 == 1, through: relay.port)
        }
        report.add(
          "the same through a relay, 125 MB/s, 50 ms each way", ours: megabytes / far.paid,
          reference: megabytes / far.free, unit: " MB/s", atLeast: 0.97)
      }
    }
  }

  /// A ledger, a seller, and downloads from it.
  private final class Market {
    private let settings: Settings
    private let scratch: Scratch
    private let ledger: Child
    private let url: String
    private var seller: Child?
    private var downloads = 0
    /// Where the seller listens.
    private(set) var port = 0
    private let payloadBytes: Int
    /// Bytes of payment messages over payload, of the newest paid download.
    private(set) var paymentShare = Double.nan

    init(_ settings: Settings, mebibytes: Int) throws {
      self.settings = settings
      payloadBytes = mebibytes << 20
      scratch = try Scratch()
      let payload = scratch.path("payload.bin")
      try Data().write(to: URL(fileURLWithPath: payload))
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: payload))
      var random = Sequence64(seed: 1)
      for _ in 0..<mebibytes { try file.write(contentsOf: Data(random.bytes(1 << 20))) }
      try file.close()
      ledger = try Child(settings.program, ["devnet", "--rpc-port", "0", "--json"])
      guard let rpc = try ledger.object(where: { $0["rpc"] != nil })["rpc"]?.stringValue else {
        throw BenchError("the ledger does not say where it listens")
      }
      url = rpc
    }

    private func money(_ index: Int, books: String) -> [String] {
      [
        "--rpc", url, "--trust-rpc", "--devnet", "--mnemonic-index", "\(index)", "--min-grace",
        "600", "--min-grace-blocks", "1", "--books", scratch.path(books),
      ]
    }

    private var torrent: String { scratch.path("torrent") }

    /// Has the payload sold under a torrent of this format from here on.
    func sell(format: String, piece: Int) throws {
      seller?.stop()
      try Child.run(
        settings.program,
        [
          "torrent", "create", scratch.path("payload.bin"), "--output", torrent, "--force",
          "--format", format, "--piece-length", "\(piece)",
        ])
      let child = try Child(
        settings.program,
        [
          "torrent", "seed", torrent, "--data", scratch.path, "--listen", "127.0.0.1:0",
          "--state", scratch.path("seller-\(format)"), "--price", "0.001 BTT", "--json",
        ] + money(0, books: "seller"))
      seller = child
      let address = try child.object { $0["event"] == "listening" }["address"]?.stringValue
      port = address?.split(separator: ":").last.flatMap { Int($0) } ?? 0
      _ = try child.object { $0["event"] == "complete" }
    }

    /// The seconds of a paid and of an unpaid download.
    func pair(paidFirst: Bool, through port: Int? = nil) throws -> (paid: Double, free: Double) {
      let port = port ?? self.port
      if paidFirst {
        let paid = try download(isPaid: true, port)
        return (paid, try download(isPaid: false, port))
      }
      let free = try download(isPaid: false, port)
      return (try download(isPaid: true, port), free)
    }

    private func download(isPaid: Bool, _ port: Int) throws -> Double {
      downloads += 1
      let target = scratch.path("got-\(downloads)")
      defer { try? FileManager.default.removeItem(atPath: target) }
      var arguments = [
        "torrent", "get", torrent, "--data", target, "--state", target + ".state", "--listen",
        "127.0.0.1:0", "--peer", "127.0.0.1:\(port)", "--json",
      ]
      if isPaid {
        try openChannel()
        arguments +=
          ["--budget", "1000 BTT", "--max-price", "1 BTT"] + money(1, books: "buyer")
      }
      // Twice the payload: what one download freed is not at hand for one that comes later.
      try WarmMemory.prepare(2 * payloadBytes)
      let child = try Child(settings.program, arguments)
      defer { child.stop() }
      _ = try child.object { $0["event"] == "listening" }
      let start = ContinuousClock.now
      let end = try child.object { $0["event"] == "complete" }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if isPaid {
        let trade = end["trade"]
        let bytes =
          (trade?["paymentBytesIn"]?.intValue ?? 0) + (trade?["paymentBytesOut"]?.intValue ?? 0)
        paymentShare = Double(bytes) / Double(end["downloaded"]?.intValue ?? 0)
        try require(trade?["paidBytesIn"]?.intValue ?? 0 > 0, "nothing was paid")
      }
      return seconds
    }

    /// Opens the channel that the next download pays through: that is no part of what is measured.
    private func openChannel() throws {
      try Child.run(
        settings.program,
        [
          "channel", "open", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "--deposit", "10",
          "--fund", "--grace", "600", "--grace-blocks", "1", "--rpc", url, "--trust-rpc",
          "--devnet", "--mnemonic-index", "1", "--state", scratch.path("buyer"),
        ])
      // The seller has seen the block that has it.
      Thread.sleep(forTimeInterval: 0.6)
    }
  }
}

extension Timing {
  /// The medians of what rounds give, after one that does not count.
  fileprivate static func median(
    _ rounds: Int, _ body: (Int) throws -> (paid: Double, free: Double)
  ) rethrows -> (paid: Double, free: Double) {
    _ = try body(0)
    var times: (paid: [Double], free: [Double]) = ([], [])
    for round in 0..<rounds {
      let (paid, free) = try body(round)
      times.paid.append(paid)
      times.free.append(free)
    }
    return (median(times.paid), median(times.free))
  }
}

/// A program of ours that runs, and the objects that it prints.
private final class Child {
  private let process = Process()
  private let output = Pipe()
  private var rest = Data()

  init(_ program: String, _ arguments: [String]) throws {
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    try process.run()
  }

  deinit { stop() }

  /// Runs a program to its end.
  static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try require(
      process.terminationStatus == 0, "btt \(arguments.prefix(2).joined(separator: " ")) failed")
  }

  /// The next object that is wanted, of those printed one a line; who prints none for three minutes
  /// is ended.
  func object(where isWanted: (JSONValue) -> Bool) throws -> JSONValue {
    let pid = process.processIdentifier
    let alarm = DispatchWorkItem { kill(pid, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 180, execute: alarm)
    defer { alarm.cancel() }
    while true {
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let line = [UInt8](rest[rest.startIndex..<end])
        rest = rest[(end + 1)...]
        if let object = try? JSONValue.parse(line), isWanted(object) { return object }
      }
      let more = output.fileHandleForReading.availableData
      try require(!more.isEmpty, "a program ended before it said what was waited for")
      rest += more
    }
  }

  /// Ends it in order, or at once where that takes long.
  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    // Whoever prints is not left waiting for a reader.
    output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    process.waitUntilExit()
    output.fileHandleForReading.readabilityHandler = nil
  }
}
