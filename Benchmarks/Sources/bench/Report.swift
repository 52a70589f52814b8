internal import Foundation
internal import JSON

/// The rows measured so far.
struct Report {
  /// What a row has to reach.
  enum Bound {
    case atLeast(Double)
    case below(Double)
  }

  private struct Row {
    let what: String
    let ours: String
    let reference: String
    let measured: Double
    let bound: Bound
    let aim: String

    var passes: Bool {
      switch bound {
      case .atLeast(let least): measured >= least
      case .below(let most): measured < most
      }
    }
  }

  private var rows: [Row] = []
  /// What could not be measured, and why.
  private var failures: [(what: String, why: String)] = []

  /// Whether everything was measured, and all rows reach their bounds.
  var passes: Bool { failures.isEmpty && rows.allSatisfy(\.passes) }

  /// Notes a group whose rows, or the rest of them, could not be measured.
  mutating func fail(_ group: String, _ error: any Error) {
    failures.append((group, "\(error)"))
    FileHandle.standardError.write(Data("bench: \(group): \(error)\n".utf8))
  }

  /// Adds a rate measured against that of a reference; `measured` is their ratio.
  mutating func add(
    _ what: String, ours: Double, reference: Double, unit: String, atLeast bound: Double
  ) {
    add(
      Row(
        what: what, ours: Self.number(ours) + unit, reference: Self.number(reference) + unit,
        measured: ours / reference, bound: .atLeast(bound), aim: ""))
  }

  /// Adds a figure that stands for itself.
  mutating func add(
    _ what: String, _ measured: Double, unit: String, _ bound: Bound, aim: String = ""
  ) {
    add(
      Row(
        what: what, ours: Self.number(measured) + unit, reference: "", measured: measured,
        bound: bound, aim: aim))
  }

  private mutating func add(_ row: Row) {
    rows.append(row)
    FileHandle.standardError.write(
      Data("\(row.what): \(row.ours) \(row.reference) \(row.passes ? "ok" : "MISSED")\n".utf8))
  }

  /// The table for people.
  var markdown: String {
    var lines = [
      "| what | ours | reference | ratio | bound | aim | |", "|---|---|---|---|---|---|---|",
    ]
    for row in rows {
      let isRatio = !row.reference.isEmpty
      let bound =
        switch row.bound {
        case .atLeast(let least): "≥ \(Self.number(least))"
        case .below(let most): "< \(Self.number(most))"
        }
      lines.append(
        "| \(row.what) | \(row.ours) | \(row.reference) | "
          + "\(isRatio ? Self.number(row.measured) : "") | \(bound) | \(row.aim) | "
          + "\(row.passes ? "pass" : "**fail**") |")
    }
    lines += failures.map { "| \($0.what): \($0.why) | | | | | | **not measured** |" }
    return lines.joined(separator: "\n")
  }

  /// The rows for programs.
  var json: [UInt8] {
    JSONValue.array(
      rows.map { row in
        let (name, bound) =
          switch row.bound {
          case .atLeast(let least): ("atLeast", least)
          case .below(let most): ("below", most)
          }
        return [
          "what": .string(row.what), "ours": .string(row.ours),
          "reference": .string(row.reference), "measured": .number("\(row.measured)"),
          "\(name)": .number("\(bound)"), "passes": .bool(row.passes),
        ]
      }
    ).serialized
  }

  static func number(_ value: Double) -> String {
    if value >= 1_000 {
      var digits = String(Int(value.rounded()))
      var index = digits.count - 3
      while index > 0 {
        digits.insert(" ", at: digits.index(digits.startIndex, offsetBy: index))
        index -= 3
      }
      return digits
    }
    return String(format: value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.3g", value)
  }
}
