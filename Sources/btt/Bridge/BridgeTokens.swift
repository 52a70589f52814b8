internal import ArgumentParser
internal import JSON
internal import LedgerRPC
internal import Primitives

/// The command `btt bridge tokens`.
struct BridgeTokens: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens",
    abstract: "List what can cross the bridge, and how much of it has.",
    discussion: """
      EXAMPLE
        btt bridge tokens
      """)

  @OptionGroup(title: "Node") var rpc: RPCOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await rpc.withClient { client in
      let tokens = try await BridgeNode(client: client).call("btt_bridgeTokens").arrayValue ?? []
      let rows = tokens.map { token -> [String] in
        let decimals = token["decimals"]?.uint64Value.flatMap { UInt8(exactly: $0) } ?? 0
        let supply = token["supply"]?.stringValue.flatMap { UInt256(decimal: $0) } ?? .zero
        return [
          token["symbol"]?.stringValue ?? "", TokenAmount.format(supply, decimals: decimals),
          token["root"]?.stringValue ?? "", token["rootToken"]?.stringValue ?? "",
          token["child"]?.stringValue ?? "",
        ]
      }
      output.print(
        ["tokens": .array(tokens)],
        text: Output.grid([["TOKEN", "HERE", "ROOT", "ROOT TOKEN", "SIDECHAIN TOKEN"]] + rows))
    }
  }
}
