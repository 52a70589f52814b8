internal import ArgumentParser
internal import LedgerRPC

/// Which node to ask.
struct RPCOptions: ParsableArguments {
  @Option(
    name: .customLong("rpc"),
    help: ArgumentHelp(
      "URL of the node (environment: BTT_RPC_URL; default: http://127.0.0.1:8545).",
      valueName: "url"))
  var url: String?

  @Option(
    help: ArgumentHelp(
      "File with the token for the administrator's methods (environment: BTT_TOKEN_FILE).",
      valueName: "file"),
    completion: .file())
  var tokenFile: String?

  @Option(help: ArgumentHelp("Seconds to wait for a reply.", valueName: "seconds"))
  var rpcTimeout = 60

  func validate() throws {
    guard (1...86_400).contains(rpcTimeout) else {
      throw ValidationError("--rpc-timeout is a number of seconds from 1 to 86400")
    }
  }

  /// Calls `body` with a client of the node.
  func withClient<Value>(_ body: (JSONRPCClient) async throws -> Value) async throws -> Value {
    var configuration = JSONRPCClientConfiguration(
      endpoint: url ?? Environment.rpcURL.value ?? "http://127.0.0.1:8545")
    if let file = tokenFile ?? Environment.tokenFile.value {
      configuration.bearerToken = try Files.firstLine(file)
    }
    configuration.timeout = .seconds(rpcTimeout)
    return try await JSONRPCClient.withClient(configuration, body)
  }
}
