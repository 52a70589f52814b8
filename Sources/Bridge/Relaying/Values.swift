package import Primitives

/// The results of a contract's function, read one after another.
package struct Values {
  private var rest: ArraySlice<ABIValue>

  package init(_ values: [ABIValue]) { rest = values[...] }

  /// What is thrown for results of another shape than the function's.
  package static let shape = RootChainError.unproven(
    "a contract's answer does not have its function's types")

  private mutating func next() throws(RootChainError) -> ABIValue {
    guard let value = rest.popFirst() else { throw Self.shape }
    return value
  }

  package mutating func uint256() throws(RootChainError) -> UInt256 {
    guard case .uint(let number) = try next() else { throw Self.shape }
    return number
  }

  package mutating func uint64() throws(RootChainError) -> UInt64 {
    guard let number = UInt64(exactly: try uint256()) else { throw Self.shape }
    return number
  }

  package mutating func address() throws(RootChainError) -> Address {
    guard let address = Self.address(try next()) else { throw Self.shape }
    return address
  }

  package mutating func hash() throws(RootChainError) -> Hash256 {
    guard let hash = Self.hash(try next()) else { throw Self.shape }
    return hash
  }

  package mutating func bool() throws(RootChainError) -> Bool {
    guard case .bool(let flag) = try next() else { throw Self.shape }
    return flag
  }

  package mutating func bytes() throws(RootChainError) -> [UInt8] {
    guard case .bytes(let bytes) = try next() else { throw Self.shape }
    return bytes
  }

  package mutating func string() throws(RootChainError) -> String {
    guard case .string(let text) = try next() else { throw Self.shape }
    return text
  }

  package mutating func array() throws(RootChainError) -> [ABIValue] {
    guard case .array(let values) = try next() else { throw Self.shape }
    return values
  }

  package static func number(_ value: ABIValue) -> UInt64? {
    guard case .uint(let number) = value else { return nil }
    return UInt64(exactly: number)
  }

  package static func address(_ value: ABIValue) -> Address? {
    guard case .address(let address) = value else { return nil }
    return address
  }

  package static func hash(_ value: ABIValue) -> Hash256? {
    guard case .fixedBytes(let bytes) = value else { return nil }
    return Hash256(bytes)
  }
}
