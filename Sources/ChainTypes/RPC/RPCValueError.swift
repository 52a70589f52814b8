public import Primitives

/// Why a JSON value is not what a method's parameter or result must be.
public indirect enum RPCValueError: Error, Equatable, Sendable {
  /// Another JSON type is wanted.
  case wrongType(expected: String)
  /// A string is no hexadecimal value of the wanted kind.
  case hex(HexError)
  /// An object lacks a member.
  case missingMember(String)
  /// An object's member is wrong.
  case member(String, RPCValueError)
  /// An array's element is wrong.
  case element(Int, RPCValueError)
  /// A block is named both by its number and by its hash.
  case blockNumberAndHash
  /// A block object names no block.
  case noBlock
}

extension RPCValueError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .wrongType(let expected): "want \(expected)"
    case .hex(let cause): cause.description
    case .missingMember(let name): "missing \"\(name)\""
    case .member(let name, let cause): "\"\(name)\": \(cause)"
    case .element(let index, let cause): "element \(index): \(cause)"
    case .blockNumberAndHash:
      "cannot specify both blockHash and blockNumber, choose one or the other"
    case .noBlock: "block object needs blockHash or blockNumber"
    }
  }
}
