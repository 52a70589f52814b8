internal import ArgumentParser
internal import Bridge
internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import Primitives

/// The command `btt bridge doctor`.
struct BridgeDoctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look whether the bridge is well, and tell what to do where it is not.",
    discussion: """
      Asks the node for its alarms and how far it is; with --root-rpc also looks whether the \
      contracts on the root chain are those that genesis means, and who may sign for them.

      EXAMPLE
        btt bridge doctor --root-rpc http://127.0.0.1:9545
      """)

  @OptionGroup(title: "Root chain") var root: RootOptions
  @OptionGroup(title: "Node") var rpc: RPCOptions
  @OptionGroup var output: OutputOptions

  private struct Finding {
    var subject: String
    var isWell: Bool
    var text: String
  }

  func run() async throws {
    var findings: [Finding] = []
    try await rpc.withClient { client in
      let node = BridgeNode(client: client)
      for alarm in try await node.call("btt_bridgeAlarms").arrayValue ?? [] {
        findings.append(
          Finding(
            subject: "\(alarm["kind"]?.stringValue ?? "") \(alarm["subject"]?.stringValue ?? "")",
            isWell: false, text: alarm["message"]?.stringValue ?? ""))
      }
      for item in try await node.roots() { findings += Self.look(item) }
      if root.url != nil {
        let contracts = try await node.root(root.root)
        let sidechainID = try await client.call("eth_chainId", returning: .quantity64)
        findings += try await root.withClient { rootClient in
          try await look(rootClient, contracts, sidechainID, client)
        }
      }
    }
    let isWell = findings.allSatisfy(\.isWell)
    output.print(
      [
        "well": .bool(isWell),
        "findings": .array(
          findings.map {
            [
              "subject": .string($0.subject), "well": .bool($0.isWell), "text": .string($0.text),
            ]
          }),
      ],
      text: Output.grid(findings.map { [$0.isWell ? "ok" : "BAD", $0.subject, $0.text] }))
    if !isWell {
      throw CommandFailure(.failed, "\(findings.count { !$0.isWell }) things are not well")
    }
  }

  /// What the node tells of a root chain.
  private static func look(_ item: JSONObject) -> [Finding] {
    let name = item["root"]?.stringValue ?? ""
    let read = item["read"]?.uint64Value
    let final = item["final"]?.uint64Value
    var findings = [
      Finding(
        subject: "\(name) follower", isWell: read != nil,
        text: read.map { "read up to \($0), final is \(final.map(String.init) ?? "unknown")" }
          ?? "has read nothing yet: check bridge.\(name)_rpc"),
      Finding(
        subject: "\(name) deposits", isWell: item["paused"]?.boolValue != true,
        text: item["paused"]?.boolValue == true
          ? "validators have paused them: btt bridge resume, once it is known why"
          : "\(item["messages"]?.numberText ?? "0") messages, "
            + "\(item["waiting"]?.numberText ?? "0") on their way"),
      Finding(
        subject: "\(name) withdrawals", isWell: true,
        text: "\(item["withdrawals"]?.numberText ?? "0") made, "
          + "\(item["checkpointed"]?.numberText ?? "0") under a checkpoint"),
    ]
    for endpoint in item["endpoints"]?.arrayValue ?? [] {
      let isWell = endpoint["well"]?.boolValue == true
      findings.append(
        Finding(
          subject: "\(name) \(endpoint["endpoint"]?.stringValue ?? "")", isWell: isWell,
          text: isWell ? "answers" : "does not answer well: remove it, or wait"))
    }
    return findings
  }

  /// What the root chain tells of the contracts.
  private func look(
    _ client: JSONRPCClient, _ contracts: BridgeNode.Root, _ sidechainID: UInt64,
    _ node: JSONRPCClient
  ) async throws -> [Finding] {
    let name = root.root.name
    let chainID = try await client.call("eth_chainId", returning: .quantity64)
    guard chainID == contracts.chainID else {
      return [
        Finding(
          subject: "\(name) chain id", isWell: false,
          text: "it is \(chainID), and genesis means \(contracts.chainID): give the right "
            + "--root-rpc")
      ]
    }
    func compare<Value: Equatable>(_ subject: String, _ found: Value, _ wanted: Value) -> Finding {
      Finding(
        subject: "\(name) \(subject)", isWell: found == wanted,
        text: found == wanted ? "\(found)" : "is \(found), and genesis means \(wanted)")
    }
    func values(_ contract: Address, _ function: ABIFunction) async throws -> Values {
      Values(try await BridgeSender.view(client, contract, function))
    }
    var sender = try await values(contracts.manager, RootContracts.stateSender)
    var checkpoints = try await values(contracts.manager, RootContracts.checkpoints)
    var manager = try await values(contracts.stateSender, RootContracts.senderManager)
    var sidechain = try await values(contracts.checkpoints, RootContracts.sidechainID)
    var rootID = try await values(contracts.checkpoints, RootContracts.rootID)
    var paused = try await values(contracts.manager, RootContracts.paused)
    let isPaused = try paused.bool()
    var findings = [
      compare("state sender", try sender.address(), contracts.stateSender),
      compare("checkpoint contract", try checkpoints.address(), contracts.checkpoints),
      compare("manager", try manager.address(), contracts.manager),
      compare("sidechain id", try sidechain.uint64(), sidechainID),
      compare("root id", try rootID.uint64(), root.root.rawValue),
      Finding(
        subject: "\(name) manager", isWell: !isPaused,
        text: isPaused
          ? "its guardian has paused deposits and claims"
          : "takes deposits and claims"),
    ]
    findings.append(try await validators(client, contracts, node))
    return findings
  }

  /// Whether the contract knows the sidechain's validators with their weights.
  private func validators(
    _ client: JSONRPCClient, _ contracts: BridgeNode.Root, _ node: JSONRPCClient
  ) async throws -> Finding {
    var epochs = Values(
      try await BridgeSender.view(client, contracts.checkpoints, RootContracts.epoch))
    let epoch = try epochs.uint64()
    var totals = Values(
      try await BridgeSender.view(client, contracts.checkpoints, RootContracts.totalWeight))
    let total = try totals.uint256()
    var known = UInt256.zero
    var strangers: [Address] = []
    for (address, weight) in try await Self.validatorSet(node) {
      var weights = Values(
        try await BridgeSender.view(
          client, contracts.checkpoints, RootContracts.weightOf,
          [.uint(UInt256(epoch)), .address(address)]))
      let there = try weights.uint256()
      if there != weight { strangers.append(address) }
      known = known &+ there
    }
    let isWell = strangers.isEmpty && known == total
    return Finding(
      subject: "\(root.root.name) validators", isWell: isWell,
      text: isWell
        ? "set \(epoch) is the sidechain's"
        : "set \(epoch) is not the sidechain's"
          + (strangers.isEmpty ? "" : ": \(strangers.map(\.checksummed).joined(separator: ", "))")
          + "; the outgoing set must sign the new one")
  }

  private static func validatorSet(
    _ node: JSONRPCClient
  ) async throws -> [(Address, UInt256)] {
    let view = ABIFunction("getValidators()", returns: "(address[],uint256[])")
    let results = try await BridgeSender.view(node, Genesis.validatorSetAddress, view)
    guard results.count == 2, case .array(let addresses) = results[0],
      case .array(let weights) = results[1]
    else { throw Values.shape }
    return zip(addresses, weights).compactMap { address, weight in
      guard let address = Values.address(address), case .uint(let weight) = weight else {
        return nil
      }
      return (address, weight)
    }
  }
}
