internal import Primitives

extension PoolState {
  /// Drops cheaper transactions of others until there is room for one, or changes nothing.
  ///
  /// Those that wait for an earlier nonce go before those that may stand in a block, whatever they
  /// offer; a sender loses its last nonce first; local ones never make room for remote ones.
  ///
  /// - Throws: `underpriced` or `full` when not enough may go.
  mutating func makeRoom(
    for transaction: PoolTransaction, at place: SenderQueue.Place
  ) throws(PoolError) {
    let added = place.replaced == nil ? 1 : 0
    let slots = limits.globalSlots - added
    let bytes = limits.globalBytes - transaction.byteCount + (place.replaced?.byteCount ?? 0)
    var removed: [(PoolTransaction, account: (nonce: UInt64, balance: UInt256))] = []
    while true {
      let isOverGapped = place.isGapped && gappedCount > limits.globalGapped - added
      guard isOverGapped || byHash.count > slots || byteCount > bytes else { return }
      let choice = victim(for: transaction, isGapped: place.isGapped)
      if case .sender(let sender) = choice,
        let account = senders[sender].map({ (nonce: $0.nonce, balance: $0.balance) }),
        let victim = removeLast(of: sender)
      {
        removed.append((victim, account))
        continue
      }
      for (victim, account) in removed.reversed() { restore(victim, account: account) }
      throw choice == .dearer ? .underpriced(transaction.hash) : .full
    }
  }

  /// Drops gapped transactions that are over the limit, the cheapest first and local ones last.
  ///
  /// - Returns: the transactions dropped.
  mutating func trimGapped() -> [PoolTransaction] {
    var dropped: [PoolTransaction] = []
    while gappedCount > limits.globalGapped,
      let candidate = cheapest(isGapped: true, isLocal: false, except: nil)
        ?? cheapest(isGapped: true, isLocal: true, except: nil),
      let transaction = removeLast(of: candidate.sender)
    {
      dropped.append(transaction)
    }
    return dropped
  }

  private enum Choice: Equatable {
    /// The sender whose last transaction may go.
    case sender(Address)
    /// Whatever might go offers as much.
    case dearer
    /// There is nothing that might go.
    case nothing
  }

  private mutating func victim(for transaction: PoolTransaction, isGapped: Bool) -> Choice {
    var price = PoolPrice(transaction, baseFee: head.baseFee)
    if !isGapped, let first = senders[transaction.sender]?.pending.first,
      first.nonce < transaction.nonce
    {
      price = min(price, PoolPrice(first, baseFee: head.baseFee))
    }
    var choice = Choice.nothing
    for isVictimGapped in isGapped ? [true] : [true, false] {
      let candidates = (transaction.isLocal ? [false, true] : [false]).compactMap {
        cheapest(isGapped: isVictimGapped, isLocal: $0, except: transaction.sender)
      }
      guard let candidate = candidates.min() else { continue }
      if isVictimGapped != isGapped || candidate.price < price { return .sender(candidate.sender) }
      choice = .dearer
    }
    return choice
  }

  private mutating func cheapest(
    isGapped: Bool, isLocal: Bool, except sender: Address?
  ) -> EvictionIndex.Candidate? {
    if !eviction.isBuilt { eviction.build(senders.values) }
    var own: EvictionIndex.Candidate?
    defer { if let own { eviction.push(own) } }
    while let candidate = eviction.top(isGapped: isGapped, isLocal: isLocal) {
      if senders[candidate.sender]?.version == candidate.version {
        if candidate.sender != sender { return candidate }
        own = candidate
      }
      eviction.pop(isGapped: isGapped, isLocal: isLocal)
    }
    return nil
  }
}
