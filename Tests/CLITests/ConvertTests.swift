internal import JSON
internal import Testing

@Suite("btt convert", .timeLimit(.minutes(1))) struct ConvertTests {
  private let btt: BTTProcess

  init() throws { btt = try BTTProcess() }

  @Test(
    "writes an amount in another unit, exactly",
    arguments: [
      ("1.5", "wei", "1500000000000000000"), ("1.5 BTT", "mBTT", "1500"),
      ("250 mBTT", "gwei", "250000000"), ("1000 wei", "BTT", "0.000000000000001"),
      ("0.5 gwei", "wei", "500000000"), ("7 legacy", "BTT", "0.007"),
      ("7", "legacy", "7000"), ("7", "uBTTOLD", "7000"), ("1", "hex", "0xde0b6b3a7640000"),
      ("0xde0b6b3a7640000", "btt", "1"), ("0x00ff", "wei", "255"), ("255 wei", "hex", "0xff"),
      ("0x0", "hex", "0x0"),
      (
        "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "BTT",
        "115792089237316195423570985008687907853269984665640564039457.584007913129639935"
      ),
    ])
  func converts(amount: String, unit: String, expected: String) async throws {
    let result = try await btt.run("convert", amount, "--to", unit)
    #expect(result.output == expected + "\n")
    let split = try await btt.run(
      ["convert"] + amount.split(separator: " ").map(String.init) + ["--to", unit, "--json"])
    #expect(try split.json["value"]?.stringValue == expected)
  }

  @Test("without a unit writes all")
  func convertsToAll() async throws {
    let result = try await btt.run("convert", "1.5", "--json")
    #expect(
      try result.json == [
        "BTT": "1.5", "mBTT": "1500", "gwei": "1500000000", "wei": "1500000000000000000",
        "uBTTOLD": "1500", "hex": "0x14d1120d7b160000",
      ])
  }

  @Test(
    "refuses what is no amount or no unit",
    arguments: [
      ["1e18"], ["1,5"], ["0.5 wei"], ["1 MBTT"], ["1 doge"], ["0x"], ["0xzz"], [""], [],
      ["1", "--to", "doge"], ["1", "--to", "MBTT"],
      ["115792089237316195423570985008687907853269984665640564039457584007913129639936 wei"],
    ])
  func refuses(arguments: [String]) async throws {
    let result = try await btt.run(["convert"] + arguments)
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.hasPrefix("error: "))
  }
}
