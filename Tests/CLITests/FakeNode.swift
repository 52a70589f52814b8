internal import ChainTypes
internal import JSON
internal import NIOHTTP1
internal import Primitives
internal import Synchronization
internal import TestSupport

/// A node on a chain of one's own, which takes every transaction into block 9.
final class FakeNode: Sendable {
  private struct State {
    var results: [String: JSONValue] = [
      "eth_chainId": "0x539", "eth_getBalance": "0xde0b6b3a7640000",
      "eth_getTransactionCount": "0x7", "eth_maxPriorityFeePerGas": "0x3b9aca00",
      "eth_gasPrice": "0x2cb417800", "eth_estimateGas": "0x5208",
      "eth_getBlockByNumber": FakeNode.block, "eth_getBlockByHash": FakeNode.block,
      "eth_getTransactionByHash": FakeNode.transaction,
      "eth_getTransactionReceipt": [
        "blockNumber": "0x9", "blockHash": .string(Hash256.zero.hex), "status": "0x1",
        "gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00",
      ],
    ]
    var calls: [JSONValue] = []
    var token: String?
    var sent: [SignedTransaction] = []
  }

  static let hash = "0x" + String(repeating: "ab", count: 32)

  static let transaction: JSONValue = [
    "hash": .string(hash), "from": .string(DevnetKey.address),
    "to": .string(DevnetKey.fourthAddress), "value": "0xde0b6b3a7640000", "nonce": "0x7",
    "type": "0x2", "input": "0x",
  ]

  static let block: JSONValue = [
    "number": "0x9", "hash": .string(hash), "parentHash": .string(hash), "timestamp": "0x6553f100",
    "gasUsed": "0x5208", "gasLimit": "0xe4e1c00", "baseFeePerGas": "0x2540be400",
    "stateRoot": .string(hash), "miner": .string(DevnetKey.address),
    "transactions": [transaction],
  ]

  private let server: ScriptedServer
  private let state: Shared

  private final class Shared: Sendable {
    let state = Mutex(State())
  }

  /// A node; what is in `changes` it answers otherwise: with an error where the value has one.
  init(_ changes: [String: JSONValue] = [:]) async throws {
    let shared = Shared()
    shared.state.withLock { $0.results.merge(changes) { $1 } }
    state = shared
    server = try await ScriptedServer { request in
      shared.state.withLock { state in
        state.token = request.head.headers.first(name: "authorization")
        return .init(body: Self.answer(request.body, &state).description)
      }
    }
  }

  private static func answer(_ request: JSONValue, _ state: inout State) -> JSONValue {
    let method = request["method"]?.stringValue ?? ""
    state.calls.append([.string(method), request["params"] ?? .null])
    var reply: JSONObject = ["jsonrpc": "2.0", "id": request["id"] ?? .null]
    if let result = state.results[method] {
      if let error = result["error"] { reply["error"] = error } else { reply["result"] = result }
    } else if method == "eth_sendRawTransaction",
      let bytes = try? Hex.decode(request["params"]?[0]?.stringValue ?? ""),
      let transaction = try? SignedTransaction(decoding: bytes)
    {
      state.sent.append(transaction)
      reply["result"] = .string(transaction.hash.hex)
    } else {
      reply["error"] = RPCError.methodNotFound(method).json
    }
    return .object(reply)
  }

  var url: String { "http://127.0.0.1:\(server.port)" }

  /// The transactions that came.
  var sent: [SignedTransaction] { state.state.withLock { $0.sent } }

  /// The calls that came, each a pair of method and parameters.
  var calls: [JSONValue] { state.state.withLock { $0.calls } }

  /// What the last request had for authorization.
  var token: String? { state.state.withLock { $0.token } }

  func stop() async { await server.stop() }
}
