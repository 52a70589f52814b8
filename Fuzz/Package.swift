// swift-tools-version: 6.2
import PackageDescription

// One libFuzzer executable a parser: `run.sh` builds and runs them. A package of its own, as the
// instrumentation asks for flags that a package may not have which others depend on.
let instrumentation = ["-parse-as-library", "-sanitize=fuzzer,address"]

func fuzzer(_ name: String, _ modules: String...) -> Target {
  .executableTarget(
    name: name,
    dependencies: modules.map { .product(name: $0, package: "btt") },
    swiftSettings: [.swiftLanguageMode(.v6), .unsafeFlags(instrumentation)],
    linkerSettings: [.unsafeFlags(instrumentation)])
}

let package = Package(
  name: "btt-fuzz",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "btt", path: "..")],
  targets: [
    fuzzer("FuzzRLP", "Primitives"),
    fuzzer("FuzzABI", "Primitives"),
    fuzzer("FuzzJSON", "JSON"),
    fuzzer("FuzzTrieProof", "Primitives", "Trie"),
    fuzzer("FuzzTransaction", "ChainTypes"),
  ]
)
