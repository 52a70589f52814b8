// swift-tools-version: 6.2
import PackageDescription

// The figures of the project: `make bench` builds and runs them. A package of its own, so that
// nobody who depends on ours builds it.
func ours(_ name: String) -> Target.Dependency { .product(name: name, package: "btt") }

let package = Package(
  name: "btt-benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "btt", path: ".."),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
  ],
  targets: [
    // The loops over the C libraries themselves that ours are measured against.
    .target(
      name: "CReference",
      linkerSettings: [.linkedLibrary("leveldb"), .linkedLibrary("secp256k1")]),
    .executableTarget(
      name: "bench",
      dependencies: [
        "CReference", ours("Primitives"), ours("JSON"), ours("Keys"), ours("KeyValueStore"),
        ours("Trie"), ours("ChainTypes"), ours("PaymentChannels"), ours("Ledger"), ours("Node"),
        ours("LedgerRPC"), ours("Metainfo"), ours("BitTorrent"), ours("Speed"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: [
        .swiftLanguageMode(.v6), .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
      ]),
  ]
)
