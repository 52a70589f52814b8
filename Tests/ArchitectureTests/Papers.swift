import Foundation
import TestSupport

/// The project's papers and sources, as text.
enum Papers {
  /// The text of a file, named from the package's directory.
  static func text(_ path: String) throws -> String {
    try String(contentsOf: Vectors.packageDirectory.appendingPathComponent(path), encoding: .utf8)
  }

  /// The rows of all Markdown tables in a paper, as cells without the marks of code.
  static func rows(_ path: String) throws -> [[String]] {
    try text(path).split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
      line.dropFirst().dropLast().replacing("\\|", with: "\u{0}").split(
        separator: "|", omittingEmptySubsequences: false
      ).map {
        $0.replacing("`", with: "").replacing("\u{0}", with: "|").trimmingCharacters(
          in: .whitespaces)
      }
    }
  }

  /// The Swift sources of a target, by path.
  static func sources(of target: String) throws -> [String: String] {
    let root = Vectors.packageDirectory.appendingPathComponent("Sources/\(target)")
    var sources: [String: String] = [:]
    guard let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    else { return sources }
    for case let url as URL in walk where url.pathExtension == "swift" {
      sources[url.path] = try String(contentsOf: url, encoding: .utf8)
    }
    return sources
  }

  /// The modules that sources import.
  static func imports(in source: String) -> Set<String> {
    let pattern = #/^(?:@\w+ )*(?:public |package |internal |private )?import (?:\w+ )?(\w+)/#
    return Set(
      source.split(separator: "\n").compactMap { line in
        line.prefixMatch(of: pattern).map { String($0.1) }
      })
  }
}
