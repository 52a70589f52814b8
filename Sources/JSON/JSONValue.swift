/// A JSON value.
///
/// Equality compares numbers as they are written, and objects without regard to order.
public enum JSONValue: Hashable, Sendable {
  /// The literal `null`.
  case null
  /// The literal `true` or `false`.
  case bool(Bool)
  /// A number as RFC 8259 spells it; whoever builds one from text vouches for its form.
  case number(String)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object.
  case object(JSONObject)

  /// An integer.
  public init(_ value: some BinaryInteger) { self = .number(String(value)) }

  /// A finite number, or nil for infinities and NaN, which JSON cannot spell.
  public init?(exactly value: Double) {
    guard value.isFinite else { return nil }
    self = .number(String(value))
  }
}

// MARK: - Access

extension JSONValue {
  /// Whether the value is `null`.
  public var isNull: Bool { self == .null }

  /// The boolean, or nil for another kind.
  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The number as it is written, or nil for another kind.
  public var numberText: String? {
    if case .number(let text) = self { text } else { nil }
  }

  /// The number, or nil when it is not a whole one that fits and is written without a fraction
  /// or an exponent.
  public var uint64Value: UInt64? { numberText.flatMap { UInt64($0) } }

  /// The number, or nil when it is not a whole one that fits and is written without a fraction
  /// or an exponent.
  public var int64Value: Int64? { numberText.flatMap { Int64($0) } }

  /// The number, or nil when it is not a whole one that fits and is written without a fraction
  /// or an exponent.
  public var intValue: Int? { numberText.flatMap { Int($0) } }

  /// The number rounded to a `Double`, or nil for another kind.
  public var doubleValue: Double? { numberText.flatMap { Double($0) } }

  /// The string, or nil for another kind.
  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The elements, or nil for another kind.
  public var arrayValue: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The object, or nil for another kind.
  public var objectValue: JSONObject? {
    if case .object(let object) = self { object } else { nil }
  }

  /// The value of an object's member, or nil when this is no object or has no such member.
  public subscript(key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  /// An array's element, or nil when this is no array or has no such element.
  public subscript(index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }
}

// MARK: - Literals

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringInterpolation,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// The value `null`.
  public init(nilLiteral: ()) { self = .null }
  /// The value `true` or `false`.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An integer.
  public init(integerLiteral value: Int64) { self = .number(String(value)) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(String(value)) }
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object; of members with the same key the last stays.
  public init(dictionaryLiteral members: (String, JSONValue)...) {
    self = .object(JSONObject(members))
  }
}

extension JSONValue: CustomStringConvertible {
  /// The JSON text.
  public var description: String { String(decoding: serialized, as: UTF8.self) }
}
