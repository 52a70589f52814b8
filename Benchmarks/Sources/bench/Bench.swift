internal import Foundation

/// Measures what the project promises, and prints it as a table.
///
///     bench                   everything, some minutes
///     BENCH_QUICK=1 bench     the same with few items and short rounds: whether it runs at all
///     BENCH_ONLY=keys,import  only these groups: keys, store, channels, import, http, logs,
///                             start, memory, torrent, session, bridge, speed, crowd
///     TMPDIR=DIRECTORY        where files are written meanwhile; by default /tmp
///     BENCH_JSON=FILE         the rows as JSON too
///     BTT_BIN=FILE            the `btt` to run; by default the one beside this program
///     BENCH_PYTHON=FILE       a Python with what contracts/requirements.txt wants, for some rows
///                             of bridge
///     BTT_VECTORS=FOLDER      the published vectors; by default ../shared/vectors
///
/// It exits with 1 when a row misses its bound or cannot be measured.
@main
struct Bench {
  private enum Group: String, CaseIterable {
    case keys, store, channels, `import`, http, logs, start, memory, torrent, session, bridge,
      speed, crowd
  }

  static func main() async throws {
    if CommandLine.arguments.dropFirst().first == "crowd" {
      return try Crowd.run(Array(CommandLine.arguments.dropFirst(2)))
    }
    let environment = ProcessInfo.processInfo.environment
    let settings = Settings(environment: environment)
    var report = Report()
    let only = environment["BENCH_ONLY"]?.split(separator: ",").map(String.init)
    for group in Group.allCases where only?.contains(group.rawValue) ?? true {
      do {
        try await run(group, settings, &report)
      } catch {
        report.fail(group.rawValue, error)
      }
    }
    print("\n" + report.markdown)
    if let path = environment["BENCH_JSON"] {
      try Data(report.json).write(to: URL(fileURLWithPath: path))
    }
    if !report.passes, !settings.isQuick { exit(1) }
  }

  private static func run(
    _ group: Group, _ settings: Settings, _ report: inout Report
  ) async throws {
    switch group {
    case .keys: try KeysBenchmark.run(settings, &report)
    case .store: try StoreBenchmark.run(settings, &report)
    case .channels: try await ChannelsBenchmark.run(settings, &report)
    case .import: try ImportBenchmark.run(settings, &report)
    case .http: try await HTTPBenchmark.run(settings, &report)
    case .logs: try LogsBenchmark.run(settings, &report)
    case .start: try StartBenchmark.run(settings, &report)
    case .memory: try MemoryBenchmark.run(settings, &report)
    case .torrent: try TorrentBenchmark.run(settings, &report)
    case .session: try SessionBenchmark.run(settings, &report)
    case .bridge: try BridgeBenchmark.run(settings, &report)
    case .speed: try SpeedBenchmark.run(settings, &report)
    case .crowd: try await SpeedBenchmark.crowd(settings, &report)
    }
  }
}

/// How much is measured.
struct Settings: Sendable {
  /// Whether it only has to show that everything runs.
  let isQuick: Bool
  /// The program whose node is measured.
  let program: String

  init(environment: [String: String]) {
    isQuick = environment["BENCH_QUICK"] == "1"
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    program =
      environment["BTT_BIN"] ?? own.deletingLastPathComponent().appending(path: "btt").path
  }

  /// `full`, or `quick` when it only has to run.
  func count(_ full: Int, quick: Int) -> Int { isQuick ? quick : full }
}
