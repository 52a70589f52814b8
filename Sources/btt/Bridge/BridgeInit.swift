internal import ArgumentParser
internal import Bridge
internal import ChainTypes
internal import JSON
internal import Keys
internal import LedgerRPC
internal import Node
internal import Primitives

/// The command `btt bridge init`.
struct BridgeInit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Put the bridge's contracts on a development root chain, for a new sidechain.",
    discussion: """
      Writes a genesis file that names the contracts, and the settings with which a node follows \
      them. The contracts' byte code is that of contracts/build; changes of them are made at once, \
      which on a chain of value would be wrong: there, deploy them with a delay.

      EXAMPLE
        btt bridge init --root-rpc http://127.0.0.1:9545 --devnet --out ./bridge \\
          --validator 0xBcd4042DE499D14e55001CcbB24a551F3b954096
        btt node init --data-dir ./node --genesis ./bridge/genesis.json
        cat ./bridge/config.toml >> ./node/config.toml
      """)

  @Option(
    help: ArgumentHelp(
      "A validator, and its weight if that is not 1; may be given again.",
      valueName: "address[:weight]"))
  var validator: [String]

  @Option(
    help: "Rules of the sidechain: devnet (default) or bttc.",
    transform: { text in
      guard let preset = GenesisPreset(rawValue: text) else {
        throw ValidationError("there is no preset \(text): take bttc or devnet")
      }
      return preset
    })
  var preset: GenesisPreset = .devnet

  @Option(help: ArgumentHelp("Chain id of the sidechain instead of the preset's.", valueName: "id"))
  var chainId: UInt64?

  @Option(
    help: ArgumentHelp(
      "An account to fund on the sidechain; may be given again.", valueName: "address=amount"))
  var alloc: [String] = []

  @Option(
    help: ArgumentHelp("Directory of the built contracts.", valueName: "dir"),
    completion: .directory)
  var contracts = "contracts/build"

  @Option(
    help: ArgumentHelp("Directory for what is written.", valueName: "dir"), completion: .directory)
  var out = "bridge"

  @Flag(help: "Map the root chain's own coin too.")
  var ether = false

  @OptionGroup(title: "Root chain") var root: RootOptions
  @OptionGroup(title: "Whose key") var signer: SignerOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let key = try signer.key()
    let genesis = try sidechain()
    try Files.createDirectory(out)
    let (rules, start) = try await root.withClient { client in
      let start = try await client.call("eth_blockNumber", returning: .quantity64)
      let sender = BridgeSender(client: client, key: key)
      let deployment = BridgeDeployment(sender: sender, directory: contracts)
      let chainID = try await client.call("eth_chainId", returning: .quantity64)
      let tell = { (name: String, address: Address) in
        if !output.asJSON { Output.note("\(name)  \(address)") }
      }
      let rules = try await deployment.deploy(
        root: root.root, chainID: chainID, sidechainID: genesis.chainID,
        validators: genesis.validators, tell)
      if ether { try await deployment.mapEther(rules.manager, symbol: "ETH") }
      return (rules, start)
    }
    var bridged = genesis
    bridged.bridge = BridgeRules(home: root.root, roots: [root.root: rules])
    bridged.modules[Genesis.validatorSetAddress] = .validatorSet
    bridged.modules[StateReceiverModule.address] = .stateReceiver
    // Read again as any node will read it.
    let text = Array(bridged.json().prettyPrinted.utf8)
    _ = try Genesis(json: text)
    try Files.replace(out + "/genesis.json", text)
    try Files.replace(out + "/config.toml", Array(settings(start).utf8))
    report(rules, start)
  }

  private func sidechain() throws -> Genesis {
    let makers = try validator.map { text in
      let parts = text.split(separator: ":").map(String.init)
      guard let first = parts.first, parts.count <= 2,
        let weight = parts.count == 2 ? UInt64(parts[1]) : 1
      else {
        throw CommandFailure(.usage, "--validator wants address or address:weight, not \(text)")
      }
      return Genesis.Validator(
        address: try Address(checksummed: first), weight: weight, makesBlocks: true)
    }
    return try PresetGenesis(preset: preset, chainID: chainId, validators: makers, alloc: alloc)
      .genesis()
  }

  private func settings(_ start: UInt64) -> String {
    """
    [bridge]
    \(root.root)_rpc = ["\(root.url ?? "")"]
    \(root.root)_start = \(start)

    """
  }

  private func report(_ rules: BridgeRules.Root, _ start: UInt64) {
    output.print(
      [
        "root": .string(root.root.name), "chainId": JSONValue(rules.chainID),
        "stateSender": .string(rules.stateSender.checksummed),
        "checkpoints": .string(rules.checkpoints.checksummed),
        "manager": .string(rules.manager.checksummed), "btt": .string(rules.btt.checksummed),
        "start": JSONValue(start), "genesis": .string(out + "/genesis.json"),
        "config": .string(out + "/config.toml"),
      ],
      text: Output.table([
        ("root chain", "\(root.root), chain id \(rules.chainID)"),
        ("BTT", rules.btt.checksummed), ("state sender", rules.stateSender.checksummed),
        ("checkpoints", rules.checkpoints.checksummed), ("manager", rules.manager.checksummed),
        ("genesis", out + "/genesis.json"), ("settings", out + "/config.toml"),
      ]) + "\nNext: btt node init --data-dir DIR --genesis \(out)/genesis.json")
  }
}
