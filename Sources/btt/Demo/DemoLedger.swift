internal import ChainTypes
internal import Foundation
internal import JSON
internal import KeyValueStore
internal import Keys
internal import Ledger
internal import LedgerRPC
internal import Logging
internal import Node
internal import PaymentChannels
internal import Primitives

/// The demo's ledger: a chain with one node that makes a block whenever there is something for it.
struct DemoLedger: Sendable {
  let devnet: Devnet
  let node: LedgerNode

  /// A chain in a folder; the node does not run yet.
  init(in folder: String) throws {
    devnet = try Devnet(
      preset: Genesis(json: GenesisPreset.devnet.bytes), seed: nil, accountCount: 3,
      balance: Amount(parsing: "1000 BTT").wei, chainID: nil)
    let directory = DataDirectory(path: folder)
    let store = try directory.openStore(createIfMissing: true)
    do {
      let bytes = Array(devnet.genesis.json().prettyPrinted.utf8)
      try directory.write(bytes, to: directory.genesisFile)
      try Chain.create(try Genesis(json: bytes), in: store)
      store.close()
    } catch {
      store.close()
      throw error
    }
    let settings = try EffectiveSettings(
      toml: nil, environment: [:],
      commandLine: [
        ("log.level", "error"), ("rpc.port", "0"), ("validator.block_time", "on-demand"),
      ]
    ).settings
    node = try LedgerNode(
      directory: directory, settings: settings, role: .devnet(devnet.validator),
      logger: NodeLog.logger(settings: settings))
  }

  /// Runs the node until the task is cancelled.
  func run(_ onStart: @escaping @Sendable (Int) -> Void) async throws {
    try await node.run(signals: [], onStart: onStart)
  }

  /// Reads every row again once the node has ended, and sums up all money.
  ///
  /// - Returns: all balances, and what was burned.
  func verify() throws -> ChainVerifier.Report {
    // The chain is closed by now, but its last view can still be read.
    var verifier = ChainVerifier(view: node.chain.view)
    return try verifier.verify()
  }
}

/// What a wallet and its vault have.
struct DemoMoney: Sendable {
  var balance: UInt256
  var vault: UInt128

  /// Both together.
  var sum: UInt256 { balance &+ UInt256(vault) }

  /// Looks an account up.
  init(of account: Address, _ ledger: any LedgerClient) async throws {
    balance = try await ledger.account(account).balance
    vault = try await ledger.vault(of: account).balance
  }
}
