internal import ArgumentParser
internal import Foundation
internal import JSON

/// How a command's result is printed.
struct OutputOptions: ParsableArguments {
  @Flag(name: .customLong("json"), help: "Print one JSON object, for programs.")
  var asJSON = false

  /// Prints the result in the form that was asked for.
  func print(_ json: JSONObject, text: @autoclosure () throws -> String) rethrows {
    try Output.write(asJSON ? JSONValue.object(json).description : text())
  }
}

/// The two streams that a command writes to.
enum Output {
  /// Writes a line, or several, of the result to standard output.
  static func write(_ text: String) { put(text, to: FileHandle.standardOutput) }

  /// Writes a line, or several, for the person at the terminal to standard error.
  static func note(_ text: String) { put(text, to: FileHandle.standardError) }

  private static func put(_ text: String, to file: FileHandle) {
    // Nobody is left to tell that the reader has gone.
    // By bytes, as the end of a line of CSV is one character to Swift, and another one.
    let isWhole = text.utf8.last == UInt8(ascii: "\n")
    try? file.write(contentsOf: Data((isWhole ? text : text + "\n").utf8))
  }

  /// Names and values in two columns.
  static func table(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { name, value in
      name + String(repeating: " ", count: width - name.count + 2) + value
    }.joined(separator: "\n")
  }
}

extension Output {
  /// Rows in columns, each as wide as its widest cell.
  static func grid(_ rows: [[String]]) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let line = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}
