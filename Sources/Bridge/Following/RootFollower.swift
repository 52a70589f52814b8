internal import ChainTypes
package import Primitives

/// Reads a root chain's messages into the store, each with its proof, as far as the chain is final.
///
/// What is in memory is what is stored, so that an end at any moment loses nothing and repeats
/// nothing but reading.
package actor RootFollower {
  /// What a step did.
  package enum Progress: Hashable, Sendable {
    /// All final blocks are read.
    case upToDate
    /// Blocks were read, up to this one.
    case read(upTo: UInt64, messages: Int)
    /// Something is missing, or changed while it was read: it is read again.
    case lookingAgain
    /// It was too much at once: less is read at once from now on.
    case narrowed
    /// Blocks that were final were taken back, down to this one.
    case rewound(to: UInt64)
  }

  private let chain: any RootChain
  private let chainID: UInt64
  private let store: BridgeStore
  private let stateSender: Address
  private let start: UInt64
  private let alarms: BridgeAlarms
  private let clock: any BridgeClock
  private var state: FollowerState?
  private var reorganisedAt: Duration?

  /// The newest final block that was seen.
  package private(set) var final: RootBlock?

  /// How many blocks behind the final one make an alarm.
  private static let lagBlocks: UInt64 = 100
  /// For how long the owner is told that blocks were taken back which had been final.
  private static let reorganisationAlarm = Duration.seconds(3_600)

  /// A follower of a state sender that was deployed after the block `start`.
  package init(
    chain: any RootChain, chainID: UInt64, store: BridgeStore, stateSender: Address,
    start: UInt64, alarms: BridgeAlarms, clock: any BridgeClock
  ) {
    self.chain = chain
    self.chainID = chainID
    self.store = store
    self.stateSender = stateSender
    self.start = start
    self.alarms = alarms
    self.clock = clock
  }

  private var subject: String { chain.id.description }

  /// How far the chain was read.
  package var progress: FollowerState? { state }

  /// Reads one range of blocks.
  ///
  /// - Throws: `RootChainError` where the chain could not be read, and what the store throws.
  package func step() async throws -> Progress {
    let final = try await chain.finalized()
    self.final = final
    guard let state = try await current(final) else { return .upToDate }
    guard final.number >= state.cursor.number else { return .upToDate }
    guard try await chain.header(state.cursor.number).hash == state.cursor.hash else {
      return try await rewind(state, final)
    }
    if final.number - state.cursor.number > Self.lagBlocks {
      alarms.raise(
        .lag, subject,
        "\(final.number - state.cursor.number) final blocks are not read yet; it catches up by "
          + "itself")
    } else {
      alarms.clear(.lag, subject)
    }
    do {
      switch state.plan(final: final.number) {
      case .idle:
        try await checkCounter(state)
        if let since = reorganisedAt, clock.now() - since >= Self.reorganisationAlarm {
          reorganisedAt = nil
          alarms.clear(.reorganised, subject)
        }
        return .upToDate
      case .scan(let range):
        return try await scan(range, state, final)
      }
    } catch let error as RootChainError {
      guard case .tooMuchAtOnce(let text) = error else { throw error }
      guard state.width > 1 else { throw RootChainError.unreachable(text) }
      self.state = (self.state ?? state).narrowed()
      return .narrowed
    } catch let gap as FollowerState.Gap {
      alarms.raise(
        .gap, subject,
        "message \(gap.missing) of \(subject) is missing, and there is a message \(gap.shownBy): "
          + "the endpoints leave it out; add other endpoints")
      self.state = (self.state ?? state).lookingAgain()
      return .lookingAgain
    }
  }

  private func current(_ final: RootBlock) async throws -> FollowerState? {
    if let state { return state }
    // Another chain with the same deployer has the same contracts: its messages are not ours.
    let answered = try await chain.chainID()
    guard answered == chainID else {
      throw RootChainError.unproven(
        "the endpoints of \(chain.id) are of chain \(answered), and genesis says \(chainID): set "
          + "others")
    }
    if let stored = try store.state(of: chain.id) {
      state = stored
      return stored
    }
    guard final.number >= start else { return nil }
    let first = FollowerState(
      start: RootBlock(number: start, hash: try await chain.header(start).hash))
    try store.commit(first, of: chain.id)
    state = first
    return first
  }

  // MARK: - Reading

  private func scan(
    _ range: ClosedRange<UInt64>, _ state: FollowerState, _ final: RootBlock
  ) async throws -> Progress {
    let end =
      range.upperBound == final.number
      ? final
      : RootBlock(number: range.upperBound, hash: try await chain.header(range.upperBound).hash)
    let hints = try await chain.hints(in: range)
    var found: [UInt64: BridgeMessage] = [:]
    var headers: [RootHeader] = []
    var liars: Set<String> = []
    for (number, hints) in Dictionary(grouping: hints, by: \.block).sorted(by: { $0.key < $1.key })
    {
      let endpoints = Set(hints.flatMap(\.endpoints))
      // Who has made one block's messages up costs no more of this range.
      if endpoints.isSubset(of: liars) { continue }
      let header = try await chain.header(number)
      let messages = mayHold(header) ? try await messages(in: header, hints) : []
      if messages.isEmpty {
        liars.formUnion(endpoints)
        chain.complain(about: endpoints, "messages in block \(number)")
        continue
      }
      headers.append(header)
      for message in messages { found[message.id] = message }
    }
    // What was read of blocks that were taken back meanwhile must not stand under the cursor.
    guard try await chain.header(end.number).hash == end.hash else { return .lookingAgain }
    let (ids, gap) = state.contiguous(found.keys)
    let new = ids.compactMap { found[$0] }
    if let gap {
      // Those before it are proven, and do not wait for what is missing.
      if let last = new.last {
        let next = state.took(upTo: last.block, messages: new.count, last: last.block)
        try commit(next, new, headers.filter { $0.number <= last.block.number })
      }
      throw gap
    }
    let next = state.took(upTo: end, messages: new.count, last: new.last?.block)
    try commit(next, new, headers)
    if end == final { try await checkCounter(next) }
    return .read(upTo: end.number, messages: new.count)
  }

  private func commit(
    _ next: FollowerState, _ messages: [BridgeMessage], _ headers: [RootHeader]
  ) throws {
    try store.commit(next, of: chain.id, messages: messages, headers: headers)
    state = next
  }

  /// Whether the header's filter allows for a message; a chain may do without filters.
  private func mayHold(_ header: RootHeader) -> Bool {
    let bloom = header.logsBloom
    return bloom.isEmpty
      || bloom.mayContain(stateSender) && bloom.mayContain(StateSynced.event.topic)
  }

  /// The messages of a block, from its receipts, which its header covers.
  private func messages(
    in header: RootHeader, _ hints: [MessageHint]
  ) async throws -> [BridgeMessage] {
    let proofs = try ReceiptProofs(header: header, receipts: try await chain.receipts(of: header))
    var messages: [BridgeMessage] = []
    for place in proofs.messages(from: stateSender) {
      let id = place.message.id
      // No proof binds the transaction's hash: a quorum has to agree on it.
      let hint = hints.first {
        $0.id == id && $0.transactionIndex == UInt64(place.transactionIndex)
          && $0.endpoints.count >= chain.quorum
      }
      let transaction: Hash256
      if let hint {
        transaction = hint.transaction
      } else {
        transaction = try await chain.transaction(at: place.transactionIndex, of: header)
      }
      messages.append(
        BridgeMessage(
          root: chain.id, id: id, block: RootBlock(number: header.number, hash: header.hash),
          blockTime: header.timestamp, transaction: transaction, finalizedAt: clock.seconds,
          data: place.message.data, proof: proofs.proof(of: place, root: chain.id)))
    }
    return messages
  }

  /// Whether the state sender has numbered as many messages as were read: the last ones of all
  /// cannot be missed by looking at ids.
  private func checkCounter(_ state: FollowerState) async throws {
    let counter: UInt64
    do throws(RootChainError) { counter = try await chain.counter(at: state.cursor.number) } catch {
      // Nodes that keep no old states cannot tell; ids still show what is missing between them.
      switch error {
      case .refused: alarms.clear(.gap, subject)
      case .unreachable: break
      default: throw error
      }
      return
    }
    guard counter < state.nextID else {
      throw FollowerState.Gap(missing: state.nextID, shownBy: counter)
    }
    alarms.clear(.gap, subject)
  }

  // MARK: - Reorganisations

  /// Goes back to the newest block that was read and is canonical still, and forgets what was
  /// read after it.
  private func rewind(_ state: FollowerState, _ final: RootBlock) async throws -> Progress {
    var anchor: RootBlock?
    for mark in try store.marks(of: chain.id).reversed() where mark.number <= final.number {
      if try await chain.header(mark.number).hash == mark.hash {
        anchor = mark
        break
      }
    }
    let base: RootBlock
    if let anchor {
      base = anchor
    } else {
      base = RootBlock(number: start, hash: try await chain.header(start).hash)
    }
    let dropped = try store.messages(above: base.number, of: chain.id)
    let next = state.rewound(
      to: base, nextID: dropped.map(\.id).min() ?? state.nextID)
    reorganisedAt = clock.now()
    alarms.raise(
      .reorganised, subject,
      "\(subject) took back blocks after \(base.number) that were final, with \(dropped.count) "
        + "messages that were read: check the endpoints, or choose a later finality")
    // Messages between the mark and the fork are canonical still: they are read again, and
    // contradict nothing.
    var takenBack: Set<RootBlock> = []
    for block in Set(dropped.map(\.block))
    where try await chain.header(block.number).hash != block.hash {
      takenBack.insert(block)
    }
    try store.rewind(next, of: chain.id, dropping: dropped, contradicted: takenBack)
    self.state = next
    return .rewound(to: base.number)
  }
}
