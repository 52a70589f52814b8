// swift-tools-version: 6.2
import PackageDescription

// Every target of ours: Swift 6, explicit existentials, imports that say what they expose,
// warnings as errors. docs/ARCHITECTURE.md tells which target may import which; a test in
// Tests/ArchitectureTests reads this file and holds it to that.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let httpCompression: Target.Dependency = .product(
  name: "NIOHTTPCompression", package: "swift-nio-extras")
let lifecycle: Target.Dependency = .product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(
  name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let toml: Target.Dependency = .product(name: "TOMLKit", package: "TOMLKit")

let package = Package(
  name: "btt",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "btt", targets: ["btt"]),
    .library(name: "Primitives", targets: ["Primitives"]),
    .library(name: "JSON", targets: ["JSON"]),
    .library(name: "Keys", targets: ["Keys"]),
    .library(name: "Trie", targets: ["Trie"]),
    .library(name: "KeyValueStore", targets: ["KeyValueStore"]),
    .library(name: "ChainTypes", targets: ["ChainTypes"]),
    .library(name: "Metainfo", targets: ["Metainfo"]),
    .library(name: "Ledger", targets: ["Ledger"]),
    .library(name: "PaymentChannels", targets: ["PaymentChannels"]),
    .library(name: "BitTorrent", targets: ["BitTorrent"]),
    .library(name: "TrackerHTTP", targets: ["TrackerHTTP"]),
    .library(name: "Bridge", targets: ["Bridge"]),
    .library(name: "Speed", targets: ["Speed"]),
    .library(name: "Consensus", targets: ["Consensus"]),
    .library(name: "LedgerRPC", targets: ["LedgerRPC"]),
    .library(name: "Node", targets: ["Node"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
  ],
  targets: [
    // C: system libraries, the one hot loop, and calls that Swift's C library module leaves out.
    .systemLibrary(name: "CLevelDB", providers: [.apt(["libleveldb-dev"])]),
    .systemLibrary(
      name: "CSecp256k1", pkgConfig: "libsecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CKeccak"),
    .target(name: "CPosix"),

    // Floor 0
    .target(name: "Primitives", dependencies: ["CKeccak"], swiftSettings: settings),
    .target(name: "JSON", swiftSettings: settings),

    // Floor 1
    .target(
      name: "Keys",
      dependencies: ["Primitives", "JSON", "CSecp256k1", crypto, cryptoExtras],
      swiftSettings: settings),
    .target(name: "Trie", dependencies: ["Primitives"], swiftSettings: settings),
    .target(name: "KeyValueStore", dependencies: ["CLevelDB"], swiftSettings: settings),

    // Floor 2
    .target(
      name: "ChainTypes", dependencies: ["Primitives", "JSON", "Keys", "Trie"],
      swiftSettings: settings),
    .target(name: "Metainfo", dependencies: ["Primitives", crypto], swiftSettings: settings),

    // Floor 3
    .target(
      name: "Ledger",
      dependencies: [
        "Primitives", "JSON", "Keys", "Trie", "KeyValueStore", "ChainTypes", logging, heap,
      ],
      swiftSettings: settings),
    .target(
      name: "PaymentChannels",
      dependencies: ["Primitives", "JSON", "Keys", "KeyValueStore", "ChainTypes", logging],
      swiftSettings: settings),
    .target(
      name: "BitTorrent",
      dependencies: [
        "Primitives", "KeyValueStore", "Metainfo", "CPosix", "COpenSSL", crypto, logging, deque,
        heap, nioCore,
        nioPosix,
      ],
      swiftSettings: settings),

    // Floor 4
    .target(
      name: "Consensus",
      dependencies: [
        "Primitives", "Keys", "KeyValueStore", "ChainTypes", "Ledger", logging,
      ],
      swiftSettings: settings),
    .target(
      name: "LedgerRPC",
      dependencies: [
        "Primitives", "JSON", "Keys", "Trie", "ChainTypes", httpClient, nioCore, nioHTTP1,
        nioPosix, logging,
      ],
      swiftSettings: settings),
    .target(
      name: "TrackerHTTP",
      dependencies: [
        "Primitives", "Metainfo", "BitTorrent", httpClient, httpCompression, nioCore, nioHTTP1,
        logging,
      ],
      swiftSettings: settings),
    .target(
      name: "Bridge",
      dependencies: ["Primitives", "JSON", "Keys", "KeyValueStore", "ChainTypes", logging],
      swiftSettings: settings),
    .target(
      name: "Speed",
      dependencies: [
        "Primitives", "JSON", "Keys", "ChainTypes", "PaymentChannels", "Metainfo", "BitTorrent",
        logging, nioCore,
      ],
      swiftSettings: settings),

    // Floor 5
    .target(
      name: "Node",
      dependencies: [
        "Primitives", "JSON", "Keys", "Trie", "KeyValueStore", "ChainTypes", "Ledger",
        "Consensus", "LedgerRPC", "PaymentChannels", "Metainfo", "BitTorrent", "TrackerHTTP",
        "Bridge", "Speed", lifecycle, unixSignals, logging, nioCore, nioHTTP1, nioPosix, toml,
      ],
      resources: [.embedInCode("Presets")],
      swiftSettings: settings),

    // Floor 6
    .executableTarget(
      name: "btt",
      dependencies: [
        "Primitives", "JSON", "Keys", "KeyValueStore", "ChainTypes", "Ledger", "LedgerRPC", "Node",
        "Metainfo", "BitTorrent", "TrackerHTTP", "PaymentChannels", "Bridge", "Speed",
        argumentParser,
        logging, nioCore, nioHTTP1, nioPosix,
      ],
      swiftSettings: settings),

    // Tests
    .target(
      name: "TestSupport",
      dependencies: [
        "Primitives", "JSON", "Keys", "KeyValueStore", "ChainTypes", "Ledger", logging, nioCore,
        nioHTTP1, nioPosix,
      ],
      path: "Tests/TestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "PrimitivesTests", dependencies: ["Primitives", "JSON", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "KeysTests", dependencies: ["Keys", "Primitives", "JSON", "TestSupport", crypto],
      swiftSettings: settings),
    .testTarget(
      name: "TrieTests", dependencies: ["Trie", "Primitives", "JSON", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "ChainTypesTests",
      dependencies: ["ChainTypes", "Keys", "Primitives", "JSON", "TestSupport", "Trie", crypto],
      swiftSettings: settings),
    .testTarget(
      name: "LedgerTests",
      dependencies: [
        "Ledger", "ChainTypes", "Keys", "KeyValueStore", "Trie", "Primitives", "JSON",
        "TestSupport", logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ConsensusTests",
      dependencies: [
        "Consensus", "Ledger", "ChainTypes", "Keys", "KeyValueStore", "Primitives", "TestSupport",
        logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "KeyValueStoreTests", dependencies: ["KeyValueStore", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "NodeTests",
      dependencies: [
        "Node", "BitTorrent", "Bridge", "ChainTypes", "JSON", "KeyValueStore", "Keys", "Ledger",
        "LedgerRPC", "Metainfo", "PaymentChannels", "Primitives", "Trie", "TestSupport", logging,
        nioCore, nioPosix,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "LedgerRPCTests",
      dependencies: [
        "LedgerRPC", "ChainTypes", "JSON", "Primitives", "TestSupport", logging, nioCore, nioHTTP1,
        nioPosix,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "MetainfoTests", dependencies: ["Metainfo", "Primitives", "TestSupport", crypto],
      swiftSettings: settings),
    .testTarget(
      name: "BitTorrentTests",
      dependencies: [
        "BitTorrent", "Metainfo", "KeyValueStore", "Primitives", "TestSupport", crypto, deque,
        logging, nioCore, nioPosix,
      ],
      swiftSettings: settings),
    .target(
      name: "SwarmSimulation",
      dependencies: [
        "BitTorrent", "Metainfo", "Primitives", "TestSupport", crypto, deque, nioCore,
      ],
      path: "Tests/SwarmSimulation",
      swiftSettings: settings),
    .testTarget(
      name: "SwarmSimulationTests",
      dependencies: [
        "SwarmSimulation", "BitTorrent", "Metainfo", "Primitives", "TestSupport", nioCore,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "TrackerHTTPTests",
      dependencies: [
        "TrackerHTTP", "BitTorrent", "Metainfo", "TestSupport", logging, nioCore, nioHTTP1,
        nioPosix,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PaymentChannelsTests",
      dependencies: [
        "PaymentChannels", "ChainTypes", "Keys", "KeyValueStore", "Primitives", "JSON",
        "TestSupport", logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "BridgeTests",
      dependencies: [
        "Bridge", "ChainTypes", "Keys", "KeyValueStore", "Primitives", "JSON", "TestSupport",
        logging,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "SpeedTests",
      dependencies: [
        "Speed", "SwarmSimulation", "BitTorrent", "ChainTypes", "JSON", "KeyValueStore", "Keys",
        "Metainfo", "PaymentChannels", "Primitives", "TestSupport", logging, nioCore,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CLITests",
      dependencies: [
        "btt", "ChainTypes", "JSON", "Keys", "Primitives", "TestSupport", nioHTTP1,
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ArchitectureTests",
      dependencies: [
        "Primitives", "JSON", "Keys", "KeyValueStore", "ChainTypes", "Ledger", "PaymentChannels",
        "BitTorrent", "Bridge", "Node", "TestSupport", logging,
      ],
      swiftSettings: settings),
  ]
)
