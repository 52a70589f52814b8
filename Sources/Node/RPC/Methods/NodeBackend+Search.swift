internal import ChainTypes
package import Ledger
package import Primitives

extension NodeBackend {
  /// Where a transaction is.
  package enum Whereabouts: Sendable {
    /// In a block that the view shows.
    case included(ChainView, TransactionLocation)
    /// In the pool.
    case waiting(RecoveredTransaction)
  }

  /// Finds a transaction in the chain or in the pool; nil when it is in neither.
  ///
  /// It leaves the pool after its block has become visible, never before: one that neither `view`
  /// nor the pool has may have been included since, and is looked for in the newest view.
  ///
  /// - Throws: the store's error.
  package func find(_ hash: Hash256, in view: ChainView) throws -> Whereabouts? {
    if let location = try view.location(of: hash) { return .included(view, location) }
    if let waiting = pool.transaction(hash) { return .waiting(waiting) }
    let newest = chain.view
    return try newest.location(of: hash).map { .included(newest, $0) }
  }
}
