public import JSON
public import Primitives

/// How to read a JSON value of a method's parameters or result as a type.
///
///     let owner = try object.required("from", .address)
public struct RPCValueDecoder<Value>: Sendable {
  /// Reads a value.
  public let decode: @Sendable (JSONValue) throws(RPCValueError) -> Value

  /// A decoder from the function that does it.
  public init(_ decode: @escaping @Sendable (JSONValue) throws(RPCValueError) -> Value) {
    self.decode = decode
  }

  /// A decoder of strings from one of hexadecimal text.
  init(hex decode: @escaping @Sendable (String) throws(HexError) -> Value) {
    self.init { value throws(RPCValueError) in
      guard let text = value.stringValue else { throw .wrongType(expected: "a hex string") }
      do throws(HexError) {
        return try decode(text)
      } catch {
        throw .hex(error)
      }
    }
  }
}

// MARK: - Ethereum's encodings

extension RPCValueDecoder<Address> {
  /// Twenty bytes in hex.
  public static var address: Self { Self(hex: { text throws(HexError) in try Address(hex: text) }) }
}

extension RPCValueDecoder<Hash256> {
  /// Thirty-two bytes in hex.
  public static var hash: Self { Self(hex: { text throws(HexError) in try Hash256(hex: text) }) }

  /// A storage slot: up to 32 bytes in hex, also with an odd number of digits.
  public static var slot: Self {
    Self(hex: { text throws(HexError) in
      let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text[...]
      guard digits.utf8.count <= 64 else {
        throw .wrongLength(expected: 32, actual: (digits.utf8.count + 1) / 2)
      }
      return try Hash256(hex: String(repeating: "0", count: 64 - digits.utf8.count) + digits)
    })
  }
}

extension RPCValueDecoder<UInt256> {
  /// A quantity.
  public static var quantity: Self {
    Self(hex: { text throws(HexError) in try Hex.decodeQuantity(text) })
  }
}

extension RPCValueDecoder<UInt64> {
  /// A quantity of at most 64 bits.
  public static var quantity64: Self {
    Self(hex: { text throws(HexError) in try Hex.decodeQuantity64(text) })
  }
}

extension RPCValueDecoder<[UInt8]> {
  /// Bytes in hex, with `0x`.
  public static var data: Self {
    Self(hex: { text throws(HexError) in try Hex.decode(text, requirePrefix: true) })
  }
}

// MARK: - JSON's own types

extension RPCValueDecoder<Bool> {
  /// A boolean.
  public static var bool: Self { kind("a boolean", \.boolValue) }
}

extension RPCValueDecoder<String> {
  /// A string.
  public static var string: Self { kind("a string", \.stringValue) }
}

extension RPCValueDecoder<JSONObject> {
  /// An object.
  public static var object: Self { kind("an object", \.objectValue) }
}

extension RPCValueDecoder<JSONValue> {
  /// Anything.
  public static var any: Self { Self { value in value } }
}

extension RPCValueDecoder {
  private static func kind(
    _ name: String, _ access: @escaping @Sendable (JSONValue) -> Value?
  ) -> Self {
    Self { value throws(RPCValueError) in
      guard let content = access(value) else { throw .wrongType(expected: name) }
      return content
    }
  }

  /// An array whose elements `element` reads.
  public static func array<Element>(_ element: RPCValueDecoder<Element>) -> Self
  where Value == [Element] {
    Self { value throws(RPCValueError) in
      guard let elements = value.arrayValue else { throw .wrongType(expected: "an array") }
      var values: [Element] = []
      values.reserveCapacity(elements.count)
      for (index, item) in elements.enumerated() {
        do throws(RPCValueError) {
          values.append(try element.decode(item))
        } catch {
          throw .element(index, error)
        }
      }
      return values
    }
  }
}

// MARK: - Members of objects

extension JSONObject {
  /// A member that must be there and not be null.
  public func required<Value>(
    _ key: String, _ decoder: RPCValueDecoder<Value>
  ) throws(RPCValueError) -> Value {
    guard let value = try optional(key, decoder) else { throw .missingMember(key) }
    return value
  }

  /// A member, or nil when it is missing or null.
  public func optional<Value>(
    _ key: String, _ decoder: RPCValueDecoder<Value>
  ) throws(RPCValueError) -> Value? {
    guard let value = self[key], !value.isNull else { return nil }
    do throws(RPCValueError) {
      return try decoder.decode(value)
    } catch {
      throw .member(key, error)
    }
  }
}
