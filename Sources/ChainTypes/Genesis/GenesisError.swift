/// Why a genesis file cannot start a chain.
public struct GenesisError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The member at fault, as a path such as `btt.fees.floor`; empty for the whole file.
  public var path: String
  /// The cause and the next step.
  public var message: String

  /// An error from its parts.
  public init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  /// The member, the cause and the next step.
  public var description: String {
    path.isEmpty ? "genesis: \(message)" : "genesis: \(path): \(message)"
  }
}
