internal import Primitives
internal import Testing

@Suite struct ABITypeTests {
  @Test(arguments: [
    ("uint", "uint256"), ("int", "int256"), ("uint8", "uint8"), ("int128", "int128"),
    ("address", "address"), ("bool", "bool"), ("bytes", "bytes"), ("bytes1", "bytes1"),
    ("bytes32", "bytes32"), ("string", "string"), ("uint256[]", "uint256[]"),
    ("uint[3][][2]", "uint256[3][][2]"), ("(uint,bool)", "(uint256,bool)"),
    (" ( uint a , (string b, bytes c)[] d )[4] ", "(uint256,(string,bytes)[])[4]"),
    ("tuple(address,uint96)[]", "(address,uint96)[]"),
  ])
  func `reads types as Solidity writes them`(_ text: String, _ canonical: String) throws {
    let type = try ABIType(parsing: text)
    #expect(type.description == canonical)
    #expect(try ABIType(parsing: canonical) == type)
  }

  @Test(arguments: [
    "", " ", "uint7", "uint0", "uint264", "int08", "bytes0", "bytes33", "byte", "Address",
    "fixed128x18", "uint256[", "uint256]", "uint256[0]", "uint256[-1]", "uint256[1x]",
    "uint256[65537]", "uint256[60000][60000]", "()", "(uint256", "(uint256,)", "(,)", "uint256)",
    "uint256 x", "uint256,uint256", "uint256[99999999999999999999]", "мыло",
    String(repeating: "(", count: 100_000), "bool" + String(repeating: "[]", count: 100_000),
    String(repeating: "(", count: 17) + "bool" + String(repeating: ")", count: 17),
  ])
  func `refuses other texts`(_ text: String) {
    #expect(throws: ABISignatureError.self) { try ABIType(parsing: text) }
  }

  @Test func `says where a text goes wrong`() {
    let error = #expect(throws: ABISignatureError.self) {
      try ABIType(parsing: "(bool,uint7)")
    }
    #expect(error?.position == 6)
    #expect(
      error?.description
        == "ABI signature '(bool,uint7)' is wrong at character 6: "
        + "'uint7' is no ABI type known here")
  }

  @Test func `knows which types are dynamic`() throws {
    for text in ["uint8", "address[3]", "(bool,bytes32)", "(int8,(bool)[2])[2]"] {
      #expect(try !ABIType(parsing: text).isDynamic, "\(text)")
    }
    for text in ["bytes", "string", "bool[]", "string[2]", "(bool,bytes)", "(bool[])[2]"] {
      #expect(try ABIType(parsing: text).isDynamic, "\(text)")
    }
  }
}
