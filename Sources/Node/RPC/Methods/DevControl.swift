/// What a developer may do to a chain of one's own.
public protocol DevControl: Sendable {
  /// Makes blocks at once, whatever the pool holds.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - timestamp: the least time of the first in seconds since 1970; nil for the clock's.
  /// - Throws: what kept them from being made.
  func mine(_ count: UInt64, timestamp: UInt64?) async throws

  /// Moves the clock that blocks are dated by.
  ///
  /// - Parameter seconds: how far; into the future only.
  /// - Returns: by how many seconds the clock is now ahead of the machine's.
  /// - Throws: `RPCError` when it would go beyond what a clock can hold.
  func increaseTime(by seconds: UInt64) throws -> UInt64

  /// Dates the next block.
  ///
  /// - Parameter timestamp: seconds since 1970, not before the newest block's.
  /// - Throws: `RPCError` when it is before the newest block's.
  func setNextBlockTimestamp(_ timestamp: UInt64) throws
}
