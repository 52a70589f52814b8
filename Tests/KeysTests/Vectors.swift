internal import Foundation
internal import JSON

/// The public test vectors, which lie outside of the package.
enum Vectors {
  static let root: URL = {
    if let path = ProcessInfo.processInfo.environment["BTT_VECTORS"] {
      return URL(filePath: path)
    }
    let package = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return package.deletingLastPathComponent().appending(path: "shared/vectors")
  }()

  static let keyStore = "ethereum/KeyStoreTests/basic_tests.json"
  static let wycheproof = "wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json"

  static func isPresent(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }

  static func load(_ path: String) throws -> JSONValue {
    try JSONValue.parse([UInt8](Data(contentsOf: root.appending(path: path))))
  }
}
