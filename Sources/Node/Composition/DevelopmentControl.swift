internal import ChainTypes
internal import Consensus
internal import Ledger

/// A developer's verbs over a chain of one's own.
struct DevelopmentControl: DevControl {
  let producer: SoloConsensus
  let chain: Chain
  let clock: NodeClock

  func mine(_ count: UInt64, timestamp: UInt64?) async throws {
    for index in 0..<count {
      try Task.checkCancellation()
      _ = try await producer.makeBlock(timestamp: index == 0 ? timestamp : nil)
    }
  }

  func increaseTime(by seconds: UInt64) throws -> UInt64 {
    guard let offset = clock.advance(by: seconds) else {
      throw RPCError.invalidParams("invalid argument 0: the clock cannot go so far")
    }
    return offset
  }

  func setNextBlockTimestamp(_ timestamp: UInt64) throws {
    let head = chain.view.head.timestamp
    guard timestamp >= head, clock.advance(to: timestamp) else {
      throw RPCError.invalidParams(
        "invalid argument 0: timestamp \(timestamp) is before the newest block's, \(head), or too "
          + "far ahead")
    }
  }
}
