// swift-tools-version: 6.2
import PackageDescription

// One libFuzzer executable a parser: `run.sh` builds and runs them. A package of its own, as the
// instrumentation asks for flags that a package may not have which others depend on.
let instrumentation = ["-parse-as-library", "-sanitize=fuzzer,address"]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

func fuzzer(
  _ name: String, _ modules: String..., others: [Target.Dependency] = []
) -> Target {
  .executableTarget(
    name: name,
    dependencies: modules.map { .product(name: $0, package: "btt") } + others,
    swiftSettings: [.swiftLanguageMode(.v6), .unsafeFlags(instrumentation)],
    linkerSettings: [.unsafeFlags(instrumentation)])
}

let package = Package(
  name: "btt-fuzz",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "btt", path: ".."),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
  ],
  targets: [
    fuzzer("FuzzRLP", "Primitives"),
    fuzzer("FuzzABI", "Primitives"),
    fuzzer("FuzzJSON", "JSON"),
    fuzzer("FuzzTrieProof", "Primitives", "Trie"),
    fuzzer("FuzzBencode", "Metainfo"),
    fuzzer("FuzzMetainfo", "Metainfo"),
    fuzzer("FuzzMagnet", "Metainfo"),
    fuzzer("FuzzPeerWire", "BitTorrent", others: [nioCore]),
    fuzzer("FuzzExtensionMessages", "BitTorrent", others: [nioCore]),
    fuzzer("FuzzEncryptedHandshake", "BitTorrent", "Metainfo", others: [nioCore]),
    fuzzer("FuzzTrackerAnswers", "BitTorrent", "Metainfo", others: [nioCore]),
    fuzzer("FuzzDHTMessage", "BitTorrent", "Metainfo", others: [nioCore]),
    fuzzer("FuzzLocalDiscovery", "BitTorrent", "Metainfo", others: [nioCore]),
    fuzzer("FuzzSpeedMessage", "Speed", others: [nioCore]),
    fuzzer("FuzzTransaction", "ChainTypes"),
    fuzzer("FuzzBlock", "ChainTypes"),
    fuzzer("FuzzReceiptProof", "ChainTypes", "Primitives"),
    fuzzer("FuzzRootHeader", "ChainTypes", "Primitives"),
    fuzzer("FuzzBridgeClaim", "ChainTypes", "JSON", "Primitives"),
    fuzzer("FuzzResumeRecord", "BitTorrent"),
    fuzzer("FuzzGenesis", "ChainTypes", "KeyValueStore", "Ledger", others: [logging]),
    fuzzer(
      "FuzzRequest", "ChainTypes", "JSON", "KeyValueStore", "Ledger", "Node", others: [logging]),
  ]
)
