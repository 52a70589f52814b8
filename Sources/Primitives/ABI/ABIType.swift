/// A type of the contract ABI (Solidity documentation, "Contract ABI Specification").
public indirect enum ABIType: Hashable, Sendable {
  /// An unsigned number of 8, 16, … 256 bits.
  case uint(Int)
  /// A signed number of 8, 16, … 256 bits.
  case int(Int)
  /// An account address.
  case address
  /// A truth value.
  case bool
  /// A byte string of a fixed length, 1 to 32.
  case fixedBytes(Int)
  /// A byte string of any length.
  case bytes
  /// A text.
  case string
  /// Any number of elements.
  case array(ABIType)
  /// A fixed number of elements, at least one.
  case fixedArray(ABIType, Int)
  /// One value of each type.
  case tuple([ABIType])

  /// `uint256`.
  public static let uint256 = ABIType.uint(256)
  /// `bytes32`.
  public static let bytes32 = ABIType.fixedBytes(32)

  /// Whether an encoding's length depends on the value, so that it stands apart behind an offset.
  public var isDynamic: Bool {
    switch self {
    case .uint, .int, .address, .bool, .fixedBytes: false
    case .bytes, .string, .array: true
    case .fixedArray(let element, _): element.isDynamic
    case .tuple(let members): members.contains(where: \.isDynamic)
    }
  }

  /// Whether a value is nothing but a given number of other values.
  var isComposed: Bool {
    switch self {
    case .uint, .int, .address, .bool, .fixedBytes, .bytes, .string, .array: false
    case .fixedArray, .tuple: true
    }
  }

  /// The bytes a value takes up among its siblings: one word for a dynamic type's offset.
  ///
  /// It is `Int.max` for a type too large for any data.
  var headCount: Int { isDynamic ? 32 : staticCount }

  private var staticCount: Int {
    switch self {
    case .uint, .int, .address, .bool, .fixedBytes, .bytes, .string, .array: return 32
    case .fixedArray(let element, let count):
      let (size, overflow) = element.headCount.multipliedReportingOverflow(by: count)
      return overflow ? .max : size
    case .tuple(let members): return Self.headCount(of: members)
    }
  }

  /// The bytes that values of such types take up before the first dynamic part.
  static func headCount(of types: [ABIType]) -> Int {
    types.reduce(0) { sum, type in
      let (next, overflow) = sum.addingReportingOverflow(type.headCount)
      return overflow ? .max : next
    }
  }

  /// `(`, the types with commas between them, `)`: what is hashed for selectors and topics.
  static func signature(_ types: [ABIType]) -> String {
    "(" + types.map(\.description).joined(separator: ",") + ")"
  }
}

extension ABIType: CustomStringConvertible {
  /// The canonical name, such as `(uint256,bytes32[])[4]`.
  public var description: String {
    switch self {
    case .uint(let bits): "uint\(bits)"
    case .int(let bits): "int\(bits)"
    case .address: "address"
    case .bool: "bool"
    case .fixedBytes(let count): "bytes\(count)"
    case .bytes: "bytes"
    case .string: "string"
    case .array(let element): "\(element)[]"
    case .fixedArray(let element, let count): "\(element)[\(count)]"
    case .tuple(let members): Self.signature(members)
    }
  }
}
