internal import ChainTypes
package import Keys
package import Primitives

/// What is still to be done for one root chain, as the two chains and the store say.
///
/// Nothing is remembered from one look to the next but what is stored: a task that was lost is
/// found missing and wanted again, one that somebody else did is no longer wanted.
package struct RootRelay: Sendable {
  /// Tasks by who does them.
  package struct Tasks: Sendable {
    /// The validator's, on the sidechain.
    package var votes: [OutgoingTask] = []
    /// Anybody's, on the sidechain.
    package var proofs: [OutgoingTask] = []
  }

  /// The most messages looked at in one go.
  package static let maximumMessages = 256
  /// What a signature's call may take: it is only bought, not used up.
  private static let signatureGas: UInt64 = 1_000_000
  /// The most failed deposits looked at in one go.
  package static let maximumFailures = 4_096

  private let root: Sidechain.Root
  private let sidechain: Sidechain
  private let chain: any RootChain
  private let store: BridgeStore
  private let validator: PrivateKey?
  private let checkpointInterval: UInt64
  private let alarms: BridgeAlarms
  private let clock: any BridgeClock

  package init(
    root: Sidechain.Root, sidechain: Sidechain, chain: any RootChain, store: BridgeStore,
    validator: PrivateKey?, checkpointInterval: UInt64, alarms: BridgeAlarms,
    clock: any BridgeClock
  ) {
    self.root = root
    self.sidechain = sidechain
    self.chain = chain
    self.store = store
    self.validator = validator
    self.checkpointInterval = checkpointInterval
    self.alarms = alarms
    self.clock = clock
  }

  private var id: RootID { root.id }

  // MARK: - Deposits

  /// What waiting messages still need: votes for their headers, then their proofs.
  package func deposits(_ waiting: [UInt64]) async throws -> Tasks {
    var tasks = Tasks()
    let isPaused = try await sidechain.isPaused(id)
    var attested: [UInt64: Sidechain.AttestedHeader?] = [:]
    var toVote: [RootHeader] = []
    var contradicted = try await attestedContradictions()
    for number in waiting {
      guard let message = try store.message(number, of: id) else { throw RowError() }
      let height = message.block.number
      let known = try await sidechain.message(id, number)
      if try await settled(message, known) { continue }
      guard let proof = message.proof else {
        try giveUp(message)
        continue
      }
      let header: Sidechain.AttestedHeader?
      if let seen = attested[height] {
        header = seen
      } else {
        header = try await sidechain.attested(id, height)
        attested[height] = .some(header)
        if header == nil, let own = try store.header(height, of: id) { toVote.append(own) }
        if let header {
          try store.noteAttested(height, of: id, at: clock.seconds)
          if header.hash != message.block.hash { contradicted.append(height) }
        }
      }
      if header?.hash == message.block.hash, known.status == .unknown, !isPaused {
        tasks.proofs.append(
          OutgoingTask(
            name: "proof \(id) \(number)", to: StateReceiverModule.address,
            data: try proof.encodedCall()))
      }
    }
    if let height = contradicted.last {
      alarms.raise(
        .contradicted, id.name,
        "block \(height) of \(id) that the sidechain has attested is not the one that the endpoints "
          + "show: validators pause its deposits; find out why, and let them go on with btt bridge "
          + "resume --root \(id)")
    } else {
      alarms.clear(.contradicted, id.name)
    }
    if let validator {
      tasks.votes += try await votes(
        of: validator, toVote, contradicted: contradicted, isPaused: isPaused)
    }
    return tasks
  }

  /// Puts a message aside that no transaction can carry, so that it holds up no other.
  private func giveUp(_ message: BridgeMessage) throws {
    alarms.raise(
      .failing, "proof \(id) \(message.id)",
      "message \(message.id) of \(id) lies in a receipt so large that no transaction can carry its "
        + "proof: it cannot be credited, and is for the validators to make good")
    try store.settle(
      message.id, of: id, MessageOutcome(state: MessageOutcome.unprovable, at: clock.seconds))
  }

  /// Notes what became of a message, if anything did.
  private func settled(
    _ message: BridgeMessage, _ known: Sidechain.Message
  ) async throws -> Bool {
    let now = clock.seconds
    if try await sidechain.isSuperseded(message, known, store) {
      alarms.raise(
        .contradicted, "\(id) \(message.id)",
        "message \(message.id) of \(id) was carried out as it stood in a block that \(id) took "
          + "back: what stands there now cannot be, as the number is used up; it is for the "
          + "validators to make good")
      try store.settle(
        message.id, of: id, MessageOutcome(state: MessageOutcome.superseded, at: now))
      return true
    }
    switch known.status {
    case .unknown: return false
    case .applied:
      try store.settle(message.id, of: id, MessageOutcome(state: "applied", at: now))
    case .refunded:
      try store.settle(message.id, of: id, MessageOutcome(state: "refunded", at: now))
    case .failed:
      // Of what is no deposit nothing is owed to anybody.
      try store.settle(
        message.id, of: id, MessageOutcome(state: "failed", at: now),
        hasFailed: message.deposit != nil)
    }
    return true
  }

  /// What failed deposits need: another try once their token is mapped, or their refund.
  package func failures() async throws -> [OutgoingTask] {
    var tasks: [OutgoingTask] = []
    for number in try store.failed(of: id, limit: Self.maximumFailures) {
      guard let message = try store.message(number, of: id),
        let deposit = message.deposit
      else { throw RowError() }
      let known = try await sidechain.message(id, number)
      guard known.status == .failed else {
        _ = try await settled(message, known)
        continue
      }
      let arguments: [ABIValue] = [id.abiValue, .uint(UInt256(number)), .bytes(message.data)]
      if clock.seconds > known.retryUntil {
        tasks.append(
          OutgoingTask(
            name: "refund \(id) \(number)", to: StateReceiverModule.address,
            data: try StateReceiverModule.refund.encodeCall(arguments)))
      } else if known.failure == .notMapped, try await sidechain.isMapped(id, deposit.rootToken) {
        tasks.append(
          OutgoingTask(
            name: "retry \(id) \(number)", to: StateReceiverModule.address,
            data: try StateReceiverModule.retry.encodeCall(arguments)))
      }
    }
    return tasks
  }

  /// The heights at which the sidechain has attested blocks that were taken back.
  private func attestedContradictions() async throws -> [UInt64] {
    var heights: [UInt64] = []
    for block in try store.contradictions(of: id)
    where try await sidechain.attested(id, block.number)?.hash == block.hash {
      heights.append(block.number)
    }
    return heights
  }

  private func votes(
    of validator: PrivateKey, _ headers: [RootHeader], contradicted: [UInt64], isPaused: Bool
  ) async throws -> [OutgoingTask] {
    let new = try contradicted.filter { try !store.hasPaused(for: $0, of: id) }
    if !new.isEmpty {
      if try await sidechain.isPausing(id, validator.address) {
        for height in new { try store.notePaused(for: height, of: id) }
        return []
      }
      return [
        OutgoingTask(
          name: "pause \(id)", to: StateReceiverModule.address,
          data: try StateReceiverModule.setPaused.encodeCall([id.abiValue, .bool(true)]),
          isUrgent: true)
      ]
    }
    if isPaused { return [] }
    var unvoted: [RootHeader] = []
    for header in headers.prefix(StateReceiverModule.maximumAttestCount)
    where try await !sidechain.hasVoted(validator.address, id, header.number) {
      // A vote cannot be taken back: the block is looked at once more. Where nobody can tell,
      // there is no vote now, and nothing else waits for it.
      guard let canonical = try? await chain.header(header.number), canonical.hash == header.hash
      else { continue }
      unvoted.append(header)
    }
    guard let first = unvoted.first else { return [] }
    return [
      OutgoingTask(
        name: "attest \(id) \(first.number)", to: StateReceiverModule.address,
        data: try StateReceiverModule.attest.encodeCall([
          id.abiValue,
          .array(
            unvoted.map { header in
              .tuple([
                .uint(UInt256(header.number)), .hash(header.hash), .hash(header.receiptsRoot),
              ])
            }),
        ]), isUrgent: true)
    ]
  }

  // MARK: - Withdrawals

  /// The validator's signature over a checkpoint, where the outbox has something new.
  package func signatures() async throws -> [OutgoingTask] {
    guard let validator, try await !sidechain.isPaused(id) else { return [] }
    let last = try await sidechain.lastCheckpoint(id)
    return try await signature(of: validator, after: last).map { [$0] } ?? []
  }

  /// The newest complete checkpoint's way to the root chain, unless it is there in the block that
  /// is `final`, or in a newer one.
  package func checkpoints(final: UInt64, patience: Duration) async throws -> [OutgoingTask] {
    guard try await sidechain.outbox(id).count > 0 else { return [] }
    let accepted = try await finalAcceptedCount(final)
    try await watchAge(accepted, patience)
    guard let last = try await sidechain.lastCheckpoint(id),
      last.statement.outboxCount > accepted,
      // Somebody may have brought it in a block that is not final yet.
      try await acceptedCount(at: try await chain.newest()) < last.statement.outboxCount
    else { return [] }
    let signatures = try await sidechain.signatures(last.digest)
    return [
      OutgoingTask(
        name: "checkpoint \(id) \(last.statement.endHeight)", to: root.checkpoints,
        data: try last.statement.submission(signatures: signatures.joined))
    ]
  }

  /// An alarm for as long as the oldest withdrawal that no checkpoint covers is too old.
  private func watchAge(_ accepted: UInt64, _ patience: Duration) async throws {
    guard let oldest = try await sidechain.withdrawals(id, from: accepted, count: 1).first,
      let block = try await sidechain.block(oldest.height),
      .seconds(Int64(clock.seconds)) - .seconds(Int64(block.time)) > patience
    else {
      alarms.clear(.checkpoint, id.name)
      return
    }
    alarms.raise(
      .checkpoint, id.name,
      "withdrawal \(oldest.index) to \(id) waits for a checkpoint since block \(oldest.height): "
        + "validators have not signed one, or nobody has brought it; see btt bridge doctor")
  }

  /// How many withdrawals the newest checkpoint covers that was accepted up to a final block.
  ///
  /// Where so old a state is kept by no node, what a quorum says of the newest block has to do.
  private func finalAcceptedCount(_ final: UInt64) async throws -> UInt64 {
    do throws(RootChainError) {
      return try await acceptedCount(at: final)
    } catch {
      guard case .refused = error else { throw error }
      return try await acceptedCount(at: try await chain.newest())
    }
  }

  private func acceptedCount(at number: UInt64) async throws(RootChainError) -> UInt64 {
    var counted = try await chain.view(
      root.checkpoints, RootContracts.checkpointCount, at: number)
    let id = try counted.uint64()
    guard id > 0 else { return 0 }
    let values = try await chain.view(
      root.checkpoints, RootContracts.checkpoint, [.uint(UInt256(id))], at: number)
    return try AcceptedCheckpoint(id: id, values).outboxCount
  }

  /// A signature over a checkpoint that another validator began, or over a new one.
  private func signature(
    of validator: PrivateKey, after last: Sidechain.Checkpoint?
  ) async throws -> OutgoingTask? {
    let outbox = try await sidechain.outbox(id)
    let done = last?.statement.outboxCount ?? 0
    guard outbox.count > done, let head = try await sidechain.block() else { return nil }
    // The first that is true, as all validators do: the newest would move on with every block.
    for digest in try await sidechain.candidates(id) {
      let candidate = try await sidechain.checkpoint(digest).statement
      guard candidate.outboxCount > done, try await isTrue(candidate) else { continue }
      let signers = try await sidechain.signatures(digest).signers
      if signers.contains(validator.address) { return nil }
      return try signing(candidate, digest, validator)
    }
    if let last, head.number < last.statement.endHeight &+ checkpointInterval { return nil }
    let atHead = try await sidechain.outbox(id, at: head.number)
    guard atHead.count > done else { return nil }
    let digest = try await sidechain.checkpointDigest(id, end: head, outbox: atHead)
    let statement = CheckpointStatement(
      sidechainID: 0, rootID: id.rawValue, epoch: 0, endHeight: head.number,
      endBlockHash: head.hash, outboxRoot: atHead.root, outboxCount: atHead.count)
    return try signing(statement, digest, validator)
  }

  /// Whether our own chain has that block; the ledger has checked all else.
  private func isTrue(_ statement: CheckpointStatement) async throws -> Bool {
    try await sidechain.block(statement.endHeight)?.hash == statement.endBlockHash
  }

  private func signing(
    _ statement: CheckpointStatement, _ digest: Hash256, _ validator: PrivateKey
  ) throws -> OutgoingTask {
    OutgoingTask(
      // One on its way is enough: a later block would only begin another checkpoint.
      name: "sign \(id) \(statement.outboxCount)", to: StateReceiverModule.address,
      data: try StateReceiverModule.signCheckpoint.encodeCall([
        id.abiValue, .uint(UInt256(statement.endHeight)), .hash(statement.endBlockHash),
        .hash(statement.outboxRoot), .uint(UInt256(statement.outboxCount)),
        .bytes(try validator.sign(digest).bytes),
      ]),
      // Estimates are made as if in the newest block, which is not below itself.
      gas: Self.signatureGas, isUrgent: true)
  }
}

extension Sidechain {
  /// Whether another message, of a block that was taken back, used up a message's number.
  package func isSuperseded(
    _ message: BridgeMessage, _ known: Message, _ store: BridgeStore
  ) async throws -> Bool {
    guard known.status == .applied, try store.hasRival(message),
      let applied = try await appliedData(message.root, message.id)
    else { return false }
    return applied != Keccak256.hash(message.data)
  }
}

extension AcceptedCheckpoint {
  /// Reads a checkpoint from the root contract.
  package static func read(
    _ id: UInt64, _ contract: Address, _ port: ChainPort
  ) async throws(RootChainError) -> AcceptedCheckpoint {
    try AcceptedCheckpoint(
      id: id,
      Values(try await port.call(contract, RootContracts.checkpoint, [.uint(UInt256(id))])))
  }

  /// Reads what the contract tells of a checkpoint.
  package init(id: UInt64, _ values: Values) throws(RootChainError) {
    var values = values
    self.init(
      id: id, outboxRoot: try values.hash(), endBlockHash: try values.hash(),
      endHeight: try values.uint64(), outboxCount: try values.uint64(),
      epoch: try values.uint64(), acceptedAt: try values.uint64())
  }
}
