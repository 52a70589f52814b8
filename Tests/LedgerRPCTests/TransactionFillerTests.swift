internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("Transaction filler", .timeLimit(.minutes(1))) struct TransactionFillerTests {
  private static let sender = Address(1)
  private static let receiver = Address(2)
  private static let gwei: UInt64 = 1_000_000_000

  /// A node with one ether for the sender and a base fee of 10 gwei; `changes` are results of
  /// methods that differ.
  private func fill(
    _ changes: [String: JSONValue] = [:], _ adjust: (inout TransactionRequest) -> Void = { _ in }
  ) async throws -> TransactionFiller.Filled {
    let results: [String: JSONValue] = [
      "eth_chainId": "0x539", "eth_getBalance": "0xde0b6b3a7640000",
      "eth_getTransactionCount": "0x7", "eth_maxPriorityFeePerGas": "0x3b9aca00",
      "eth_gasPrice": "0x2cb417800", "eth_estimateGas": "0x5208",
      "eth_getBlockByNumber": ["baseFeePerGas": "0x2540be400"],
    ].merging(changes) { $1 }
    let server = try await ScriptedServer { request in
      let method = request.body["method"]?.stringValue ?? ""
      var reply: JSONObject = ["jsonrpc": "2.0", "id": request.body["id"] ?? .null]
      if let error = results[method]?["error"] {
        reply["error"] = error
      } else {
        reply["result"] = results[method] ?? .null
      }
      return .init(body: JSONValue.object(reply).description)
    }
    var request = TransactionRequest(from: Self.sender, to: Self.receiver, value: 1000)
    adjust(&request)
    let client = try JSONRPCClient(.init(endpoint: "http://127.0.0.1:\(server.port)"))
    let result: Result<TransactionFiller.Filled, TransactionFillError>
    do throws(TransactionFillError) {
      result = .success(try await TransactionFiller(client: client).fill(request))
    } catch {
      result = .failure(error)
    }
    await client.shutdown()
    await server.stop()
    return try result.get()
  }

  @Test("a transfer gets chain, nonce and gas of the node, and twice the base fee and the tip")
  func fillsTransfer() async throws {
    let filled = try await fill()
    #expect(
      filled.transaction
        == Transaction(
          chainID: 1337, nonce: 7, maxPriorityFeePerGas: UInt256(Self.gwei),
          maxFeePerGas: UInt256(21 * Self.gwei), gasLimit: 21_000, to: Self.receiver, value: 1000))
    #expect(filled.balance.description == "1 BTT")
    #expect(filled.maximumFee.formatted(.gwei) == "441000 gwei")
  }

  @Test(
    "legacy and access-list transactions take the node's gas price", arguments: [0, 1] as [UInt8])
  func fillsOlderTypes(type: UInt8) async throws {
    let kind = try #require(Transaction.Kind(rawValue: type))
    let transaction = try await fill { $0.kind = kind }.transaction
    #expect(transaction.kind == kind)
    #expect(transaction.maxFeePerGas == 12_000_000_000)
    #expect(transaction.maxPriorityFeePerGas == 12_000_000_000)
    #expect(transaction.chainID == 1337)
  }

  @Test("what the sender has fixed is not asked for")
  func keepsFixedFields() async throws {
    let broken: JSONValue = ["error": ["code": -32601, "message": "no such method"]]
    let transaction = try await fill([
      "eth_getTransactionCount": broken, "eth_estimateGas": broken,
      "eth_maxPriorityFeePerGas": broken,
    ]) {
      $0.chainID = 1337
      $0.nonce = 3
      $0.gasLimit = 30_000
      $0.maxFeePerGas = 11_000_000_000
      $0.maxPriorityFeePerGas = 5
      $0.data = [1, 2]
    }.transaction
    #expect(transaction.nonce == 3)
    #expect(transaction.gasLimit == 30_000)
    #expect(transaction.maxFeePerGas == 11_000_000_000)
    #expect(transaction.maxPriorityFeePerGas == 5)
    #expect(transaction.data == [1, 2])
  }

  @Test("a suggested tip gives way to the most that the sender pays")
  func capsSuggestedTip() async throws {
    let transaction = try await fill(["eth_maxPriorityFeePerGas": "0x4a817c800"]) {
      $0.maxFeePerGas = 15_000_000_000
    }.transaction
    #expect(transaction.maxPriorityFeePerGas == 15_000_000_000)
  }

  @Test("a node on another chain than the one that is meant is refused")
  func refusesWrongChain() async {
    await #expect(throws: TransactionFillError.wrongChain(wanted: 199, actual: 1337)) {
      try await fill { $0.chainID = 199 }
    }
  }

  @Test("more than the sender has is refused, with the fee counted in")
  func refusesOverdraft() async {
    let all = UInt256(1_000_000_000_000_000_000 as UInt64)
    let cost = all &+ UInt256(441_000 * Self.gwei)
    await #expect(
      throws: TransactionFillError.insufficientFunds(
        sender: Self.sender, has: Amount(wei: all), needs: Amount(wei: cost))
    ) { try await fill { $0.value = all } }
    await #expect(
      throws: TransactionFillError.insufficientFunds(
        sender: Self.sender, has: Amount(wei: all), needs: Amount(wei: .max))
    ) { try await fill { $0.value = .max } }
  }

  @Test("a fee below the base fee is refused")
  func refusesLowFee() async {
    await #expect(
      throws: TransactionFillError.feeBelowBaseFee(max: 9_000_000_000, baseFee: 10_000_000_000)
    ) { try await fill { $0.maxFeePerGas = 9_000_000_000 } }
  }

  @Test("a tip above the most that the sender pays is refused")
  func refusesTipAboveCap() async {
    await #expect(throws: TransactionFillError.invalid(.tipAboveFeeCap)) {
      try await fill {
        $0.maxFeePerGas = 11_000_000_000
        $0.maxPriorityFeePerGas = 12_000_000_000
      }
    }
  }

  @Test("gas that cannot pay for the transaction's bytes is refused")
  func refusesLittleGas() async {
    await #expect(
      throws: TransactionFillError.invalid(.intrinsicGasTooLow(have: 20_999, want: 21_000))
    ) { try await fill { $0.gasLimit = 20_999 } }
  }

  @Test("a fee that does not fit is refused")
  func refusesGiantFee() async {
    await #expect(throws: TransactionFillError.invalid(.costOverflow)) {
      try await fill {
        $0.maxFeePerGas = .max
        $0.maxPriorityFeePerGas = 0
      }
    }
  }

  @Test("a transaction that would fail is refused with the node's reason")
  func tellsWhyItWouldFail() async {
    let cause = RPCError(code: 3, message: "execution reverted: no")
    await #expect(throws: TransactionFillError.wouldFail(cause)) {
      try await fill(["eth_estimateGas": ["error": cause.json]])
    }
  }

  @Test("type 2 needs a chain with a base fee")
  func needsBaseFee() async throws {
    await #expect(throws: TransactionFillError.noBaseFee) {
      try await fill(["eth_getBlockByNumber": ["number": "0x1"]])
    }
    let transaction = try await fill(["eth_getBlockByNumber": ["number": "0x1"]]) {
      $0.kind = .legacy
    }.transaction
    #expect(transaction.maxFeePerGas == 12_000_000_000)
  }

  @Test("a reply of another type is the node's fault")
  func refusesMalformedReply() async {
    let error = await #expect(throws: TransactionFillError.self) {
      try await fill(["eth_getBalance": "much"])
    }
    guard case .client(.malformedReply) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
