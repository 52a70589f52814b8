internal import ArgumentParser
internal import ChainTypes
internal import Foundation
internal import JSON
internal import KeyValueStore
internal import Ledger
internal import Logging
internal import Node
internal import Primitives

extension DataDirectory {
  /// Opens the chain of a node that does not run, and closes it after `body`.
  fileprivate func withChain<Value>(_ body: (Chain) throws -> Value) throws -> Value {
    let store = try openStore(createIfMissing: false)
    defer { store.close() }
    return try body(try Chain(store: store, logger: NodeLog.logger(settings: NodeSettings())))
  }
}

/// The command `btt node verify`.
struct NodeVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Re-read everything a stopped node holds, and prove that it is right.",
    discussion: """
      All accounts and slots are read and give the state root; all balances and what was burned \
      give the supply; every block has its parent, its roots and a validator's seal.

      EXAMPLE
        btt node verify --data-dir ./node
      """)

  @OptionGroup var data: DataDirectoryOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let report = try data.directory.withChain { chain in
      var verifier = ChainVerifier(view: chain.view) { Output.note($0) }
      return try verifier.verify()
    }
    output.print(
      [
        "ok": true, "height": JSONValue(report.height), "head": .string(report.headHash.hex),
        "stateRoot": .string(report.stateRoot.hex), "accounts": JSONValue(report.accountCount),
        "slots": JSONValue(report.slotCount), "transactions": JSONValue(report.transactionCount),
        "balances": .string(report.balanceSum.description),
        "burned": .string(report.burned.description),
      ],
      text: Output.table([
        ("blocks", String(report.height)), ("head", report.headHash.hex),
        ("state root", report.stateRoot.hex), ("accounts", String(report.accountCount)),
        ("slots", String(report.slotCount)), ("transactions", String(report.transactionCount)),
        ("balances", Amount(wei: report.balanceSum).description),
        ("burned", Amount(wei: report.burned).description),
        ("verified", "all of it holds"),
      ]))
  }
}

/// The command `btt node export`.
struct NodeExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the genesis and all sealed blocks of a stopped node to a file.",
    discussion: """
      EXAMPLE
        btt node export chain.btt --data-dir ./node
      """)

  @Argument(help: ArgumentHelp("File to write.", valueName: "file"), completion: .file())
  var file: String
  @OptionGroup var data: DataDirectoryOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let directory = data.directory
    let count = try directory.withChain { chain in
      guard let genesis = try DataDirectory.read(directory.genesisFile, limit: 1 << 30) else {
        throw CommandFailure(
          .file, "\(directory.genesisFile) is missing",
          next: "put the genesis file of the chain back in its place")
      }
      return try ChainFile.write(chain.view, genesis: genesis, to: file)
    }
    output.print(
      ["file": .string(file), "blocks": JSONValue(count)], text: "\(count) blocks in \(file)")
  }
}

/// The command `btt node import`.
struct NodeImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take in the blocks of an exported file, executing each.",
    discussion: """
      A data directory without a chain is made from the file's genesis. Blocks that are there \
      already are passed over, so that an import can be repeated.

      EXAMPLE
        btt node import chain.btt --data-dir ./copy
      """)

  @Argument(help: ArgumentHelp("File to read.", valueName: "file"), completion: .file())
  var file: String
  @OptionGroup var data: DataDirectoryOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let directory = data.directory
    let reader = try ChainFile.Reader(path: file)
    if !FileManager.default.fileExists(atPath: directory.chain) {
      let genesis = try Genesis(json: reader.genesis)
      try directory.write(reader.genesis, to: directory.genesisFile)
      let store = try directory.openStore(createIfMissing: true)
      defer { store.close() }
      try Chain.create(genesis, in: store)
    }
    let (count, head) = try directory.withChain { chain in
      let count = try ChainImport.run(reader, into: chain) { Output.note("block \($0)") }
      return (count, chain.view.head.number)
    }
    output.print(
      ["blocks": JSONValue(count), "head": JSONValue(head)],
      text: "\(count) blocks imported; the head is block \(head)")
  }
}
