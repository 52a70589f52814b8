internal import Bridge
internal import ChainTypes
internal import JSON
internal import Keys
internal import Primitives

/// Puts the bridge's contracts on a root chain from their built byte code.
struct BridgeDeployment {
  let sender: BridgeSender
  /// Where `BTT.json` and the others lie.
  let directory: String

  /// At least, at most and a day: what a development chain's tokens are limited to.
  private static let limits = ABIValue.tuple([
    .uint(UInt256.one), .uint(UInt256.powerOfTen(33) ?? .max),
    .uint(UInt256.powerOfTen(31) ?? .max),
  ])

  /// Deploys all contracts in their order: docs/specs/bridge.md, "The contracts".
  ///
  /// Of the test BTT, the deployer gets a thousand million.
  func deploy(
    root: RootID, chainID: UInt64, sidechainID: UInt64, validators: [Genesis.Validator],
    _ tell: (String, Address) -> Void
  ) async throws -> BridgeRules.Root {
    let admin = ABIValue.address(sender.key.address)
    let ordered = validators.sorted { $0.address < $1.address }
    func make(_ name: String, _ values: [ABIValue], _ types: [ABIType]) async throws -> Address {
      let code = try code(name) + ABI.encode(values, as: types)
      let address = try await sender.deploy(name, code)
      tell(name, address)
      return address
    }
    let btt = try await make("BTT", [admin], [.address])
    let stateSender = try await make("StateSender", [], [])
    let checkpoints = try await make(
      "Checkpoints",
      [
        .uint(UInt256(sidechainID)), .uint(UInt256(root.rawValue)), .uint(.zero),
        .array(ordered.map { .address($0.address) }),
        .array(ordered.map { .uint(UInt256($0.weight)) }),
      ], [.uint256, .uint(64), .uint(64), .array(.address), .array(.uint256)])
    let manager = try await make(
      "RootChainManager",
      [
        admin, .uint(.zero), admin, .address(stateSender), .address(checkpoints),
        .address(WithdrawalModule.address), .address(StateReceiverModule.address), .address(btt),
        Self.limits,
      ],
      [
        .address, .uint256, .address, .address, .address, .address, .address, .address,
        .tuple([.uint256, .uint256, .uint256]),
      ])
    _ = try await sender.send(
      "naming the manager", to: stateSender,
      try RootContracts.setManager.encodeCall([.address(manager)]))
    _ = try await sender.send(
      "minting BTT", to: btt,
      try RootContracts.mint.encodeCall([admin, .uint(UInt256.powerOfTen(27) ?? .one)]))
    return BridgeRules.Root(
      chainID: chainID, stateSender: stateSender, checkpoints: checkpoints, manager: manager,
      btt: btt)
  }

  /// Maps the root chain's own coin, which the manager's delay of 0 allows at once.
  func mapEther(_ manager: Address, symbol: String) async throws {
    let change = try RootContracts.mapToken.encodeCall([
      .address(BridgedToken.ether), .string("Ether"), .string(symbol), .uint(18), Self.limits,
    ])
    for function in [RootContracts.scheduleChange, RootContracts.makeChange] {
      _ = try await sender.send(
        "the mapping of ether", to: manager, try function.encodeCall([.bytes(change)]))
    }
  }

  private func code(_ name: String) throws -> [UInt8] {
    let path = "\(directory)/\(name).json"
    let built = try JSONValue.parse(try Files.read(path, limit: 1 << 20))
    guard let text = built["bytecode"]?.stringValue, let code = try? Hex.decode(text) else {
      throw CommandFailure(
        .file, "\(path) holds no byte code",
        next: "name the directory of the built contracts "
          + "with --contracts")
    }
    return code
  }
}
