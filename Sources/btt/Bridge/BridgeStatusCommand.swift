internal import ArgumentParser
internal import JSON
internal import LedgerRPC
internal import Primitives

/// The command `btt bridge status`.
struct BridgeStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show where a deposit or a withdrawal stands.",
    discussion: """
      Takes the transaction that began it: the deposit's on the root chain, or the withdrawal's on \
      the sidechain.

      EXAMPLE
        btt bridge status 0x5f1a…
        btt bridge status 0x5f1a… --wait --json
      """)

  @Argument(help: "The transaction.", transform: Arguments.hash)
  var transaction: Hash256

  @OptionGroup(title: "Node") var rpc: RPCOptions
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await rpc.withClient { client in
      let node = BridgeNode(client: client)
      let transfers: [JSONObject]
      if waiting.wait {
        let json = output.asJSON
        let progress = BridgeProgress(
          node: node, transaction: transaction, timeout: waiting.waitTimeout
        ) { if !json { Output.note($0) } }
        transfers = try await progress.wait { transfer in
          // A withdrawal goes on only when somebody claims it.
          BridgeProgress.reached("credited", transfer)
            || BridgeProgress.reached("claimable", transfer)
        }
      } else {
        transfers = try await node.status(transaction)
      }
      output.print(
        ["transfers": .array(transfers.map { .object($0) })], text: BridgeProgress.text(transfers))
    }
  }
}
