internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// Waits until a transaction is in a block (EIP-7966).
struct ReceiptWait {
  let backend: NodeBackend
  let hash: Hash256

  /// The receipt.
  ///
  /// - Throws: `RPCError` with code 4 when the time is over, or an error when the transaction has
  ///   left the pool for another reason than a block.
  func run(for time: Duration) async throws -> RPCResult {
    let receipt = try await withThrowingTaskGroup(of: RPCResult?.self) { group in
      group.addTask { try await self.receipt() }
      group.addTask {
        try await backend.sleep(time)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let receipt else { throw timeout(after: time) }
    return receipt
  }

  private func receipt() async throws -> RPCResult? {
    for await view in backend.chain.updates() {
      if let receipt = try TransactionMethods.receipt(view, of: hash) { return receipt }
      if try hasBeenDropped() {
        throw RPCError.server(
          "transaction dropped: \(hash.hex) was replaced, evicted or refused by a block")
      }
    }
    // The stream ends early when the node stops; the time-out tells the caller.
    try await backend.sleep(.seconds(3_600))
    return nil
  }

  private func hasBeenDropped() throws -> Bool {
    guard case .pool = backend.submission else { return false }
    return try backend.find(hash, in: backend.chain.view) == nil
  }

  private func timeout(after time: Duration) -> RPCError {
    RPCError(
      code: 4,
      message:
        "The transaction was added to the mempool but wasn't processed in \(time.milliseconds)ms",
      data: .string(hash.hex))
  }
}

extension Duration {
  fileprivate var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds.multipliedReportingOverflow(by: 1_000).partialValue
      &+ attoseconds / 1_000_000_000_000_000
  }
}
