internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import Primitives
internal import Synchronization
internal import TestSupport
internal import Testing

@Suite("Transaction receipt", .timeLimit(.minutes(1))) struct TransactionReceiptTests {
  private static let hash = Hash256.zero

  private static let receipt: JSONValue = [
    "blockNumber": "0x10", "blockHash": .string(hash.hex), "status": "0x1", "gasUsed": "0x5208",
    "effectiveGasPrice": "0x3b9aca00", "logs": [],
  ]

  /// Calls `body` with a client of a node that knows the receipt from the call after `misses` on.
  private func withClient<Value>(
    misses: Int, receipt: JSONValue = receipt, _ body: (JSONRPCClient) async throws -> Value
  ) async throws -> Value {
    let calls = Mutex(0)
    let server = try await ScriptedServer { request in
      let count = calls.withLock { count in
        count += 1
        return count
      }
      let reply: JSONValue = [
        "jsonrpc": "2.0", "id": request.body["id"] ?? .null,
        "result": count > misses ? receipt : .null,
      ]
      return .init(body: reply.description)
    }
    let result: Result<Value, any Error>
    do {
      result = .success(
        try await JSONRPCClient.withClient(
          .init(endpoint: "http://127.0.0.1:\(server.port)"), body))
    } catch {
      result = .failure(error)
    }
    await server.stop()
    return try result.get()
  }

  @Test("tells block, outcome and fee")
  func reads() async throws {
    let receipt = try await withClient(misses: 0) { try await $0.receipt(of: Self.hash) }
    let found = try #require(receipt)
    #expect(found.blockNumber == 16)
    #expect(found.succeeded)
    #expect(found.gasUsed == 21_000)
    #expect(found.fee.formatted(.gwei) == "21000 gwei")
    #expect(found.json["logs"] == [])
  }

  @Test("a status of zero is a failure")
  func readsFailure() throws {
    var object = try #require(Self.receipt.objectValue)
    object["status"] = "0x0"
    #expect(try !TransactionReceipt(object).succeeded)
  }

  @Test("one that lacks a member is refused", arguments: ["blockNumber", "status", "gasUsed"])
  func refusesIncomplete(key: String) throws {
    var object = try #require(Self.receipt.objectValue)
    object[key] = nil
    #expect(throws: RPCValueError.missingMember(key)) { try TransactionReceipt(object) }
  }

  @Test("is waited for until the transaction is in a block")
  func waits() async throws {
    let receipt = try await withClient(misses: 3) {
      try await $0.waitForReceipt(of: Self.hash, timeout: .seconds(50))
    }
    #expect(receipt?.blockNumber == 16)
  }

  @Test("is not waited for any longer than was said")
  func stopsWaiting() async throws {
    let receipt = try await withClient(misses: .max) {
      try await $0.waitForReceipt(of: Self.hash, timeout: .milliseconds(50))
    }
    #expect(receipt == nil)
  }
}
