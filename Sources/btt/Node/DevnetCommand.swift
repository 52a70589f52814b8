internal import ArgumentParser
internal import ChainTypes
internal import Foundation
internal import JSON
internal import KeyValueStore
internal import Keys
internal import Ledger
internal import Logging
internal import Node
internal import Primitives

/// The command `btt devnet`.
struct DevnetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devnet",
    abstract: "Run a chain of your own with funded accounts, at once.",
    discussion: """
      Blocks are made as soon as there are transactions, unless --block-time says otherwise. The \
      chain is forgotten at the end, unless --data-dir or --state keep it. The keys are known to \
      everybody: never use them anywhere else.

      EXAMPLE
        btt devnet
        btt devnet --block-time 2s --rpc-port 9545 --state devnet.btt
      """)

  @Option(help: ArgumentHelp("Port to listen on; 0 for any (default: 8545).", valueName: "port"))
  var rpcPort: String?
  @Option(
    help: ArgumentHelp(
      "How often blocks are made: 1s, 500ms, on-demand (default: on-demand).", valueName: "time"))
  var blockTime: String?
  @Option(help: ArgumentHelp("Other accounts, derived from this text.", valueName: "text"))
  var seed: String?
  @Option(help: ArgumentHelp("How many accounts are funded.", valueName: "count"))
  var accounts = 10
  @Option(
    help: ArgumentHelp("What each gets, in BTT unless it has a unit.", valueName: "amount"))
  var balance = "10000000 BTT"
  @Option(help: ArgumentHelp("Chain id.", valueName: "id"))
  var chainId: UInt64?
  @Option(
    help: ArgumentHelp(
      "File to load the chain from, and to save it to at the end.", valueName: "file"),
    completion: .file())
  var state: String?
  @Option(
    help: ArgumentHelp("Directory to keep the chain in.", valueName: "dir"), completion: .directory)
  var dataDir: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A setting, as for `btt node run`.", valueName: "section.name=value"))
  var assignments: [String] = []
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let devnet = try Devnet(
      preset: Genesis(json: GenesisPreset.devnet.bytes), seed: seed, accountCount: accounts,
      balance: Amount(parsing: balance).wei, chainID: chainId)
    let temporary =
      dataDir == nil
      ? try Files.createTemporaryDirectory(
        "btt-devnet", next: "free some room there, set TMPDIR, or give --data-dir")
      : nil
    defer { if let temporary { try? FileManager.default.removeItem(atPath: temporary) } }
    let directory = DataDirectory(path: dataDir ?? temporary ?? ".")
    var options = SettingsOptions()
    options.assignments =
      ["log.level=warning", "validator.block_time=on-demand"] + assignments
    options.config = nil
    let settings = try options.load(
      directory, [("rpc.port", rpcPort), ("validator.block_time", blockTime)]
    ).settings
    try prepare(directory, devnet)
    let node = try LedgerNode(
      directory: directory, settings: settings, role: .devnet(devnet.validator),
      channelKey: try NodeRun.channelKey(settings), bridgeKeys: try NodeRun.bridgeKeys(settings),
      logger: NodeLog.logger(settings: settings))
    guard chainId == nil || chainId == node.chain.genesis.chainID else {
      throw CommandFailure(
        .invalidInput, "the chain that was kept has chain id \(node.chain.genesis.chainID)",
        next: "leave --chain-id away, or give another --state or --data-dir")
    }
    // Only numbers go along: a view held for the whole run would keep every old row on the disk.
    let (chainID, head) = (node.chain.genesis.chainID, node.chain.view.head.number)
    let command = self
    try await node.run { port in
      command.announce(
        devnet, at: "http://\(settings.rpc.host):\(port)", chainID: chainID, head: head)
    }
    // The chain is closed by now, but its last view can still be read.
    try save(node.chain.view, directory)
  }

  /// Makes the chain unless it is there, and loads the state file.
  private func prepare(_ directory: DataDirectory, _ devnet: Devnet) throws {
    var reader: ChainFile.Reader?
    if let state, FileManager.default.fileExists(atPath: state) {
      reader = try ChainFile.Reader(path: state)
    }
    let store = try directory.openStore(createIfMissing: true)
    defer { store.close() }
    if try !Chain.exists(in: store) {
      let bytes = reader?.genesis ?? Array(devnet.genesis.json().prettyPrinted.utf8)
      try directory.write(bytes, to: directory.genesisFile)
      try Chain.create(try Genesis(json: bytes), in: store)
    }
    let chain = try Chain(store: store, logger: NodeLog.logger(settings: NodeSettings()))
    guard chain.genesis.makesBlocks(devnet.validator.address) else {
      throw CommandFailure(
        .invalidInput, "the chain that was kept is one of other accounts",
        next: "give the --seed and --accounts it was made with, or another --state or --data-dir")
    }
    if let reader { _ = try ChainImport.run(reader, into: chain) }
  }

  /// Writes the state file from the view, whose snapshot outlives the closed store.
  private func save(_ view: ChainView, _ directory: DataDirectory) throws {
    guard let state, let genesis = try DataDirectory.read(directory.genesisFile, limit: 1 << 30)
    else { return }
    try ChainFile.write(view, genesis: genesis, to: state)
  }

  private func announce(_ devnet: Devnet, at url: String, chainID: UInt64, head: UInt64) {
    let keys = devnet.accounts.map { key in
      (key.address.checksummed, key.withUnsafeBytes { Hex.encode($0) })
    }
    output.print(
      [
        "rpc": .string(url), "chainId": JSONValue(chainID),
        "head": JSONValue(head), "mnemonic": .string(devnet.mnemonic.phrase),
        "accounts": .array(
          keys.map { ["address": .string($0.0), "privateKey": .string($0.1)] }),
      ],
      text: """
        Accounts, each with \(balance) at the start; everybody knows their keys:

        \(keys.enumerated().map { "(\($0)) \($1.0)  \($1.1)" }.joined(separator: "\n"))

        Mnemonic  \(devnet.mnemonic.phrase)
        Path      m/44'/60'/0'/0/i
        Chain id  \(chainID)
        Head      block \(head)

        Listening on \(url)
        """)
  }
}
