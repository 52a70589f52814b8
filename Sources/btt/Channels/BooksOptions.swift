internal import ArgumentParser
internal import ChainTypes
internal import Foundation
internal import KeyValueStore
internal import Keys
internal import LedgerRPC
internal import Logging
internal import Node
internal import PaymentChannels
internal import Primitives

/// Whose channels, and on which ledger.
struct BooksOptions: ParsableArguments {
  @OptionGroup(title: "Whose key") var signer: SignerOptions
  @OptionGroup(title: "Node") var rpc: RPCOptions

  @Option(
    help: ArgumentHelp(
      """
      The chain's genesis file: the node's word is then checked against its validators \
      (environment: BTT_GENESIS).
      """, valueName: "file"), completion: .file())
  var genesis: String?

  @Flag(
    help: "The node is your own: believe it without a genesis file (environment: BTT_TRUST_RPC=1).")
  var trustRpc = false

  @Option(
    help: ArgumentHelp(
      "Refuse a node whose newest block is older, unless it is trusted.", valueName: "seconds"))
  var maxAge: UInt32 = 600

  @Option(
    help: ArgumentHelp("As payee, ignore channels with less grace.", valueName: "seconds"))
  var minGrace: UInt32 = ChannelConfiguration().minimumGraceSeconds

  @Option(
    help: ArgumentHelp(
      "As payee, ignore channels with less grace, in blocks with room.", valueName: "blocks"))
  var minGraceBlocks: UInt32 = ChannelConfiguration().minimumGraceBlocks

  /// Books that are open, and what they rest on.
  struct Open: Sendable {
    let service: ChannelService
    let ledger: any LedgerClient
    let account: any ChannelSigner
    /// The path of the books, to which others append what they call their own.
    let path: String
  }

  /// Calls `body` with the books below `state`, which know all up to the newest block.
  ///
  /// With `key` the key is opened; without, nothing can be signed, and no password is needed.
  func withBooks<Value: Sendable>(
    in state: String?, key needsKey: Bool = true, takeOver: Bool = false,
    _ body: @Sendable (Open) async throws -> Value
  ) async throws -> Value {
    let account: any ChannelSigner = needsKey ? try signer.key() : try watchedAccount()
    let trust = try trust()
    return try await rpc.withClient { client in
      var configuration = RPCLedgerConfiguration { .seconds(Date().timeIntervalSince1970) }
      if case .genesis = trust { configuration.maximumHeadAge = .seconds(Int64(maxAge)) }
      let ledger = RPCLedgerClient(client: client, trust: trust, configuration: configuration)
      let directory = try Self.directory(state) + "/\(try await ledger.chainID())"
      try Files.createDirectory(directory)
      let path = "\(directory)/\(account.address.hex)"
      let lease = try KeyLease(of: account.address, in: directory)
      let store = try LevelDBStore(configuration: .channelBooks(at: path))
      defer { store.close() }
      var books = ChannelConfiguration()
      books.minimumGraceSeconds = minGrace
      books.minimumGraceBlocks = minGraceBlocks
      let service = try await ChannelService.open(
        store: store, ledger: ledger, account: account, lease: lease, takeOver: takeOver,
        configuration: books, logger: Self.logger)
      try await service.catchUp()
      let value = try await body(
        Open(service: service, ledger: ledger, account: account, path: path))
      try await service.shutdown()
      return value
    }
  }

  /// The directory of all books.
  static func directory(_ state: String?) throws -> String {
    if let state { return URL(fileURLWithPath: state).standardizedFileURL.path }
    if let home = Environment.stateHome.value { return home + "/btt/channels" }
    guard let home = Environment.home.value else {
      throw CommandFailure(
        .file, "no directory for the books: HOME is not set", next: "set HOME, or name a directory")
    }
    return home + "/.local/state/btt/channels"
  }

  static var logger: Logger {
    var settings = NodeSettings()
    settings.logLevel = .warning
    return NodeLog.logger(settings: settings)
  }

  private func trust() throws -> LedgerTrust {
    if let file = genesis ?? Environment.genesis.value {
      return .genesis(try Genesis(json: try Files.read(file, limit: 64 << 20)))
    }
    guard trustRpc || Environment.trustRPC.value == "1" else {
      throw CommandFailure(
        .usage, "it is not said whether the node is to be believed",
        next: "give --genesis FILE to have its word checked, or --trust-rpc if it is your own")
    }
    return .endpoint
  }

  /// The account without its key, where that can be told.
  private func watchedAccount() throws -> any ChannelSigner {
    if let from = signer.from { return AddressOnly(address: from) }
    return AddressOnly(address: try signer.address())
  }
}

/// An account whose key stays locked: for commands that only look.
private struct AddressOnly: ChannelSigner {
  let address: Address

  func sign(_ digest: Hash256) throws(KeyError) -> Signature { throw .signingFailed }
}
