package import ChainTypes
internal import Dispatch
internal import Keys
package import Primitives
internal import Synchronization

/// Recovers the senders of many transactions on all cores.
package enum SenderRecovery {
  /// The senders, in order.
  ///
  /// - Throws: `LedgerError` that names the first transaction whose signature fits no key.
  package static func senders(of transactions: [SignedTransaction]) throws -> [Address] {
    var senders = [Address](repeating: .zero, count: transactions.count)
    let chunk = 64
    let chunks = (transactions.count + chunk - 1) / chunk
    let failed = Mutex<Int?>(nil)
    senders.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let output = buffer
      DispatchQueue.concurrentPerform(iterations: chunks) { index in
        for position in (index * chunk)..<min((index + 1) * chunk, transactions.count) {
          do throws(SignatureError) {
            output[position] = try transactions[position].recoverSender()
          } catch {
            failed.withLock { $0 = min($0 ?? position, position) }
          }
        }
      }
    }
    if let position = failed.withLock({ $0 }) {
      throw LedgerError(
        .invalidBlock,
        "transaction \(position) (\(transactions[position].hash)): its signature fits no key")
    }
    return senders
  }
}
