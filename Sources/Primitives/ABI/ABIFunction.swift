/// A contract's function: its name and types, and the encoding of calls and results.
///
///     let balanceOf = ABIFunction("balanceOf(address)", returns: "uint256")
///     let data = try balanceOf.encodeCall([.address(owner)])
public struct ABIFunction: Hashable, Sendable {
  /// The name without types.
  public let name: String
  /// The types of the arguments.
  public let inputs: [ABIType]
  /// The types of the results.
  public let outputs: [ABIType]
  /// The first four bytes of the signature's hash, as a big-endian number.
  public let selector: UInt32

  /// Reads a function's signature, such as `transfer(address to, uint256 amount)`, and the types it
  /// returns, such as `bool` or `(uint256,address)`.
  ///
  /// Parentheses round all of `results` list several results: a single tuple is written with two
  /// pairs.
  public init(signature: String, returns results: String = "") throws(ABISignatureError) {
    var parser = ABISignatureParser(signature)
    let declaration = try parser.declaration()
    name = declaration.name
    inputs = declaration.1.map(\.type)
    parser = ABISignatureParser(results)
    outputs = try parser.results().map(\.type)
    selector = Self.selector(of: name + ABIType.signature(inputs))
  }

  /// A function whose signature is part of the program; a wrong one ends it.
  public init(_ signature: StaticString, returns results: StaticString = "") {
    do {
      try self.init(signature: signature.description, returns: results.description)
    } catch {
      preconditionFailure(error.description)
    }
  }

  /// The name and the canonical types, which the selector is the hash of.
  public var signature: String { name + ABIType.signature(inputs) }

  static func selector(of signature: String) -> UInt32 {
    let hash = Keccak256.hash(Array(signature.utf8))
    return (0..<4).reduce(0) { $0 << 8 | UInt32(hash[$1]) }
  }

  /// The call data for `arguments`.
  public func encodeCall(_ arguments: [ABIValue]) throws(ABIError) -> [UInt8] {
    var writer = ABIWriter(selector: selector)
    try ABI.write(arguments, as: inputs, to: &writer)
    return writer.bytes
  }

  /// The arguments in call data.
  public func decodeCall(_ data: [UInt8]) throws(ABIError) -> [ABIValue] {
    guard try ABIReader.call(data).selector == selector else { throw .wrongSelector }
    return try ABI.decode(inputs, from: data, start: 4)
  }

  /// The encoding of what the function returns.
  public func encodeResult(_ values: [ABIValue]) throws(ABIError) -> [UInt8] {
    try ABI.encode(values, as: outputs)
  }

  /// What the function returned.
  public func decodeResult(_ data: [UInt8]) throws(ABIError) -> [ABIValue] {
    try ABI.decode(outputs, from: data)
  }
}
