internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import Primitives

/// A node's bridge as the commands ask it.
struct BridgeNode {
  /// What the node says of a root chain.
  struct Root {
    var chainID: UInt64
    var manager: Address
    var checkpoints: Address
    var stateSender: Address
    var btt: Address
    var json: JSONObject
  }

  /// The code with which a node says that it is asked too often.
  static let busy = -32005

  let client: JSONRPCClient

  /// Calls one of the node's methods, with refusals told in terms of commands.
  func call(_ method: String, _ params: [JSONValue] = []) async throws -> JSONValue {
    do {
      return try await client.call(method, params)
    } catch {
      guard case .rpc(let refusal) = error else { throw error }
      switch refusal.code {
      case -32601:
        throw CommandFailure(
          .node, "the node runs no bridge",
          next: "start it with bridge.eth_rpc set, or name a node that does with --rpc",
          nodeCode: refusal.code)
      case -32001:
        throw CommandFailure(.notFound, refusal.message, nodeCode: refusal.code)
      case Self.busy:
        throw CommandFailure(.node, refusal.message, nodeCode: refusal.code)
      default: throw error
      }
    }
  }

  func roots() async throws -> [JSONObject] {
    try await call("btt_bridgeRoots").arrayValue?.compactMap(\.objectValue) ?? []
  }

  /// The contracts of a root chain, which the sidechain's genesis names.
  func root(_ id: RootID) async throws -> Root {
    guard let json = try await roots().first(where: { $0["root"]?.stringValue == id.name }) else {
      throw CommandFailure(
        .notFound, "the node does not follow \(id)",
        next: "set its bridge.\(id)_rpc, or name another node with --rpc")
    }
    do throws(RPCValueError) {
      guard let chainID = json["chainId"]?.uint64Value else { throw .missingMember("chainId") }
      return Root(
        chainID: chainID, manager: try json.required("manager", .address),
        checkpoints: try json.required("checkpoints", .address),
        stateSender: try json.required("stateSender", .address),
        btt: try json.required("btt", .address), json: json)
    } catch {
      throw CommandFailure(.badReply, "the node's list of root chains is malformed: \(error)")
    }
  }

  /// Where all stands that a transaction began.
  func status(_ transaction: Hash256) async throws -> [JSONObject] {
    try await call("btt_bridgeStatus", [.string(transaction.hex)]).arrayValue?
      .compactMap(\.objectValue) ?? []
  }
}
