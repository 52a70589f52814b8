internal import JSON
internal import Testing

@Suite("JSON value") struct JSONValueTests {
  @Test("gives each kind's content, and nil for the others")
  func accessors() {
    let value: JSONValue = [
      "null": nil, "bool": true, "big": .number("18446744073709551615"), "text": "x",
      "list": [1, 2.5], "minus": -7,
    ]
    #expect(value["null"]?.isNull == true)
    #expect(value["bool"]?.boolValue == true)
    #expect(value["big"]?.uint64Value == .max)
    #expect(value["big"]?.int64Value == nil)
    #expect(value["minus"]?.intValue == -7)
    #expect(value["minus"]?.uint64Value == nil)
    #expect(value["text"]?.stringValue == "x")
    #expect(value["text"]?.numberText == nil)
    #expect(value["list"]?[1]?.doubleValue == 2.5)
    #expect(value["list"]?[1]?.intValue == nil)
    #expect(value["list"]?[2] == nil)
    #expect(value["list"]?.arrayValue?.count == 2)
    #expect(value["none"] == nil)
    #expect(JSONValue.array([])["key"] == nil)
    #expect(JSONValue(UInt64.max).numberText == "18446744073709551615")
    #expect(JSONValue(exactly: .nan) == nil)
  }

  @Test("compares objects without regard to order, arrays with it")
  func equality() {
    let left: JSONValue = ["a": 1, "b": [1, 2]]
    let right: JSONValue = ["b": [1, 2], "a": 1]
    #expect(left == right)
    #expect(Set([left, right]).count == 1)
    #expect(left != ["a": 1, "b": [2, 1]])
    #expect(left != ["a": 1])
    let many = (0..<100).map { ("k\($0)", JSONValue($0)) }
    #expect(JSONObject(many) == JSONObject(many.reversed()))
    #expect(JSONObject(many) != JSONObject(many.map { ($0.0, JSONValue(1)) }))
  }

  @Test("keeps the order of an object's members and the last of equal keys")
  func objectOrder() {
    var object: JSONObject = ["z": 1, "a": 2, "z": 3]
    #expect(object.members.map(\.key) == ["z", "a"])
    #expect(object["z"] == 3)
    object["m"] = 4
    object["z"] = nil
    object["absent"] = nil
    #expect(object.members.map(\.key) == ["a", "m"])
    let many = (0..<100).map { ("k\($0 % 40)", JSONValue($0)) }
    #expect(JSONObject(many).count == 40)
    #expect(JSONObject(many)["k19"] == 99)
  }

  @Test(
    "writes the shortest text",
    arguments: [
      (nil, "null"), (true, "true"), (.number("1e400"), "1e400"), ("", "\"\""),
      ("a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}é", #""a\"\\/\b\f\n\r\t\u0001\u001f"# + "\u{7f}é\""),
      ([], "[]"), ([1, [], [:]], "[1,[],{}]"),
      (["b": 1, "a\n": ["c": nil]], #"{"b":1,"a\n":{"c":null}}"#),
    ] as [(JSONValue, String)])
  func serializes(value: JSONValue, text: String) {
    #expect(value.description == text)
  }

  @Test("writes indented text for people")
  func prettyPrints() {
    let value: JSONValue = ["a": [1, ["b": "x"]], "c": [], "d": [:]]
    let text = """
      {
        "a": [
          1,
          {
            "b": "x"
          }
        ],
        "c": [],
        "d": {}
      }
      """
    #expect(value.prettyPrinted == text)
  }
}
