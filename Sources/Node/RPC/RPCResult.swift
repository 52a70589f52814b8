public import JSON

/// What a method returns.
public enum RPCResult: Sendable {
  /// A value, for replies of ordinary size.
  case value(JSONValue)
  /// JSON text that has been written already, for large replies; whoever gives it vouches for it.
  case raw([UInt8])

  /// A string.
  public static func string(_ text: String) -> RPCResult { .value(.string(text)) }

  /// The reply for what does not exist.
  public static let null = RPCResult.value(.null)
}
