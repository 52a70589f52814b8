internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import LedgerRPC

/// Which node runs the torrents, and how its replies are printed.
struct NodeTorrentOptions: ParsableArguments {
  @OptionGroup(title: "Node") var rpc: RPCOptions
  @OptionGroup var output: OutputOptions

  /// Calls one of the node's methods for torrents.
  func call(_ method: String, _ params: JSONValue...) async throws -> JSONValue {
    try await rpc.withClient { client in try await Self.call(client, method, params) }
  }

  /// The same over a client that is there, with refusals told in terms of commands.
  static func call(
    _ client: JSONRPCClient, _ method: String, _ params: [JSONValue]
  ) async throws -> JSONValue {
    do {
      return try await client.call(method, params)
    } catch {
      guard case .rpc(let refusal) = error else { throw error }
      switch refusal.code {
      case -32601:
        throw CommandFailure(
          .node, "the node runs no torrents", next: "start it with btt node run --torrents",
          nodeCode: refusal.code)
      case -32001:
        throw CommandFailure(
          .notFound, refusal.message, next: "btt torrent list shows the node's torrents",
          nodeCode: refusal.code)
      case -32000 where refusal.message.contains("token"):
        throw CommandFailure(
          .node, refusal.message, next: "give --token-file with the node's admin.token",
          nodeCode: refusal.code)
      default: throw error
      }
    }
  }

  /// The torrents that a word on the command line means: an infohash or the beginning of one, or
  /// `all`.
  func torrents(_ client: JSONRPCClient, _ words: [String]) async throws -> [String] {
    if words.allSatisfy({ $0.utf8.count == 40 || $0.utf8.count == 64 }) { return words }
    let known = try await Self.all(client).compactMap { $0["infoHash"]?.stringValue }
    var found: [String] = []
    for word in words {
      let matches = word == "all" ? known : known.filter { $0.hasPrefix(word.lowercased()) }
      guard !matches.isEmpty || word == "all" else {
        throw CommandFailure(
          .notFound, "no torrent of the node begins with \(word)",
          next: "btt torrent list shows them")
      }
      guard matches.count == 1 || word == "all" else {
        throw CommandFailure(
          .usage, "\(matches.count) torrents begin with \(word)", next: "give more digits")
      }
      found += matches
    }
    return found
  }

  /// The one torrent that a word means.
  func torrent(_ client: JSONRPCClient, _ word: String) async throws -> JSONValue {
    guard word != "all", let infoHash = try await torrents(client, [word]).first else {
      throw CommandFailure(.usage, "one torrent is wanted here", next: "give its infohash")
    }
    return .string(infoHash)
  }

  /// All torrents of the node, page by page.
  static func all(_ client: JSONRPCClient) async throws -> [JSONValue] {
    var torrents: [JSONValue] = []
    while true {
      let page = try await call(
        client, "torrent_list", [JSONValue(torrents.count), JSONValue(1_000)])
      let rows = page["torrents"]?.arrayValue ?? []
      torrents += rows
      if rows.isEmpty || torrents.count >= page["total"]?.intValue ?? 0 { return torrents }
    }
  }
}
