internal import ArgumentParser
internal import ChainTypes
internal import LedgerRPC

/// Which root chain, and which node of it.
struct RootOptions: ParsableArguments {
  @Option(
    help: "Root chain: eth (default) or bsc.",
    transform: { text in
      guard let root = RootID(name: text), root != .tron else {
        throw ValidationError("no node follows a root chain \(text): take eth or bsc")
      }
      return root
    })
  var root: RootID = .eth

  @Option(
    help: ArgumentHelp(
      "URL of a node of the root chain (environment: BTT_ROOT_RPC_URL).", valueName: "url"))
  var rootRpc: String?

  var url: String? { rootRpc ?? Environment.rootRPCURL.value }

  /// Calls `body` with a client of the root chain.
  func withClient<Value>(_ body: (JSONRPCClient) async throws -> Value) async throws -> Value {
    guard let url else {
      throw CommandFailure(
        .usage, "no node of the root chain \(root) is named",
        next: "give --root-rpc URL, or set BTT_ROOT_RPC_URL")
    }
    return try await JSONRPCClient.withClient(JSONRPCClientConfiguration(endpoint: url), body)
  }
}
