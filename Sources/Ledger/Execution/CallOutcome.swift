public import ChainTypes

/// How a call ended.
public struct CallOutcome: Hashable, Sendable {
  /// The ways a call can end.
  public enum Status: Hashable, Sendable {
    /// It ran to its end.
    case succeeded
    /// It gave up, its changes undone; the output says why.
    case reverted
    /// It used up its gas, its changes undone.
    case outOfGas
    /// The caller does not have the value sent.
    case insufficientBalance
  }

  /// How it ended.
  public var status: Status
  /// What it returned, or the reason it gave up for.
  public var output: [UInt8]
  /// Gas used, intrinsic gas included.
  public var gasUsed: UInt64
  /// Its events; none unless it succeeded.
  public var logs: [Log]

  /// Whether it ran to its end.
  public var succeeded: Bool { status == .succeeded }
}
