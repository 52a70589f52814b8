internal import Primitives
internal import Testing

@Suite struct ABIFunctionTests {
  /// Selectors as 4byte.directory and the Solidity documentation list them.
  @Test(arguments: [
    ("balanceOf(address)", 0x70a0_8231 as UInt32),
    ("transfer(address to, uint256 amount)", 0xa905_9cbb),
    ("approve(address,uint)", 0x095e_a7b3), ("name()", 0x06fd_de03),
    ("baz(uint32,bool)", 0xcdcd_77c0), ("bar(bytes3[2])", 0xfce3_53f6),
    ("sam(bytes,bool,uint256[])", 0xa564_3bf2), ("f(uint256,uint32[],bytes10,bytes)", 0x8be6_5246),
  ])
  func `has the selector that others compute`(_ text: String, _ selector: UInt32) throws {
    #expect(try ABIFunction(signature: text).selector == selector)
  }

  /// The example of the ABI specification.
  @Test func `encodes the documented call`() throws {
    let baz = ABIFunction("baz(uint32 x, bool y)", returns: "bool r")
    let data = try baz.encodeCall([.uint(69), .bool(true)])
    #expect(
      Hex.encode(data) == "0xcdcd77c0"
        + "0000000000000000000000000000000000000000000000000000000000000045"
        + "0000000000000000000000000000000000000000000000000000000000000001")
    #expect(try baz.decodeCall(data) == [.uint(69), .bool(true)])
    #expect(try baz.decodeResult(baz.encodeResult([.bool(false)])) == [.bool(false)])
    #expect(baz.signature == "baz(uint32,bool)")
  }

  @Test func `refuses calls of other functions`() throws {
    let data = try ABIFunction("name()").encodeCall([])
    #expect(throws: ABIError.wrongSelector) { try ABIFunction("symbol()").decodeCall(data) }
    #expect(throws: ABIError.truncated) { try ABIFunction("symbol()").decodeCall([1]) }
  }

  @Test(
    arguments: [
      ("", []), ("uint256", ["uint256"]), ("(uint256,address)", ["uint256", "address"]),
      ("uint256 a, address b", ["uint256", "address"]), ("((bool,bool))", ["(bool,bool)"]),
      ("(bool,bool)[]", ["(bool,bool)[]"]), ("()", []),
    ] as [(String, [String])])
  func `reads the types of results, in parentheses or not`(
    _ text: String, _ types: [String]
  ) throws {
    let function = try ABIFunction(signature: "f()", returns: text)
    #expect(function.outputs.map(\.description) == types)
  }

  @Test(arguments: ["", "f", "f(", "f)", "f(uint256", "f(uint256))", "1f()", "f(foo)", "f(,)"])
  func `refuses texts that are no signatures`(_ text: String) {
    #expect(throws: ABISignatureError.self) { try ABIFunction(signature: text) }
  }
}

@Suite struct ABIEventTests {
  static let transfer = ABIEvent("Transfer(address indexed from, address indexed to, uint256)")
  static let sender = Address(0x1111)
  static let recipient = Address(0x2222)

  @Test func `has the topic that others compute`() throws {
    let topic = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    #expect(Self.transfer.topic.hex == topic)
    #expect(Self.transfer.signature == "Transfer(address,address,uint256)")
  }

  @Test func `puts indexed values into topics and the others into data`() throws {
    let values: [ABIValue] = [.address(Self.sender), .address(Self.recipient), .uint(5)]
    let log = try Self.transfer.encode(values)
    #expect(log.topics.count == 3)
    #expect(log.topics[1].hex.hasSuffix("0000000000001111"))
    #expect(log.topics[2].hex.hasSuffix("0000000000002222"))
    #expect(log.data == UInt256(5).word.bytes)
    #expect(try Self.transfer.decode(topics: log.topics, data: log.data) == values)
  }

  @Test func `hashes indexed values that are longer than a word`() throws {
    let event = ABIEvent("E(string indexed s, uint8[] indexed a, (bytes,bool) indexed t, bool b)")
    let values: [ABIValue] = [
      .string("eth"), .array([.uint(1), .uint(2)]), .tuple([.bytes([9]), .bool(true)]),
      .bool(true),
    ]
    let log = try event.encode(values)
    let array = Keccak256.hash(UInt256(1).word.bytes + UInt256(2).word.bytes)
    let tuple = Keccak256.hash([9] + [UInt8](repeating: 0, count: 31) + UInt256(1).word.bytes)
    #expect(log.topics[1] == Keccak256.hash(Array("eth".utf8)))
    #expect(log.topics[2] == array)
    #expect(log.topics[3] == tuple)
    #expect(
      try event.decode(topics: log.topics, data: log.data)
        == [.hash(log.topics[1]), .hash(array), .hash(tuple), .bool(true)])
  }

  @Test func `refuses logs of other events`() throws {
    let log = try Self.transfer.encode([
      .address(Self.sender), .address(Self.recipient), .uint(5),
    ])
    #expect(throws: ABIError.wrongSelector) {
      try Self.transfer.decode(topics: [.zero], data: log.data)
    }
    #expect(throws: ABIError.wrongSelector) {
      try Self.transfer.decode(topics: [], data: log.data)
    }
    #expect(throws: ABIError.wrongCount(expected: 3, actual: 2)) {
      try Self.transfer.decode(topics: log.topics.dropLast(), data: log.data)
    }
    #expect(throws: ABIError.truncated) {
      try Self.transfer.decode(topics: log.topics, data: [])
    }
  }

  @Test func `refuses more than three indexed parameters`() {
    #expect(throws: ABISignatureError.self) {
      try ABIEvent(
        signature: "E(bool indexed,bool indexed,bool indexed,bool indexed)")
    }
  }
}

@Suite struct ABIRevertTests {
  /// The example of the Solidity documentation, "Error handling".
  static let documented =
    "0x08c379a0"
    + "0000000000000000000000000000000000000000000000000000000000000020"
    + "000000000000000000000000000000000000000000000000000000000000001a"
    + "4e6f7420656e6f7567682045746865722070726f76696465642e000000000000"

  @Test func `encodes and decodes the documented reason`() throws {
    let reason = ABIRevert.reason("Not enough Ether provided.")
    #expect(Hex.encode(reason.encoded) == Self.documented)
    #expect(ABIRevert(decoding: try Hex.decode(Self.documented)) == reason)
    #expect(reason.description == "Not enough Ether provided.")
  }

  @Test func `decodes panics`() throws {
    let panic = ABIRevert.panic(0x11)
    #expect(Hex.encode(panic.encoded).hasPrefix("0x4e487b71"))
    #expect(ABIRevert(decoding: panic.encoded) == panic)
    #expect(panic.description == "panic: 0x11")
  }

  @Test func `takes anything else for no reason`() throws {
    #expect(ABIRevert(decoding: []) == nil)
    #expect(ABIRevert(decoding: [0x08, 0xc3, 0x79, 0xa0]) == nil)
    #expect(ABIRevert(decoding: [1, 2, 3, 4] + UInt256(0).word.bytes) == nil)
    #expect(ABIRevert(decoding: try Hex.decode(Self.documented), maximumCount: 25) == nil)
  }

  @Test func `shows a reason that is not UTF-8`() throws {
    var data = try Hex.decode(Self.documented)
    data[68] = 0xff
    #expect(ABIRevert(decoding: data) == .reason("\u{fffd}ot enough Ether provided."))
  }
}
