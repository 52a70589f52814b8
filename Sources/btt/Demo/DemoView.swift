internal import Foundation
internal import Speed
internal import Synchronization

/// Tells how the demo goes: on a terminal lines that change in place, elsewhere now and then.
final class DemoView: Sendable {
  private struct State {
    var drawn = 0
    var step = 0
    var lastLine = ContinuousClock.now - .seconds(3_600)
  }
  private let state = Mutex(State())
  private let isTerminal = isatty(STDOUT_FILENO) == 1

  /// Begins a step.
  func step(_ text: String) {
    state.withLock { state in
      state.step += 1
      state.drawn = 0
      Output.write("\n\(state.step). \(text)")
    }
  }

  /// Tells something.
  func say(_ text: String) {
    state.withLock { $0.drawn = 0 }
    Output.write("  " + text)
  }

  /// Shows how everybody stands.
  func show(_ rows: [DemoSwarm.Row], _ trade: SpeedStatistics?) {
    let lines = isTerminal ? bars(rows, trade) : [summary(rows, trade)]
    state.withLock { state in
      if isTerminal {
        let back = state.drawn > 0 ? "\u{1b}[\(state.drawn)A" : ""
        Output.write(back + lines.map { "\u{1b}[2K" + $0 }.joined(separator: "\n"))
        state.drawn = lines.count
      } else if ContinuousClock.now - state.lastLine >= .seconds(5)
        || rows.allSatisfy({ $0.percent >= 100 })
      {
        state.lastLine = .now
        for line in lines { Output.write("  " + line) }
      }
    }
  }

  private func bars(_ rows: [DemoSwarm.Row], _ trade: SpeedStatistics?) -> [String] {
    rows.map { row in
      let filled = Int(row.percent * 24 / 100)
      let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 24 - filled)
      let rates =
        "\(TransferReport.size(row.downRate))/s down  \(TransferReport.size(row.upRate))/s up"
      let end = row.completeAfter.map { "complete after \(Self.seconds($0))" } ?? rates
      return "  " + row.name.padding(toLength: 14, withPad: " ", startingAt: 0)
        + "[\(bar)] " + String(format: "%5.1f %%  ", row.percent) + end
    } + [Self.trade(trade)]
  }

  private func summary(_ rows: [DemoSwarm.Row], _ trade: SpeedStatistics?) -> String {
    rows.map { row in
      "\(row.name) "
        + (row.completeAfter.map(Self.seconds) ?? String(format: "%.0f %%", row.percent))
    }.joined(separator: ", ") + ";" + Self.trade(trade)
  }

  private static func trade(_ trade: SpeedStatistics?) -> String {
    guard let trade else { return "" }
    return " bought \(TransferReport.size(Int64(trade.paidBytesIn))) for "
      + "\(SpeedAmount.text(trade.spent)), \(TransferReport.size(Int64(trade.freeBytesIn))) free"
  }

  /// The race's outcome.
  func table(
    _ finish: DemoSwarm.Finish, bought: StatementBooks.Peer, sold: StatementBooks.Peer
  ) {
    var rows = [
      ["peer", "complete after", "paid", "earned"],
      ["paying", Self.seconds(finish.paid), SpeedAmount.text(bought.figures.paid), "-"],
    ]
    for (name, time) in zip(finish.names, finish.free) {
      rows.append([name, Self.seconds(time), "-", "-"])
    }
    rows.append(["seeder", "-", "-", SpeedAmount.text(sold.settled)])
    for line in Output.grid(rows).split(separator: "\n") { say(String(line)) }
  }

  /// Tells of all checks; fails where one does not hold.
  func conclude(_ checks: DemoChecks) throws {
    step("Checks")
    for (text, holds) in checks.results { say((holds ? "ok    " : "FAIL  ") + text) }
    let failed = checks.results.count { !$0.holds }
    guard failed == 0 else {
      throw CommandFailure(
        .failed, "\(failed) of the demo's numbers do not hold",
        next: "those marked FAIL above; if it is only how many times as fast, run it again where "
          + "nothing else takes the processor's time")
    }
    Output.write("\nAll numbers hold.")
  }

  static func seconds(_ duration: Duration) -> String {
    String(format: "%.1f s", duration / .seconds(1))
  }
}

/// What the demo found out about its own numbers.
struct DemoChecks: Sendable {
  private(set) var results: [(text: String, holds: Bool)] = []

  /// Notes whether something holds.
  mutating func check(_ text: String, _ holds: Bool) { results.append((text, holds)) }
}
