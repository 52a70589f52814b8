internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import Primitives

/// The command `btt balance`.
struct Balance: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what an account has.",
    discussion: """
      EXAMPLE
        btt balance 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
        btt balance 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --block 1000 --json
      """)

  @Argument(help: "The account.", transform: Arguments.address)
  var address: Address

  @Option(
    help: ArgumentHelp("Block by number, hash or tag.", valueName: "block"),
    transform: Arguments.block)
  var block = BlockParameter.latest

  @OptionGroup var rpc: RPCOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let wei = try await rpc.withClient { client in
      try await client.call(
        "eth_getBalance", [.string(address.hex), block.json], returning: .quantity)
    }
    let amount = Amount(wei: wei)
    output.print(
      [
        "address": .string(address.checksummed), "block": block.json,
        "wei": .string(wei.description), "btt": .string(AmountUnit.btt.number(amount)),
      ], text: amount.description)
  }
}
