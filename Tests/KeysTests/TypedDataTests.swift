internal import JSON
internal import Keys
internal import Primitives
internal import Testing

@Suite struct TypedDataTests {
  struct Vector {
    let name: String
    let domainSeparator: String
    let structHash: String
    let signature: String
    let json: String
  }

  /// Made with eth-account 0.14.0; the first is the example of EIP-712, the second the one of the
  /// nested arrays of `eth_signTypedData_v4`, the last its recursive one.
  static let vectors = [
    Vector(
      name: "mail",
      domainSeparator: "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f",
      structHash: "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e",
      signature: "6ea8bb309a3401225701f3565e32519f94a0ea91a5910ce9229fe488e773584c"
        + "0390416a2190d9560219dab757ecca2029e63fa9d1c2aebf676cc25b9f03126a1b",
      json: """
        {"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version",
        "type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract",
        "type":"address"}],"Person":[{"name":"name","type":"string"},{"name":"wallet",
        "type":"address"}],"Mail":[{"name":"from","type":"Person"},{"name":"to",
        "type":"Person"},{"name":"contents","type":"string"}]},"primaryType":"Mail",
        "domain":{"name":"Ether Mail","version":"1","chainId":1,
        "verifyingContract":"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},
        "message":{"from":{"name":"Cow",
        "wallet":"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},"to":{"name":"Bob",
        "wallet":"0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},"contents":"Hello, Bob!"}}
        """),
    Vector(
      name: "group",
      domainSeparator: "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f",
      structHash: "94ebefe56f4148dff02777219c6f484410951fa49b129f37810b928aebe964c2",
      signature: "f1f30e9f44d9e92deb891b4a7490c8ea632eb70c181181c03c35a78d381f5373"
        + "0e0d6f9df272e49be478e2812e4fe1b82699bee85048992e8aaa25682fc292e21c",
      json: """
        {"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version",
        "type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract",
        "type":"address"}],"Person":[{"name":"name","type":"string"},{"name":"wallets",
        "type":"address[]"}],"Group":[{"name":"name","type":"string"},{"name":"members",
        "type":"Person[]"}],"Mail":[{"name":"from","type":"Person"},{"name":"to",
        "type":"Person[]"},{"name":"groups","type":"Group[2]"},{"name":"contents",
        "type":"string"}]},"primaryType":"Mail","domain":{"name":"Ether Mail","version":"1",
        "chainId":1,"verifyingContract":"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},
        "message":{"from":{"name":"Cow",
        "wallets":["0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826",
        "0xDeaDbeefdEAdbeefdEadbEEFdeadbeEFdEaDbeeF"]},"to":[{"name":"Bob","wallets":[]}],
        "groups":[{"name":"a","members":[]},{"name":"käse","members":[{"name":"",
        "wallets":["0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"]}]}],"contents":""}}
        """),
    Vector(
      name: "atoms",
      domainSeparator: "8dacdfb6c5bb3e14b4068ca1cb0c5556cc7c0846e18a4ca125313b67e5666554",
      structHash: "6efa5ccfccb274062680d7003b67d1bcb50b66dc0c967d6a318e9e3e89b0f424",
      signature: "a0bf9769342b2875bc06f7a1372401a6dbeb1fb8cf90892eb673c516411509e3"
        + "7352550524ec04dd8ef5fb6e065560bdfc0eef94269ec2077cd24c2fae3f9c601b",
      json: """
        {"types":{"EIP712Domain":[{"name":"chainId","type":"uint256"},{"name":"salt",
        "type":"bytes32"}],"Zed":[{"name":"x","type":"uint8[2][]"}],"All":[{"name":"a",
        "type":"bool"},{"name":"b","type":"int8"},{"name":"c","type":"int256"},{"name":"d",
        "type":"uint256"},{"name":"e","type":"bytes"},{"name":"f","type":"bytes4"},
        {"name":"g","type":"uint64[2]"},{"name":"z","type":"Zed"},{"name":"s",
        "type":"string[]"},{"name":"m","type":"int128"}]},"primaryType":"All",
        "domain":{"chainId":"0xc7",
        "salt":"0xabababababababababababababababababababababababababababababababab"},
        "message":{"a":true,"b":-128,
        "c":-57896044618658097711785492504343953926634992332820282019728792003956564819968,
        "d":115792089237316195423570985008687907853269984665640564039457584007913129639935,
        "e":"0x0102","f":"0xdeadbeef","g":[1,18446744073709551615],"z":{"x":[[1,2],[3,255]]},
        "s":["","x"],"m":-1}}
        """),
    Vector(
      name: "recursive",
      domainSeparator: "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f",
      structHash: "fdc7b6d35bbd81f7fa78708604f57569a10edff2ca329c8011373f0667821a45",
      signature: "e73d6e6acc44674bbb2d7444827d52a2363a429fe8819a95580e344c2049bcf7"
        + "555b3cafb35e15ce5ef9187204281b38331221b8e39e4d6204b67f8ccd11567e1c",
      json: """
        {"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version",
        "type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract",
        "type":"address"}],"Person":[{"name":"name","type":"string"},{"name":"mother",
        "type":"Person"},{"name":"father","type":"Person"}]},"primaryType":"Person",
        "domain":{"name":"Ether Mail","version":"1","chainId":1,
        "verifyingContract":"0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"},
        "message":{"name":"Jon","mother":{"name":"Lyanna","father":{"name":"Rickard",
        "mother":null,"father":null},"mother":null},"father":{"name":"Rhaegar",
        "father":{"name":"Aeris II","mother":null,"father":null},"mother":null}}}
        """),
  ]

