/// Why a node could not start, or had to stop.
public struct NodeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is; the names are stable.
  public enum Code: String, Sendable, CaseIterable {
    /// A setting is wrong.
    case configuration
    /// The data directory is missing, in use, or not fit for use.
    case dataDirectory
    /// A key or password is missing or wrong.
    case key
    /// A file to import or export is not what it should be.
    case file
    /// An endpoint to follow gave something that cannot be used.
    case endpoint
  }

  /// What kind of failure it is.
  public let code: Code
  /// What happened, to what, why, and what to do next.
  public let message: String

  /// An error of kind `code` that says `message`.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
