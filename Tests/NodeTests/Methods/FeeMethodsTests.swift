internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Node
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("Fee methods")
struct FeeMethodsTests {
  private let small = TestChain.genesis { $0.gasLimit = 1_000_000 }

  /// A transaction whose data costs exactly the rest of `gas`, a multiple of four.
  private func filler(
    _ gas: UInt64, sender: Int = 0, nonce: UInt64 = 0, tip: UInt256 = 1
  ) throws -> SignedTransaction {
    let (full, rest) = (gas - 21_000).quotientAndRemainder(dividingBy: 16)
    let data =
      [UInt8](repeating: 1, count: Int(full)) + [UInt8](repeating: 0, count: Int(rest) / 4)
    return try TestChain.transfer(
      from: RPCNode.keys[sender], nonce: nonce, to: Address(0xabc), tip: tip, gasLimit: gas,
      data: data)
  }

  @Test("While blocks have room the price is the base fee, and no tip is advised")
  func quiet() async throws {
    let node = try RPCNode()
    #expect(try await node.call("eth_gasPrice") == "0x3b9aca00")
    #expect(try await node.call("eth_maxPriorityFeePerGas") == "0x0")
    #expect(try await node.call("eth_blobBaseFee") == "0x1")
  }

  @Test("When blocks are more than half full, the tips they took are the advice")
  func busy() async throws {
    let node = try RPCNode(genesis: small)
    try await node.send(try filler(300_000, sender: 0, tip: 300))
    try await node.send(try filler(300_000, sender: 1, tip: 100))
    try node.mine()
    // 60 % of the gas is reached by the dearer of two.
    #expect(try await node.call("eth_maxPriorityFeePerGas") == "0x12c")
    let next = node.test.chain.view.nextBaseFee
    #expect(next > 1_000_000_000)
    #expect(try await node.call("eth_gasPrice") == .string(Hex.quantity(next &+ 300)))
  }

  @Test("The history has fees, fullness and the tips at each percentile of gas")
  func history() async throws {
    let node = try RPCNode(genesis: small)
    try node.mine()
    for (index, tip) in [10, 20, 30, 40].enumerated() {
      try await node.send(
        try TestChain.transfer(
          from: RPCNode.keys[index], nonce: 0, to: Address(0xabc), tip: UInt256(UInt64(tip))))
    }
    try node.mine()
    let history = try await node.call("eth_feeHistory", "0x2", "latest", [0, 25, 25.5, 50, 100])
    #expect(
      history == [
        "oldestBlock": "0x1", "baseFeePerGas": ["0x3b9aca00", "0x3b9aca00", "0x3b9aca00"],
        "gasUsedRatio": [.number("0.0"), .number("0.084")],
        "baseFeePerBlobGas": ["0x1", "0x1", "0x1"],
        "blobGasUsedRatio": [.number("0.0"), .number("0.0")],
        "reward": [["0x0", "0x0", "0x0", "0x0", "0x0"], ["0xa", "0xa", "0x14", "0x14", "0x28"]],
      ])
    for count in [2, "2", "0x2"] as [JSONValue] {
      let plain = try await node.call("eth_feeHistory", count, "0x2")
      #expect(plain["reward"] == nil)
      #expect(plain["baseFeePerGas"]?.arrayValue?.count == 3)
    }
    // No more blocks than there are.
    let all = try await node.call("eth_feeHistory", "0x400", "latest", [])
    #expect(all["oldestBlock"] == "0x0")
    #expect(all["gasUsedRatio"]?.arrayValue?.count == 3)
  }

  @Test("The fee after the newest block of a past range is that of the block that followed")
  func pastRange() async throws {
    let node = try RPCNode(genesis: small)
    for nonce in 0..<3 as Range<UInt64> {
      try await node.send(try filler(1_000_000, nonce: nonce))
      try node.mine()
    }
    // Full blocks raise the fee by an eighth each.
    let history = try await node.call("eth_feeHistory", 2, "0x2")
    #expect(history["oldestBlock"] == "0x1")
    #expect(
      history["baseFeePerGas"]
        == .array(
          [1_000_000_000, 1_125_000_000, 1_265_625_000].map {
            .string(Hex.quantity($0 as UInt64))
          }))
  }

  static let refused: [([JSONValue], Int, String)] = [
    (["0x1", "0x9"], -32000, "request beyond head block: requested 9, head 0"),
    (["0x1", "latest", [50, 50]], -32000, "invalid reward percentile: #0:50.0 >= #1:50.0"),
    (["0x1", "latest", [101]], -32000, "invalid reward percentile: 101.0"),
    (["0x1", "latest", [-1]], -32000, "invalid reward percentile: -1.0"),
    (
      ["0x1", "latest", .array(Array(repeating: 1, count: 101))], -32000,
      "invalid reward percentile: over the query limit 100"
    ),
    (["0x1", "latest", ["x"]], -32602, "invalid argument 2: element 0: want a number"),
    ([-1, "latest"], -32602, "invalid argument 0: want a hex string"),
    ([], -32602, "missing value for required argument 0"),
  ]

  @Test("What cannot be answered is refused as geth refuses it", arguments: refused)
  func refusal(params: [JSONValue], code: Int, message: String) async throws {
    let node = try RPCNode()
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": "eth_feeHistory", "params": .array(params),
    ]
    let bytes = await node.processor.process(request.serialized, context: .init()) ?? []
    let error = try JSONValue.parse(bytes)["error"].flatMap { RPCError(json: $0) }
    #expect(error == RPCError(code: code, message: message))
  }
}
