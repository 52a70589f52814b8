internal import Foundation
internal import Primitives
internal import TestSupport

/// The public Ethereum trie vectors.
enum TrieVectors {
  struct Case {
    let name: String
    let steps: [(key: [UInt8], value: [UInt8]?)]
    let root: String
  }

  static let folder = "ethereum/TrieTests"

  static func bytes(_ text: String) throws -> [UInt8] {
    text.hasPrefix("0x") ? try Hex.decode(text) : [UInt8](text.utf8)
  }

  /// The cases of one file; entries of an object come in an order that is shuffled by hashing.
  static func cases(_ file: String) throws -> [Case] {
    let data = try Vectors.data("\(folder)/\(file)")
    let json = try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]] ?? [:]
    return try json.map { name, test in
      var steps: [(key: [UInt8], value: [UInt8]?)] = []
      if let object = test["in"] as? [String: Any] {
        for (key, value) in object {
          steps.append((try bytes(key), try (value as? String).map(bytes)))
        }
      } else {
        for pair in test["in"] as? [[Any]] ?? [] {
          guard pair.count == 2, let key = pair[0] as? String else { continue }
          steps.append((try bytes(key), try (pair[1] as? String).map(bytes)))
        }
      }
      return Case(name: name, steps: steps, root: test["root"] as? String ?? "")
    }
  }
}
