internal import ChainTypes
internal import JSON
internal import Node
internal import Primitives

/// A genesis made from a preset's rules and what the command line says.
struct PresetGenesis {
  var preset: GenesisPreset
  /// Instead of the preset's.
  var chainID: UInt64?
  var validators: [Genesis.Validator]
  /// Accounts to fund, as `address=amount`.
  var alloc: [String]

  func genesis() throws -> Genesis {
    guard var root = try JSONValue.parse(preset.bytes).objectValue,
      var ours = root["btt"]?.objectValue, var config = root["config"]?.objectValue
    else { throw CommandFailure(.failed, "the preset \(preset.rawValue) is damaged") }
    ours["validators"] = .array(
      validators.map {
        [
          "address": .string($0.address.checksummed), "weight": JSONValue($0.weight),
          "makesBlocks": .bool($0.makesBlocks),
        ]
      })
    if let chainID { config["chainId"] = JSONValue(chainID) }
    var accounts = preset == .devnet ? root["alloc"]?.objectValue ?? [:] : [:]
    for text in alloc {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw CommandFailure(.usage, "--alloc wants address=amount, not \(text)")
      }
      let address = try Address(checksummed: parts[0])
      accounts[address.checksummed] = [
        "balance": .string(try Amount(parsing: parts[1]).wei.description)
      ]
    }
    root["alloc"] = .object(accounts)
    root["btt"] = .object(ours)
    root["config"] = .object(config)
    return try Genesis(json: .object(root))
  }
}
