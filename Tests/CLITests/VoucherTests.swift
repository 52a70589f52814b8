internal import JSON
internal import TestSupport
internal import Testing

@Suite("btt voucher", .timeLimit(.minutes(1))) struct VoucherTests {
  private static let channel = "0x" + String(repeating: "ab", count: 32)
  /// What eth-account 0.14 (Python) signs for 2.5 BTT on that channel of chain 1337.
  private static let signature =
    "0x34415872bccdb2e1ff1e2a6218e10d6c92b236083210554084841d1314ea8f6d"
    + "06f2dde2c2ef5c5ab214b65f092218414069e53afa282ce78648f0d9d410dc7c1c"
  private static let digest = "0x823c068c966ac11e03926b22b317290ead65089530b1aa32e71996ae0f12898f"

  private let btt: BTTProcess

  init() throws { btt = try BTTProcess() }

  private func signed() async throws -> JSONValue {
    let result = try await btt.run(
      "voucher", "sign", Self.channel, "2.5", "--chain-id", "1337", "--devnet", "--json")
    #expect(result.status == 0)
    return try result.json
  }

  @Test("signs as others do")
  func signs() async throws {
    let voucher = try await signed()
    #expect(voucher["signature"]?.stringValue == Self.signature)
    #expect(voucher["cumulativeAmount"] == "2500000000000000000")
    let decoded = try await btt.run("voucher", "decode", "-", "--json", input: voucher.description)
    #expect(try decoded.json["digest"]?.stringValue == Self.digest)
    #expect(try decoded.json["signer"]?.stringValue == DevnetKey.address)
  }

  @Test("tells whether the one meant has signed")
  func verifies() async throws {
    let voucher = try await signed().description
    let good = try await btt.run(
      "voucher", "verify", voucher, "--by", DevnetKey.address, "--json")
    #expect(try good.json["checked"] == true)
    let other = try await btt.run(
      "voucher", "verify", voucher, "--by", DevnetKey.fourthAddress, "--json")
    #expect(other.status == 1)
    #expect(try other.error["code"] == "invalid-input")
  }

  @Test(
    "refuses what is no voucher",
    arguments: [
      ("\"version\":\"1\"", "\"version\":\"2\""), ("1337", "x"), ("1c\"", "1d\""),
      ("2500000000000000000", "-1"), ("1c\"", "\""), ("channelId", "channel"),
    ])
  func refuses(part: String, replacement: String) async throws {
    let voucher = try await signed().description
    #expect(voucher.contains(part))
    let result = try await btt.run(
      "voucher", "verify", voucher.replacing(part, with: replacement), "--json")
    #expect(result.status == 1)
    #expect(try result.error["code"] == "invalid-input")
  }

  @Test("channel commands want to be told whether the node is to be believed")
  func trust() async throws {
    let node = try await FakeNode()
    let result = try await btt.run(
      "channel", "list", "--devnet", "--rpc", node.url, "--json")
    await node.stop()
    #expect(result.status == 2)
    #expect(try result.error["message"]?.stringValue?.contains("believed") == true)
    #expect(node.calls.isEmpty)
  }
}
