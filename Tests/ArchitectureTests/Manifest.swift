/// What Package.swift says of the targets below Sources/.
struct Manifest {
  /// One target.
  struct Target {
    let name: String
    /// Other targets of this package.
    let rooms: Set<String>
    /// Products of other packages, by the modules that are imported.
    let products: Set<String>
    let isSystemLibrary: Bool
  }

  let targets: [Target]

  init() throws {
    let text = try Papers.text("Package.swift")
    var products: [String: String] = [:]
    for match in text.matches(of: #/let (\w+): Target\.Dependency = \.product\(\s*name: "(\w+)"/#) {
      products[String(match.1)] = String(match.2)
    }
    let body = text[(text.firstRange(of: "targets: [\n    //")?.upperBound ?? text.endIndex)...]
    let declaration = #/\.(target|executableTarget|systemLibrary|testTarget)\(\s*name: "(\w+)"/#
    let starts = body.matches(of: declaration)
    targets = zip(starts, starts.dropFirst().map(\.range.lowerBound) + [body.endIndex]).compactMap {
      start, end in
      let entry = body[start.range.lowerBound..<end]
      guard start.1 != "testTarget", !entry.contains("path: \"Tests/") else { return nil }
      let list = entry.firstMatch(of: #/dependencies: \[([^\]]*)\]/#)?.1 ?? ""
      let words = list.split { $0 == "," || $0.isWhitespace }.map(String.init)
      return Target(
        name: String(start.2),
        rooms: Set(words.filter { $0.hasPrefix("\"") }.map { $0.replacing("\"", with: "") }),
        products: Set(words.filter { !$0.hasPrefix("\"") }.map { products[$0] ?? "unknown \($0)" }),
        isSystemLibrary: start.1 == "systemLibrary")
    }
  }
}
