internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import Primitives

/// The command `btt bridge pause`.
struct BridgePause: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "As a validator, ask that all that goes to and comes from a root chain stand still.",
    discussion: """
      They do once more than a third of the weight asks for it; failed deposits can be retried and \
      refunded only when it is over, and their seven days run on. A node's bridge does this by \
      itself when its endpoints contradict a header that was attested.

      EXAMPLE
        btt bridge pause --root eth --key-file validator.key
      """)

  @OptionGroup var change: PauseChange

  func run() async throws { try await change.send(isPaused: true) }
}

/// The command `btt bridge resume`.
struct BridgeResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "As a validator, no longer ask that a root chain stand still.",
    discussion: """
      EXAMPLE
        btt bridge resume --root eth --key-file validator.key
      """)

  @OptionGroup var change: PauseChange

  func run() async throws { try await change.send(isPaused: false) }
}

/// What both have.
struct PauseChange: ParsableArguments {
  @OptionGroup(title: "Root chain") var root: RootOptions
  @OptionGroup(title: "Whose key") var signer: SignerOptions
  @OptionGroup(title: "Node") var rpc: RPCOptions
  @OptionGroup var output: OutputOptions

  func send(isPaused: Bool) async throws {
    let key = try signer.key()
    try await rpc.withClient { client in
      let sent = try await BridgeSender(client: client, key: key).send(
        isPaused ? "the pause" : "the resumption", to: StateReceiverModule.address,
        try StateReceiverModule.setPaused.encodeCall([
          .uint(UInt256(root.root.rawValue)), .bool(isPaused),
        ]))
      output.print(
        [
          "transaction": .string(sent.hash.hex), "root": .string(root.root.name),
          "paused": .bool(isPaused),
        ], text: sent.hash.hex)
    }
  }
}
