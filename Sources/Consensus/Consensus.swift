// Consensus: who may make the next block, and how a node comes to know of it.
//
//   SoloConsensus   one validator: builds from the pool, seals, commits; final at once
//   Follower        fetches sealed blocks of another node and executes every one of them
//
// A validator's order of doing is fixed: the block and its seal are synced, then the double-sign
// guard is synced, then anybody may see the block. Whatever moment the power goes at, no two seals
// for one height ever leave the process.
//
// Many validators (ABCI) will stand beside these two, behind the same `BlockProducer`.

public import Ledger

/// Something that makes blocks.
public protocol BlockProducer: Sendable {
  /// Makes blocks until it is cancelled or can't go on safely.
  ///
  /// - Throws: what made it stop; `CancellationError` is not thrown.
  func run() async throws

  /// Makes one block at once, whatever the pool holds.
  ///
  /// - Parameter timestamp: the block's least time in seconds since 1970; nil for the clock's.
  /// - Returns: the view of the new head.
  /// - Throws: what kept it from being made.
  func makeBlock(timestamp: UInt64?) async throws -> ChainView
}
