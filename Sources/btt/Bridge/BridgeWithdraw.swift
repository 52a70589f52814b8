internal import ArgumentParser
internal import Bridge
internal import ChainTypes
internal import JSON
internal import Keys
internal import LedgerRPC
internal import Primitives

/// The command `btt bridge withdraw`.
struct BridgeWithdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw",
    abstract: "Burn BTT or a token on the sidechain, to be claimed on its root chain.",
    discussion: """
      Once validators have signed a checkpoint over it, which --wait waits for, anybody can claim \
      it with btt bridge claim; the receiver gets the money whoever claims.

      EXAMPLE
        btt bridge withdraw 25 --devnet --wait
        btt bridge withdraw 0.5 --token 0x644E…1D6A --to 0x7099…79C8 --keystore ./keys --yes
      """)

  @Argument(help: "How much, in tokens: 1.5.")
  var amount: String

  @Option(
    help: ArgumentHelp(
      "What: btt (default), or the token's address on the sidechain.", valueName: "token"))
  var token = "btt"

  @Option(
    help: ArgumentHelp(
      "Who is paid on the root chain (default: the sender).", valueName: "address"),
    transform: Arguments.address)
  var to: Address?

  @OptionGroup(title: "Root chain") var root: RootOptions
  @OptionGroup(title: "Whose key") var signer: SignerOptions
  @OptionGroup(title: "Node") var rpc: RPCOptions
  @OptionGroup var waiting: WaitOptions
  @Flag(name: .shortAndLong, help: "Do not ask before sending.")
  var yes = false
  @OptionGroup var output: OutputOptions

  func run() async throws {
    guard yes || Terminal.isInteractive else {
      throw CommandFailure(
        .usage, "there is no terminal to ask whether to send", next: "add --yes to send unasked")
    }
    let key = try signer.key()
    try await rpc.withClient { client in
      let sender = BridgeSender(client: client, key: key)
      let module: Address
      let units: UInt256
      if token == "btt" {
        module = WithdrawalModule.address
        units = try TokenAmount.parse(amount, decimals: 18)
      } else {
        module = try Address(checksummed: token)
        var decimals = Values(try await sender.view(module, BridgedTokenModule.decimals))
        units = try TokenAmount.parse(
          amount, decimals: UInt8(truncatingIfNeeded: try decimals.uint64()))
      }
      let receiver = to ?? key.address
      if !yes {
        Output.note("withdraw \(amount) of \(token) to \(receiver) on \(root.root)")
        guard Terminal.confirm("Send?") else {
          throw CommandFailure(.cancelled, "cancelled: nothing was sent")
        }
      }
      let hash = try await sender.send(
        "the withdrawal", to: module,
        try WithdrawalModule.withdrawTo.encodeCall([
          .uint(UInt256(root.root.rawValue)), .address(receiver), .uint(units),
        ])
      ).hash
      try await report(hash, BridgeNode(client: client))
    }
  }

  private func report(_ hash: Hash256, _ node: BridgeNode) async throws {
    guard waiting.wait else {
      return output.print(
        ["transaction": .string(hash.hex), "root": .string(root.root.name)],
        text: "\(hash.hex)\nIt can be claimed after a checkpoint: btt bridge status \(hash.hex)")
    }
    let json = output.asJSON
    let transfers = try await BridgeProgress(
      node: node, transaction: hash, timeout: waiting.waitTimeout
    ) { if !json { Output.note($0) } }.wait(until: "claimable")
    output.print(
      [
        "transaction": .string(hash.hex), "root": .string(root.root.name),
        "transfers": .array(transfers.map { .object($0) }),
      ], text: BridgeProgress.text(transfers))
  }
}
