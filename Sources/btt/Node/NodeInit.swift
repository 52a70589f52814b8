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

/// The command `btt node init`.
struct NodeInit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a data directory with a new chain.",
    discussion: """
      With --preset, a chain of your own starts, and unless --validator names another, its block \
      maker's key is made and kept encrypted in the data directory. With --genesis, the chain is \
      the one the file describes, for instance one to follow.

      EXAMPLE
        btt node init --data-dir ./node --alloc 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266=1000000
        btt node init --data-dir ./follower --genesis ./node/genesis.json
      """)

  @Option(
    help: ArgumentHelp("Genesis file to start from.", valueName: "file"), completion: .file())
  var genesis: String?

  @Option(
    help: "Rules to start from, when there is no genesis file: bttc (default) or devnet.",
    transform: { text in
      guard let preset = GenesisPreset(rawValue: text) else {
        throw ValidationError("there is no preset \(text): take bttc or devnet")
      }
      return preset
    })
  var preset: GenesisPreset?

  @Option(help: ArgumentHelp("Chain id instead of the preset's.", valueName: "id"))
  var chainId: UInt64?

  @Option(
    help: ArgumentHelp(
      "Address of a block maker, instead of making a key; may be given again.",
      valueName: "address"),
    transform: Arguments.address)
  var validator: [Address] = []

  @Option(
    help: ArgumentHelp(
      "An account to fund, with the amount in BTT unless it has a unit; may be given again.",
      valueName: "address=amount"))
  var alloc: [String] = []

  @OptionGroup var data: DataDirectoryOptions
  @OptionGroup var password: PasswordOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if genesis != nil, preset != nil || chainId != nil || !validator.isEmpty || !alloc.isEmpty {
      throw ValidationError(
        "--genesis says all: --preset, --chain-id, --validator and --alloc go without it")
    }
  }

  func run() throws {
    let directory = data.directory
    if FileManager.default.fileExists(atPath: directory.chain), try holdsChain(directory) {
      throw CommandFailure(
        .invalidInput, "\(directory.path) holds a chain already: nothing was done",
        next: "give another --data-dir, or remove the directory if you want to lose the chain")
    }
    let bytes: [UInt8]
    var genesis: Genesis
    var key: PrivateKey?
    if let file = self.genesis {
      bytes = try Files.read(file, limit: 1 << 30)
      genesis = try Genesis(json: bytes)
    } else {
      genesis = try presetGenesis(&key)
      bytes = Array(genesis.json().prettyPrinted.utf8)
    }
    try directory.create()
    if let key {
      let password = try password.source.new("New password of the validator's key: ")
      try refuseToReplaceUsedKey(directory)
      try? FileManager.default.removeItem(atPath: directory.keystore)
      _ = try KeyStore(directory: directory.keystore).add(
        key, password: password, strength: .standard, at: Date())
    }
    try directory.write(bytes, to: directory.genesisFile)
    if !FileManager.default.fileExists(atPath: directory.configurationFile) {
      try directory.write(
        Array(EffectiveSettings.sample.utf8), to: directory.configurationFile)
    }
    let store = try directory.openStore(createIfMissing: true)
    defer { store.close() }
    try Chain.create(genesis, in: store)
    let chain = try Chain(store: store, logger: NodeLog.logger(settings: NodeSettings()))
    try report(directory, chain, key?.address)
  }

  /// A key that an interrupted `init` left has sealed nothing and may go; one of a node that ran
  /// may be the only one that can make the blocks of its chain.
  private func refuseToReplaceUsedKey(_ directory: DataDirectory) throws {
    let traces = [directory.tokenFile, directory.guardFile]
    guard FileManager.default.fileExists(atPath: directory.keystore),
      traces.contains(where: FileManager.default.fileExists)
    else { return }
    throw CommandFailure(
      .keyExists, "\(directory.keystore) holds the key of a validator that has run",
      next: "to build its chain again, give --genesis \(directory.genesisFile); for a new chain, "
        + "another --data-dir")
  }

  /// Whether there is a chain already, and not only what an interrupted `init` left.
  private func holdsChain(_ directory: DataDirectory) throws -> Bool {
    let store = try directory.openStore(createIfMissing: true)
    defer { store.close() }
    return try Chain.exists(in: store)
  }

  private func presetGenesis(_ key: inout PrivateKey?) throws -> Genesis {
    var makers = validator
    if makers.isEmpty {
      let made = PrivateKey.generate()
      key = made
      makers = [made.address]
    }
    return try PresetGenesis(
      preset: preset ?? .bttc, chainID: chainId,
      validators: makers.map { .init(address: $0, weight: 1, makesBlocks: true) }, alloc: alloc
    ).genesis()
  }

  private func report(_ directory: DataDirectory, _ chain: Chain, _ maker: Address?) throws {
    let makers = chain.genesis.validators.filter(\.makesBlocks).map(\.address.checksummed)
    output.print(
      [
        "dataDirectory": .string(directory.path), "name": .string(chain.genesis.name),
        "chainId": JSONValue(chain.genesis.chainID),
        "genesisHash": .string(chain.genesisHash.hex),
        "blockMakers": .array(makers.map { .string($0) }),
      ],
      text: Output.table([
        ("data directory", directory.path), ("chain", chain.genesis.name),
        ("chain id", String(chain.genesis.chainID)), ("genesis", chain.genesisHash.hex),
        ("block maker", makers.joined(separator: ", ")),
      ])
        + (maker == nil
          ? ""
          : "\nThe block maker's key is in \(directory.keystore); without it and its password "
            + "no blocks can be made.")
        + "\nNext: btt node run --data-dir \(directory.path)"
        + (maker == nil ? " --follow URL, or with --key-file" : ""))
  }
}
