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
    /// Something is missing, or was too much at once: it is read again.
    case lookingAgain
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

  /// The newest final block that was seen.
  package private(set) var final: RootBlock?

  /// How many blocks behind the final one make an alarm.
  private static let lagBlocks: UInt64 = 100

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
        return .upToDate
      case .scan(let range):
        return try await scan(range, state, final)
      }
    } catch let error as RootChainError {
      guard case .tooMuchAtOnce(let text) = error else { throw error }
      guard state.width > 1 else { throw RootChainError.unreachable(text) }
      self.state = state.narrowed()
      return .lookingAgain
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
    let hints = try await chain.hints(in: range)
    var found: [UInt64: BridgeMessage] = [:]
    var headers: [RootHeader] = []
    for number in Set(hints.map(\.block)).sorted() {
      let header = try await chain.header(number)
      let messages = try await messages(in: header, hints)
      if !messages.isEmpty { headers.append(header) }
      for message in messages { found[message.id] = message }
    }
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
    let end =
      range.upperBound == final.number
      ? final
      : RootBlock(number: range.upperBound, hash: try await chain.header(range.upperBound).hash)
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

  /// The messages of a block, from its receipts, which its header covers.
  private func messages(
    in header: RootHeader, _ hints: [MessageHint]
  ) async throws -> [BridgeMessage] {
    let proofs = try ReceiptProofs(header: header, receipts: try await chain.receipts(of: header))
    let hints = hints.filter { $0.block == header.number }
    return proofs.messages(from: stateSender).compactMap { place in
      guard let proof = proofs.proof(of: place, root: chain.id) else { return nil }
      let hint = hints.first {
        $0.id == place.id && $0.transactionIndex == UInt64(place.transactionIndex)
      }
      return BridgeMessage(
        root: chain.id, id: place.id, block: RootBlock(number: header.number, hash: header.hash),
        blockTime: header.timestamp, transaction: hint?.transaction ?? .zero,
        finalizedAt: clock.seconds, proof: proof)
    }
  }

  /// Whether the state sender has numbered as many messages as were read: the last ones of all
  /// cannot be missed by looking at ids.
  private func checkCounter(_ state: FollowerState) async throws {
    let counter = try await chain.counter(at: state.cursor.number)
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
