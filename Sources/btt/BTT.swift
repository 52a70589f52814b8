internal import ArgumentParser
internal import Node

/// The command `btt`: parses the command line, runs the command it names, and turns every end into
/// an exit code and, on failure, a message.
@main
struct BTT: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "btt",
    abstract: "A ledger node, and a wallet for it.",
    discussion: """
      EXAMPLE
        btt devnet
        btt node init --data-dir ./node
        btt wallet new
        btt balance 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
        btt send 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 1.5 --from 0xf39F…2266

      Exit codes: 0 done, 1 failed, 2 wrong usage. With --json, the result is one JSON object on \
      standard output, and an error is one on standard error.
      """,
    version: LedgerNode.version,
    subcommands: [
      NodeCommand.self, DevnetCommand.self, Wallet.self, Send.self, Balance.self,
      ShowTransaction.self, ShowBlock.self, RPC.self,
      Convert.self, Torrent.self, VaultCommand.self, ChannelCommand.self, VoucherCommand.self,
      BridgeCommand.self,
      SpeedCommand.self, DemoCommand.self,
    ])

  static let _errorPrefix = "error: "

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      ErrorReport.exit(with: error)
    }
  }
}
