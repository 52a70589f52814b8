internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Node
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("Call methods")
struct CallMethodsTests {
  let from = RPCNode.keys[0].address
  let btt = RPCNode.btt.json
  // Selectors as every ERC-20 has them.
  let totalSupply: JSONValue = "0x18160ddd"

  private func transferCall(to: Address, _ value: UInt256) throws -> JSONValue {
    .string(
      Hex.encode(
        try ABIFunction("transfer(address,uint256)", returns: "bool").encodeCall([
          .address(to), .uint(value),
        ])))
  }

  @Test("A call takes its data as input, as data, or as both when they are equal")
  func inputAndData() async throws {
    let node = try RPCNode()
    let supply = node.test.chain.genesis.supply.word.json
    for call in [
      ["to": btt, "data": totalSupply], ["to": btt, "input": totalSupply],
      ["to": btt, "data": totalSupply, "input": totalSupply],
    ] as [JSONValue] {
      #expect(try await node.call("eth_call", call, "latest") == supply)
      #expect(try await node.call("eth_call", call) == supply)
    }
    let error = await node.error(
      "eth_call", ["to": btt, "data": totalSupply, "input": "0x"], "latest")
    #expect(
      error
        == .server(
          "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass "
            + "transaction call data"))
  }

  @Test("A call that reverts is error 3, with the reason and what it returned")
  func revert() async throws {
    let node = try RPCNode()
    let data = try transferCall(to: RPCNode.btt, 1)
    let call: JSONValue = ["from": from.json, "to": btt, "data": data]
    for method in ["eth_call", "eth_estimateGas"] {
      let error = await node.error(method, call, "latest")
      #expect(error?.code == 3)
      #expect(error?.message == "execution reverted: the reserve takes no transfers")
      // Error(string).
      #expect(error?.data?.stringValue?.hasPrefix("0x08c379a0") == true)
    }
    let list = try await node.call("eth_createAccessList", call, "latest")
    #expect(list["error"] == "execution reverted: the reserve takes no transfers")
  }

  @Test("What is estimated suffices, and one less does not")
  func estimate() async throws {
    let node = try RPCNode()
    let plain: JSONValue = ["from": from.json, "to": Address(0xabc).json, "value": "0x1"]
    #expect(try await node.call("eth_estimateGas", plain) == "0x5208")
    let data = try transferCall(to: Address(0xabc), 5)
    var call: JSONObject = ["from": from.json, "to": btt, "data": data]
    let estimate = try await node.call("eth_estimateGas", .object(call))
    let gas = try Hex.decodeQuantity64(estimate.stringValue ?? "")
    call["gas"] = estimate
    #expect(try await node.call("eth_call", .object(call)) == UInt256.one.word.json)
    call["gas"] = .string(Hex.quantity(gas - 1))
    #expect(await node.error("eth_call", .object(call)) == .server("out of gas"))
    #expect(
      await node.error("eth_estimateGas", .object(call))
        == .server("gas required exceeds allowance (\(gas - 1))"))
  }

  @Test("Money that is not there is refused with geth's words")
  func funds() async throws {
    let node = try RPCNode()
    let call: JSONValue = [
      "from": Address(0xdead).json, "to": Address(0xabc).json, "value": "0x1",
    ]
    for method in ["eth_call", "eth_estimateGas"] {
      let error = await node.error(method, call, "latest")
      #expect(error?.code == -32000)
      #expect(error?.message.hasPrefix("insufficient") == true)
    }
    #expect(
      await node.error("eth_call", ["to": btt, "gas": "0x1"])
        == .server("intrinsic gas too low: have 1, want 21000"))
  }

  @Test("Overrides are taken for granted")
  func overrides() async throws {
    let node = try RPCNode()
    let call: JSONValue = [
      "from": Address(0xdead).json, "to": Address(0xabc).json, "value": "0x1",
    ]
    let rich: JSONValue = [Address(0xdead).hex: ["balance": "0x1"]]
    #expect(try await node.call("eth_call", call, "latest", rich) == "0x")
    let supply: JSONValue = [RPCNode.btt.hex: ["stateDiff": ["0x0": "0x2a"]]]
    #expect(
      try await node.call("eth_call", ["to": btt, "data": totalSupply], "latest", supply)
        == UInt256(42).word.json)
    // Nothing of it stays.
    #expect(try await node.call("eth_getBalance", Address(0xdead).json) == "0x0")
    let code: JSONValue = [RPCNode.btt.hex: ["code": "0x00"]]
    #expect(await node.error("eth_call", call, "latest", code)?.code == -32602)
    #expect(
      await node.error("eth_call", call, "latest", nil, ["number": "0x1"])?.code == -32602)
  }

  @Test("Contradictions among fees and chains are refused")
  func contradictions() async throws {
    let node = try RPCNode()
    let cases: [(JSONValue, String)] = [
      (
        ["to": btt, "gasPrice": "0x1", "maxFeePerGas": "0x1"],
        "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"
      ),
      (
        ["to": btt, "maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"],
        "maxFeePerGas (1) < maxPriorityFeePerGas (2)"
      ),
      (["to": btt, "chainId": "0x1"], "chainId does not match node's (have=1, want=1337)"),
      (["data": "0x00"], "no bytecode on this chain: contracts cannot be created"),
    ]
    for (call, message) in cases {
      #expect(await node.error("eth_call", call) == .server(message))
    }
  }

  @Test("An access list names the slots that a call touches")
  func accessList() async throws {
    let node = try RPCNode()
    let reply = try await node.call(
      "eth_createAccessList", ["from": from.json, "to": btt, "data": totalSupply], "latest")
    #expect(reply.keys == ["accessList", "gasUsed"])
    #expect(
      reply["accessList"] == [
        ["address": btt, "storageKeys": [Hash256.zero.json, UInt256.one.word.json]]
      ])
  }
}
