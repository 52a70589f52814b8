/// A value of an `ABIType`.
public indirect enum ABIValue: Hashable, Sendable {
  /// An unsigned number.
  case uint(UInt256)
  /// A signed number in two's complement: see `signed(_:)`.
  case int(UInt256)
  /// An account address.
  case address(Address)
  /// A truth value.
  case bool(Bool)
  /// A byte string of a fixed length.
  case fixedBytes([UInt8])
  /// A byte string of any length.
  case bytes([UInt8])
  /// A text.
  case string(String)
  /// The elements of an array, of a fixed length or any.
  case array([ABIValue])
  /// The members of a tuple.
  case tuple([ABIValue])

  /// The signed number `value`.
  public static func signed(_ value: Int64) -> ABIValue {
    let magnitude = UInt256(value.magnitude)
    return .int(value < 0 ? .zero &- magnitude : magnitude)
  }

  /// A `bytes32`.
  public static func hash(_ hash: Hash256) -> ABIValue { .fixedBytes(hash.bytes) }
}
