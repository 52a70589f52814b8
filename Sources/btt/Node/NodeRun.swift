internal import ArgumentParser
internal import ChainTypes
internal import Foundation
internal import JSON
internal import Keys
internal import Ledger
internal import LedgerRPC
internal import Logging
internal import Node
internal import Primitives

/// The command `btt node run`.
struct NodeRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a node: make blocks, or follow a node that does.",
    discussion: """
      The validator's key comes from the data directory's keystore, or from --key-file. Once \
      requests are answered, a line says where; SIGINT or SIGTERM ends the node in order.

      EXAMPLE
        btt node run --data-dir ./node --password-file ./password
        btt node run --data-dir ./follower --follow http://127.0.0.1:8545 --rpc-port 8546
      """)

  @Option(help: ArgumentHelp("Address to listen on.", valueName: "host"))
  var rpcHost: String?
  @Option(help: ArgumentHelp("Port to listen on; 0 for any.", valueName: "port"))
  var rpcPort: String?
  @Option(help: ArgumentHelp("Node to follow, instead of making blocks.", valueName: "url"))
  var follow: String?
  @Flag(help: "Run torrents, as torrents.enabled = true does.")
  var torrents = false
  @Option(help: ArgumentHelp("How often blocks are made: 1s, 500ms, on-demand.", valueName: "time"))
  var blockTime: String?
  @Option(
    help: ArgumentHelp("Validator's key: key file, hex or mnemonic.", valueName: "file"),
    completion: .file())
  var keyFile: String?

  @OptionGroup var data: DataDirectoryOptions
  @OptionGroup var password: PasswordOptions
  @OptionGroup var settings: SettingsOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let directory = data.directory
    let effective = try settings.load(
      directory,
      [
        ("rpc.host", rpcHost), ("rpc.port", rpcPort), ("follow.url", follow),
        ("validator.block_time", blockTime), ("validator.key_file", keyFile),
        ("validator.password_file", password.passwordFile),
        ("torrents.enabled", torrents ? "true" : nil),
      ]
    ).settings
    let logger = NodeLog.logger(settings: effective)
    if let url = effective.followURL {
      var endpoint = JSONRPCClientConfiguration(endpoint: url)
      if let file = effective.followTokenFile { endpoint.bearerToken = try Files.firstLine(file) }
      try await JSONRPCClient.withClient(endpoint) { client in
        try await run(directory, effective, .follower(client), logger)
      }
    } else {
      try await run(directory, effective, .validator(key(directory, effective)), logger)
    }
  }

  private func run(
    _ directory: DataDirectory, _ settings: NodeSettings, _ role: LedgerNode.Role, _ logger: Logger
  ) async throws {
    let node = try LedgerNode(
      directory: directory, settings: settings, role: role,
      channelKey: try Self.channelKey(settings), bridgeKeys: try Self.bridgeKeys(settings),
      logger: logger)
    let output = output
    let name = node.chain.genesis.name
    let chainID = node.chain.genesis.chainID
    let head = node.chain.view.head.number
    try await node.run { port in
      let url = "http://\(settings.rpc.host):\(port)"
      output.print(
        [
          "rpc": .string(url), "chainId": JSONValue(chainID), "name": .string(name),
          "head": JSONValue(head), "tokenFile": .string(directory.tokenFile),
        ],
        text: "\(name) (chain id \(chainID)) at block \(head), listening on \(url)")
    }
  }

  /// The key whose payment channels the node runs.
  static func channelKey(_ settings: NodeSettings) throws -> PrivateKey? {
    try key(
      settings.channelKeyFile,
      PasswordSource(
        file: settings.channelPasswordFile, option: "channels.password_file with",
        variable: .channelPassword))
  }

  /// The keys of the node's bridge that are set apart from the block maker's.
  static func bridgeKeys(_ settings: NodeSettings) throws -> BridgeKeys {
    var keys = BridgeKeys()
    guard settings.bridge.isEnabled else { return keys }
    keys.relayer = try key(
      settings.bridge.keyFile,
      PasswordSource(
        file: settings.bridge.passwordFile, option: "bridge.password_file with",
        variable: .bridgePassword))
    keys.validator = try key(
      settings.bridge.validatorKeyFile,
      PasswordSource(
        file: settings.bridge.validatorPasswordFile, option: "bridge.validator_password_file with",
        variable: .bridgeValidatorPassword))
    return keys
  }

  private static func key(_ file: String?, _ password: PasswordSource) throws -> PrivateKey? {
    guard let file else { return nil }
    return try KeyMaterial(text: String(decoding: Files.read(file), as: UTF8.self))
      .key(index: 0, password: password)
  }

  private func key(_ directory: DataDirectory, _ settings: NodeSettings) throws -> PrivateKey {
    let source = PasswordSource(
      file: settings.validatorPasswordFile, option: "--password-file", variable: .password)
    if let file = settings.validatorKeyFile {
      return try KeyMaterial(text: String(decoding: Files.read(file), as: UTF8.self))
        .key(index: 0, password: source)
    }
    guard FileManager.default.fileExists(atPath: directory.keystore) else {
      throw CommandFailure(
        .noKey, "\(directory.path) has no validator's key",
        next: "give it with --key-file, or follow a node with --follow URL")
    }
    let store = try KeyStore(directory: directory.keystore)
    let accounts = try store.accounts()
    guard let account = accounts.first, accounts.count == 1 else {
      guard accounts.isEmpty else {
        throw CommandFailure(
          .noKey, "there are \(accounts.count) keys in \(directory.keystore)",
          next: "name the validator's with --key-file")
      }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.keystore)) ?? []
      if names.isEmpty {
        throw CommandFailure(
          .noKey, "no key in \(directory.keystore)", next: "give one with --key-file")
      }
      throw CommandFailure(
        .badKeyFile,
        "no key can be read from \(directory.keystore): "
          + "\(names.sorted().joined(separator: ", ")) is damaged or no key file",
        next: "put the key file back from its copy, or give one with --key-file")
    }
    let password = try source.existing("Password of the validator's key \(account.address): ")
    return try store.unlock(account.address, password: password)
  }
}

/// The command `btt node config`.
struct NodeConfig: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Show every setting, its value and where that comes from.",
    discussion: """
      Values come from the defaults, config.toml, the environment and the command line; later ones \
      win. What cannot be is refused, so that this also checks a settings file.

      EXAMPLE
        btt node config --data-dir ./node --set rpc.port=9000
        btt node config --sample > config.toml
      """)

  @Flag(help: "Print a settings file with every default and what it means.")
  var sample = false

  @OptionGroup var data: DataDirectoryOptions
  @OptionGroup var settings: SettingsOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    if sample {
      Output.write(EffectiveSettings.sample)
      return
    }
    let listing = try settings.load(data.directory).listing
    output.print(
      JSONObject(
        listing.map { entry in
          (entry.key, ["value": .string(entry.value), "origin": .string("\(entry.origin)")])
        }),
      text: Output.table(
        listing.map { ($0.key, "\($0.value.isEmpty ? "-" : $0.value)  (\($0.origin))") }))
  }
}
