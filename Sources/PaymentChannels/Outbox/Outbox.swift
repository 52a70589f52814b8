package import ChainTypes
package import Primitives

/// The ledger transactions of one account that are not final, in the order of their nonces.
///
/// Rules: a transaction is on disk before it is sent; after a restart the same bytes go again; a
/// higher fee means new bytes for the same nonce, on disk first, an eighth above the old fee at
/// least; a receipt of any of the bytes ends it. Once the ledger has passed the nonce and shows no
/// receipt, the transaction stands in nobody's way any more; its receipt is still looked for.
package struct Outbox: Sendable {
  private struct Place: Sendable {
    var entry: OutboxEntry
    /// The generation that holds the newest bytes.
    var generation: UInt64
    /// When the newest bytes were last handed in; nil since the start or the last change.
    var sentAt: Duration?
  }

  private struct Unresolved: Sendable {
    var entry: OutboxEntry
    var since: Duration
  }

  /// The most transactions whose receipts are looked for although their nonces are used up.
  package static let maximumUnresolved = 64

  private var places: [UInt64: Place] = [:]
  private var order: [UInt64] = []
  package private(set) var nextSequence: UInt64 = 1
  /// Nonces below this are used up.
  private var usedNonces: UInt64 = 0
  private var leftOver: [Unresolved] = []

  package init(_ entries: [OutboxEntry] = []) {
    for entry in entries.sorted(by: { $0.sequence < $1.sequence }) { add(entry, in: 0) }
  }

  /// The entries in order.
  package var entries: [OutboxEntry] { order.compactMap { places[$0]?.entry } }

  package var isEmpty: Bool { order.isEmpty }

  /// Those whose nonces the ledger has passed without showing a receipt, the oldest first.
  package var unresolved: [OutboxEntry] { leftOver.map(\.entry) }

  package subscript(sequence: UInt64) -> OutboxEntry? { places[sequence]?.entry }

  /// The nonce for the next transaction, when the ledger's next one for the account is `ledger`.
  package func nextNonce(_ ledger: UInt64) -> UInt64 {
    entries.reduce(max(ledger, usedNonces)) { max($0, $1.nonce + 1) }
  }

  /// The highest amount that a transaction on its way brings a channel to, for a kind.
  package func pending(_ kind: ChannelTransactionKind, _ id: ChannelID) -> UInt128? {
    entries.filter { $0.kind == kind }.flatMap(\.items).filter { $0.id == id }.map(\.amount).max()
  }

  /// The highest amounts that settlements on their way bring channels to.
  package var settling: [ChannelID: UInt128] {
    var amounts: [ChannelID: UInt128] = [:]
    for entry in entries where entry.kind == .settle {
      for item in entry.items { amounts[item.id] = max(amounts[item.id] ?? 0, item.amount) }
    }
    return amounts
  }

  /// The number of a transaction on its way that does all that a plan would, where doing it twice
  /// were a waste.
  package func covering(_ plan: TransactionPlan) -> UInt64? {
    switch plan.kind {
    case .settle, .close, .closeMutual, .requestClose, .withdraw: break
    case .vaultDeposit, .vaultWithdraw, .open, .topUp: return nil
    }
    return entries.last { entry in
      entry.kind == plan.kind
        && plan.items.allSatisfy { item in
          entry.items.contains { $0.id == item.id && $0.amount >= item.amount }
        }
    }?.sequence
  }

  package mutating func add(_ entry: OutboxEntry, in generation: UInt64) {
    places[entry.sequence] = Place(entry: entry, generation: generation)
    order.append(entry.sequence)
    nextSequence = max(nextSequence, entry.sequence + 1)
  }

  package mutating func replace(_ entry: OutboxEntry, in generation: UInt64) {
    guard places[entry.sequence] != nil else { return }
    places[entry.sequence] = Place(entry: entry, generation: generation)
  }

  /// Removes an entry; its nonce is not used again unless it is `free`.
  package mutating func remove(_ sequence: UInt64, nonceIsFree free: Bool) -> OutboxEntry? {
    if let index = leftOver.firstIndex(where: { $0.entry.sequence == sequence }) {
      return leftOver.remove(at: index).entry
    }
    guard let entry = places.removeValue(forKey: sequence)?.entry else { return nil }
    order.removeAll { $0 == sequence }
    if !free { usedNonces = max(usedNonces, entry.nonce + 1) }
    return entry
  }

  /// Keeps looking for the receipt of an entry whose nonce is used up, and for nothing else.
  package mutating func leaveUnresolved(_ sequence: UInt64, now: Duration) {
    guard let entry = remove(sequence, nonceIsFree: false) else { return }
    leftOver.append(Unresolved(entry: entry, since: now))
  }

  /// Entries whose receipts have been looked for long enough, or that are too many.
  package func givenUp(now: Duration, after interval: Duration) -> [OutboxEntry] {
    let surplus = max(0, leftOver.count - Self.maximumUnresolved)
    return leftOver.enumerated().filter { index, left in
      index < surplus || now - left.since >= interval
    }.map(\.element.entry)
  }

  /// What is to be handed in now: bytes on disk that were not sent, or long ago.
  ///
  /// Once the store has failed, settlements go without: they can only bring money, once.
  package func sendable(
    now: Duration, synced: UInt64, storeFailed: Bool, every interval: Duration
  ) -> [OutboxEntry] {
    order.compactMap { places[$0] }.filter { place in
      guard place.generation <= synced || storeFailed && place.entry.kind == .settle else {
        return false
      }
      guard let sentAt = place.sentAt else { return true }
      return now - sentAt >= interval || now < sentAt
    }.map(\.entry)
  }

  package mutating func sent(_ sequence: UInt64, now: Duration) { places[sequence]?.sentAt = now }

  /// The entry that any of whose bytes has this hash.
  package func sequence(of hash: Hash256) -> UInt64? {
    (entries + unresolved).first { $0.hashes.contains(hash) }?.sequence
  }

  /// Entries that are due a higher fee.
  package func overdue(now: Duration, after interval: Duration) -> [OutboxEntry] {
    entries.filter {
      now - $0.signedAt >= interval && $0.hashes.count < OutboxEntry.maximumHashes
    }
  }

  /// The least fees that take the place of a waiting transaction's: an eighth more.
  package static func bumped(_ fee: UInt256) -> UInt256 { fee &+ (fee >> 3) &+ 1 }
}
