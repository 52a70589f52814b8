internal import ArgumentParser
internal import JSON
internal import LedgerRPC

/// The command `btt rpc`.
struct RPC: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Call a method of a node.",
    discussion: """
      Parameters are JSON; a bare word that is no JSON stands for a string. With --json the result \
      is the member "result" of an object.

      EXAMPLE
        btt rpc eth_blockNumber
        btt rpc eth_getBalance 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 latest
        btt rpc eth_getLogs '{"fromBlock": "0x0", "toBlock": "latest"}'
      """)

  @Argument(help: "The method.")
  var method: String

  @Argument(help: "Its parameters.", transform: Arguments.parameter)
  var params: [JSONValue] = []

  @OptionGroup var rpc: RPCOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let result = try await rpc.withClient { try await $0.call(method, params) }
    output.print(["result": result], text: result.stringValue ?? result.prettyPrinted)
  }
}