  @Test(arguments: vectors.indices)
  func `agrees with eth-account`(index: Int) throws {
    let vector = Self.vectors[index]
    let data = try TypedData(json: Array(vector.json.utf8))
    #expect(data.domainSeparator == (try Hash256(hex: vector.domainSeparator)))
    #expect(data.structHash == (try Hash256(hex: vector.structHash)))
    let signature = try PrivateKey(hex: EncryptedKeyTests.secret).sign(data.digest)
    #expect(Hex.encode(signature.bytes, prefix: false) == vector.signature)
  }

  private let mail = vectors[0].json
  private let atoms = vectors[2].json

  private func check(
    _ json: String, _ old: String, _ new: String, throws error: TypedDataError,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let changed = json.replacing(old, with: new)
    #expect(changed != json, sourceLocation: location)
    #expect(throws: error, sourceLocation: location) {
      try TypedData(json: Array(changed.utf8))
    }
  }

  @Test func `knows the domain's type by its members when it is not defined`() throws {
    let definition = mail.prefix { $0 != "]" }.drop { $0 != "E" }
    let json = mail.replacing("\"" + definition + "],", with: "")
    #expect(!json.contains("EIP712Domain"))
    let data = try TypedData(json: Array(json.utf8))
    #expect(data.domainSeparator.hex.dropFirst(2) == Self.vectors[0].domainSeparator)
  }

  @Test func `signs the domain alone when that is the primary type`() throws {
    let json = mail.replacing(
      #""primaryType":"Mail""#, with: #""primaryType":"EIP712Domain""#)
    let data = try TypedData(json: Array(json.utf8))
    #expect(data.structHash == nil)
    #expect(data.digest == Keccak256.hash([0x19, 1] + data.domainSeparator.bytes))
  }

  @Test func `takes numbers as strings and with any padding of hex`() throws {
    let expected = try TypedData(json: Array(atoms.utf8)).digest
    for (old, new) in [
      (#""b":-128"#, #""b":"-128""#), (#""g":[1,"#, #""g":["0x01","#),
      (#""g":[1,"#, #""g":["1","#), (#""m":-1"#, #""m":"-1""#),
      ("\"0xc7\"", "199"),
      (",18446744073709551615", #","0xffffffffffffffff""#),
    ] {
      let json = atoms.replacing(old, with: new)
      #expect(try TypedData(json: Array(json.utf8)).digest == expected, "\(new)")
    }
  }

  @Test func `refuses what the signature would not cover`() {
    check(
      mail, #""contents":"Hello"#, #""hidden":1,"contents":"Hello"#,
      throws: .notCovered("message.hidden"))
    check(mail, #"{"name":"Bob""#, #"{"x":0,"name":"Bob""#, throws: .notCovered("message.to.x"))
    check(
      mail, #"{"name":"Ether"#, #"{"salt":"0x","name":"Ether"#,
      throws: .notCovered("domain.salt"))
  }

  @Test func `refuses what is missing`() {
    check(mail, #""name":"Bob","#, "", throws: .missing("message.to.name"))
    check(mail, #""Hello, Bob!""#, "null", throws: .wrongKind("message.contents", type: "string"))
    check(mail, "primaryType", "primary", throws: .missing("primaryType"))
    check(mail, #""domain""#, #""domains""#, throws: .missing("domain"))
    check(mail, #""message""#, #""msg""#, throws: .missing("message"))
    check(mail, #""types""#, #""kinds""#, throws: .missing("types"))
  }

  @Test(arguments: [
    (#""b":-128"#, #""b":-129"#, "message.b", "int8"),
    (#""b":-128"#, #""b":128"#, "message.b", "int8"),
    (#""g":[1,"#, #""g":[-1,"#, "message.g[0]", "uint64[2]"),
    ("18446744073709551615", "18446744073709551616", "message.g[1]", "uint64[2]"),
    ("0xdeadbeef", "0xdeadbe", "message.f", "bytes4"),
    ("0xdeadbeef", "0xdeadbeef00", "message.f", "bytes4"),
    ("[3,255]", "[3,256]", "message.z.x[1][1]", "uint8[2][]"),
    ("913129639935", "913129639936", "message.d", "uint256"),
    ("56564819968", "56564819969", "message.c", "int256"),
  ])
  func `refuses what does not fit`(old: String, new: String, place: String, type: String) {
    check(atoms, old, new, throws: .outOfRange(place, type: type))
  }

  @Test(arguments: [
    (#""a":true"#, #""a":1"#, "message.a", "bool"),
    (#""a":true"#, #""a":"true""#, "message.a", "bool"),
    (#""b":-128"#, #""b":-1.5"#, "message.b", "int8"),
    (#""b":-128"#, #""b":1e2"#, "message.b", "int8"),
    (#""b":-128"#, #""b":"""#, "message.b", "int8"),
    (#""b":-128"#, #""b":"0x""#, "message.b", "int8"),
    (#""b":-128"#, #""b":"-0x1""#, "message.b", "int8"),
    (#""e":"0x0102""#, #""e":"0102""#, "message.e", "bytes"),
    (#""e":"0x0102""#, #""e":"0x012""#, "message.e", "bytes"),
    (#""g":[1,"#, #""g":[[],"#, "message.g[0]", "uint64[2]"),
    (#""s":["","x"]"#, #""s":"x""#, "message.s", "string[]"),
    (#""s":["","x"]"#, #""s":[1]"#, "message.s[0]", "string[]"),
    (#""z":{"#, #""z":7,"y":{"#, "message.z", "Zed"),
  ])
  func `refuses values of another kind`(old: String, new: String, place: String, type: String) {
    check(atoms, old, new, throws: .wrongKind(place, type: type))
  }

  @Test func `counts the elements of a fixed array`() {
    check(
      atoms, "[3,255]", "[3]",
      throws: .wrongCount("message.z.x[1]", expected: 2, actual: 1))
    check(atoms, "[1,2]", "[]", throws: .wrongCount("message.z.x[0]", expected: 2, actual: 0))
  }

  @Test(arguments: [
    "uint7", "uint0", "uint264", "int08", "bytes0", "bytes33", "string[", "string]", "string[-1]",
    "string[0]", "string[01]", "string[][", "string[1]]", "", "[]", "9x", "a b", "uint256,",
    "string[x]", "string[99999999999999999999]", "string[][][][][][][][][]",
  ])
  func `refuses types that are none`(type: String) {
    check(
      mail, #""contents","type":"string""#, #""contents","type":"\#(type)""#,
      throws: .invalidType("Mail"))
  }

  @Test func `refuses definitions that are not sound`() {
    check(mail, #""type":"Person""#, #""type":"Human[]""#, throws: .unknownType("Human"))
    check(mail, #":"Mail""#, #":"Post""#, throws: .unknownType("Post"))
    check(mail, #""Person":["#, #""uint8":["#, throws: .invalidType("uint8"))
    check(mail, #""Person":["#, #""P[]":["#, throws: .invalidType("P[]"))
    check(mail, #"{"name":"to","#, #"{"name":"from","#, throws: .invalidType("Mail"))
    let many = (0...256).map { "\"T\($0)\":[]" }.joined(separator: ",")
    check(mail, #""types":{"#, #""types":{"# + many + ",", throws: .tooManyTypes)
  }

  @Test func `says where the JSON breaks`() {
    #expect(throws: TypedDataError.self) { try TypedData(json: Array("{".utf8)) }
    #expect(throws: TypedDataError.missing("types")) { try TypedData(json: Array("[]".utf8)) }
  }
}
