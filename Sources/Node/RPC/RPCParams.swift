public import ChainTypes
public import JSON

/// The positional parameters of a call, read with errors as geth words them.
public struct RPCParams: Sendable {
  /// The parameters as they stand.
  public let values: [JSONValue]

  /// The parameters of a call.
  public init(_ values: [JSONValue] = []) { self.values = values }

  /// A parameter that must be there and not be null.
  public func required<Value>(
    _ index: Int, _ decoder: RPCValueDecoder<Value>
  ) throws(RPCError) -> Value {
    guard let value = try optional(index, decoder) else { throw .missingArgument(index) }
    return value
  }

  /// A parameter, or nil when it is missing or null.
  public func optional<Value>(
    _ index: Int, _ decoder: RPCValueDecoder<Value>
  ) throws(RPCError) -> Value? {
    guard values.indices.contains(index), !values[index].isNull else { return nil }
    do throws(RPCValueError) {
      return try decoder.decode(values[index])
    } catch {
      throw .invalidArgument(index, error)
    }
  }

  /// The block that a parameter names, the newest one when it is missing or null.
  public func block(_ index: Int) throws(RPCError) -> BlockParameter {
    try optional(index, .block) ?? .latest
  }
}
