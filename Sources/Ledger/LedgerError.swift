/// Why the ledger refused, or could not do, what it was asked.
public struct LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is; the names are stable.
  public enum Code: String, Sendable, CaseIterable {
    /// The database belongs to another chain, or to another version of this program.
    case wrongDatabase
    /// The database holds something that it cannot hold: it is damaged.
    case corrupt
    /// A block does not follow from the chain and its rules.
    case invalidBlock
    /// A block is for a height that is not the next.
    case outOfOrder
    /// The state or proof asked for is older than what is kept.
    case pruned
    /// The block, transaction or height asked for does not exist.
    case notFound
  }

  /// What kind of failure it is.
  public let code: Code
  /// What happened, to which id, why, and what to do next.
  public let message: String

  /// An error of kind `code` that says `message`.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The code and the message.
  public var description: String { "\(code.rawValue): \(message)" }
}
