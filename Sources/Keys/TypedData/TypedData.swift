public import JSON
public import Primitives

/// A structure to sign that came as JSON (EIP-712, the form of `eth_signTypedData_v4`).
///
/// A structure that is missing or null counts as a word of zeros, as version 4 has it; anything
/// else that is missing, and anything that no type covers, is an error.
public struct TypedData: Sendable {
  /// The domain as it came.
  public let domain: JSONObject
  /// The name of the message's type.
  public let primaryType: String
  /// The message as it came.
  public let message: JSONObject
  /// The hash of the domain.
  public let domainSeparator: Hash256
  /// The hash of the message, or nil when the domain itself is what is signed.
  public let structHash: Hash256?

  private static let domainType = "EIP712Domain"

  /// Reads the text of an object with `types`, `primaryType`, `domain` and `message`.
  public init(json text: [UInt8]) throws(TypedDataError) {
    let value: JSONValue
    do {
      value = try JSONValue.parse(text)
    } catch {
      throw .json(error)
    }
    try self.init(value)
  }

  /// Reads an object with `types`, `primaryType`, `domain` and `message`.
  public init(_ value: JSONValue) throws(TypedDataError) {
    guard let types = value["types"]?.objectValue else { throw .missing("types") }
    guard let primaryType = value["primaryType"]?.stringValue else {
      throw .missing("primaryType")
    }
    guard let domain = value["domain"]?.objectValue else { throw .missing("domain") }
    var schema = try TypedDataSchema(types)
    if !schema.defines(Self.domainType) { schema.defineDomain(for: domain) }
    domainSeparator = try schema.hash(domain, as: Self.domainType, at: "domain")
    if primaryType == Self.domainType {
      message = JSONObject()
      structHash = nil
    } else {
      guard schema.defines(primaryType) else { throw .unknownType(primaryType) }
      guard let message = value["message"]?.objectValue else { throw .missing("message") }
      self.message = message
      structHash = try schema.hash(message, as: primaryType, at: "message")
    }
    self.domain = domain
    self.primaryType = primaryType
  }

  /// The digest that is signed.
  public var digest: Hash256 {
    guard let structHash else {
      return Keccak256.hash([0x19, 0x01] + domainSeparator.bytes)
    }
    return EIP712.digest(domainSeparator: domainSeparator, structHash: structHash)
  }
}
