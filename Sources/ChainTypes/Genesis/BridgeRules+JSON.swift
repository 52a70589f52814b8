internal import JSON
internal import Primitives

extension BridgeRules {
  init(_ reader: GenesisReader) throws(GenesisError) {
    try reader.allowOnly(["home", "roots", "comment"])
    roots = [:]
    let list = try reader.object("roots")
    for member in list.value.objectValue?.members ?? [] {
      let path = list.path(of: member.key)
      guard let id = RootID(name: member.key) else {
        let known = RootID.allCases.map(\.name).joined(separator: ", ")
        throw GenesisError(path, "is no root chain; this version knows \(known)")
      }
      let root = try Root(GenesisReader(member.value, path: path))
      guard roots.updateValue(root, forKey: id) == nil else {
        throw GenesisError(path, "stands twice")
      }
    }
    let name = try reader.string("home")
    guard let home = RootID(name: name), roots[home] != nil else {
      throw GenesisError(reader.path(of: "home"), "must be one of the names in roots")
    }
    self.home = home
    guard Set(roots.values.map(\.chainID)).count == roots.count else {
      throw GenesisError(list.path, "has a chain id twice")
    }
  }

  var json: JSONValue {
    [
      "home": .string(home.name),
      "roots": .object(
        JSONObject(roots.sorted { $0.key < $1.key }.map { ($0.key.name, $0.value.json) })),
    ]
  }
}

extension BridgeRules.Root {
  fileprivate init(_ reader: GenesisReader) throws(GenesisError) {
    try reader.allowOnly([
      "chainId", "stateSender", "checkpoints", "manager", "btt", "comment",
    ])
    chainID = try reader.uint64("chainId")
    guard chainID > 0 else { throw GenesisError(reader.path(of: "chainId"), "must not be 0") }
    stateSender = try reader.address("stateSender")
    checkpoints = try reader.address("checkpoints")
    manager = try reader.address("manager")
    btt = try reader.address("btt")
    guard Set(contracts).count == 4, !contracts.contains(.zero),
      !contracts.contains(BridgedToken.ether)
    else {
      throw GenesisError(reader.path, "must name four contracts, all different and none zero")
    }
  }

  fileprivate var json: JSONValue {
    [
      "chainId": JSONValue(chainID), "stateSender": .string(stateSender.checksummed),
      "checkpoints": .string(checkpoints.checksummed), "manager": .string(manager.checksummed),
      "btt": .string(btt.checksummed),
    ]
  }
}

extension Genesis {
  /// Checks what holds between the bridge and other members.
  func validateBridge() throws(GenesisError) {
    let homes = modules.filter { $0.value == .stateReceiver }.keys
    guard homes.isEmpty || Array(homes) == [StateReceiverModule.address] else {
      throw GenesisError(
        "btt.modules",
        "may have stateReceiver at \(StateReceiverModule.address.hex), and only there")
    }
    guard homes.isEmpty == (bridge == nil) else {
      throw GenesisError(
        "btt.bridge", "must be given with the module stateReceiver, and only then")
    }
    guard bridge != nil else { return }
    guard modules[Self.validatorSetAddress] == .validatorSet else {
      throw GenesisError(
        "btt.modules",
        "must have validatorSet at \(Self.validatorSetAddress.hex) on a chain with a bridge")
    }
    guard validators.count <= ValidatorSetStatement.maximumCount else {
      throw GenesisError(
        "btt.validators",
        "must be at most \(ValidatorSetStatement.maximumCount): root contracts take no more")
    }
  }
}
