public import ChainTypes
internal import JSON
public import Primitives

extension BridgeService {
  /// Where everything stands that a transaction began, on a root chain or on the sidechain.
  public func status(of transaction: Hash256) async throws -> [TransferStatus] {
    let messages = try store.messages(of: transaction)
    if !messages.isEmpty {
      var found: [TransferStatus] = []
      for message in messages { found.append(try await status(of: message)) }
      return found
    }
    let transfers: [TransferStatus]
    if let known = callerLooks.answer(transaction) {
      transfers = known
    } else if callerLooks.take() {
      transfers = try await look(at: transaction)
      callerLooks.keep(transfers, of: transaction)
    } else if let old = callerLooks.answer(transaction, isStale: true) {
      transfers = old
    } else {
      throw BridgeError.busy
    }
    guard !transfers.isEmpty else { throw BridgeError.unknownTransaction(transaction) }
    return transfers
  }

  /// What root chains tell of a transaction that began withdrawals, or that is not read yet.
  private func look(at transaction: Hash256) async throws -> [TransferStatus] {
    var found: [TransferStatus] = []
    for (worker, withdrawal) in try await withdrawals(of: transaction) {
      found.append(try await status(of: withdrawal, worker, transaction))
    }
    if !found.isEmpty { return found }
    for worker in workers {
      if let seen = try? await unread(transaction, worker), !seen.isEmpty { return seen }
    }
    return []
  }

  // MARK: - Deposits

  private func status(of message: BridgeMessage) async throws -> TransferStatus {
    guard workers.contains(where: { $0.id == message.root }) else {
      throw BridgeError.notFollowed(message.root)
    }
    let known = try await sidechain.message(message.root, message.id)
    var outcome = try store.outcome(message.id, of: message.root)
    if outcome == nil, known.status != .unknown {
      outcome = MessageOutcome(state: "\(known.status)", at: clock.seconds)
    }
    var attestedAt = try store.attestedAt(message.block.number, of: message.root)
    if attestedAt == nil {
      let header = try await sidechain.attested(message.root, message.block.number)
      if header?.hash == message.block.hash { attestedAt = clock.seconds }
    }
    var status = describe(message.data, message.transaction, message.root, message.id)
    if try await sidechain.isSuperseded(message, known, store) {
      status.stages = [
        BridgeStage("seen", message.blockTime), BridgeStage("finalised", message.finalizedAt),
        BridgeStage("attested", nil), BridgeStage("proven", nil), BridgeStage("credited", nil),
      ]
      status.outcome = MessageOutcome.superseded
      status.note =
        "another message had its number, in a block that \(message.root) took back, and was "
        + "carried out: this one cannot be; see btt bridge doctor"
      return status
    }
    status.outcome = outcome?.state
    if message.proof == nil {
      status.stages = [
        BridgeStage("seen", message.blockTime), BridgeStage("finalised", message.finalizedAt),
        BridgeStage("attested", attestedAt), BridgeStage("proven", nil),
        BridgeStage("credited", nil),
      ]
      status.outcome = MessageOutcome.unprovable
      status.note =
        "its receipt is so large that no transaction can carry its proof: it is for the validators "
        + "to make good"
      return status
    }
    status.stages = [
      BridgeStage("seen", message.blockTime), BridgeStage("finalised", message.finalizedAt),
      BridgeStage("attested", attestedAt ?? (known.status == .unknown ? nil : 0)),
      BridgeStage("proven", outcome?.at),
      BridgeStage("credited", known.status == .applied ? outcome?.at : nil),
    ]
    switch known.status {
    case .applied: break
    case .refunded:
      status.note = "it went back to its depositor, as a withdrawal to \(message.root)"
    case .failed:
      status.note =
        (known.failure.map { "\($0)" } ?? "it could not be carried out")
        + "; it can be retried until \(known.retryUntil) and is then refunded"
    case .unknown:
      if try await sidechain.isPaused(message.root) {
        status.note = "validators have paused \(message.root); see btt bridge doctor"
      } else {
        status.estimate = UInt64(3 * configuration.pollInterval.components.seconds + 2)
      }
    }
    return status
  }

  /// A transaction that the follower has not read yet, as the root chain shows it now.
  private func unread(
    _ transaction: Hash256, _ worker: RootWorker
  ) async throws -> [TransferStatus] {
    let seen = try await worker.callersChain.transaction(transaction)
    guard let seen else { return [] }
    return seen.messages.map { message in
      var status = describe(message.data, transaction, worker.id, message.id)
      status.stages = [
        BridgeStage("seen", seen.time), BridgeStage("finalised", nil),
        BridgeStage("attested", nil), BridgeStage("proven", nil), BridgeStage("credited", nil),
      ]
      let wait = finalityDelay(of: worker.id)
      let age = clock.seconds > seen.time ? clock.seconds - seen.time : 0
      status.estimate =
        (wait > age ? wait - age : 0)
        + UInt64(4 * configuration.pollInterval.components.seconds)
      return status
    }
  }

  /// How long blocks take to be final, from the newest messages; a guess where there is none.
  private func finalityDelay(of root: RootID) -> UInt64 {
    let next = (try? store.state(of: root))??.nextID ?? 1
    let recent = (try? store.messages(from: next > 16 ? next - 16 : 1, of: root, limit: 16)) ?? []
    let delays = recent.map { $0.finalizedAt > $0.blockTime ? $0.finalizedAt - $0.blockTime : 0 }
    guard !delays.isEmpty else { return 900 }
    return delays.sorted()[delays.count / 2]
  }

  private func describe(
    _ data: [UInt8], _ transaction: Hash256, _ root: RootID, _ id: UInt64
  ) -> TransferStatus {
    var status = TransferStatus(
      direction: .deposit, root: root, number: id, transaction: transaction, stages: [])
    switch try? StateMessage(decoding: data) {
    case .deposit(let deposit):
      status.rootToken = deposit.rootToken
      status.receiver = deposit.user
      status.amount = deposit.amount
    case .mapToken(let mapping):
      status.direction = .mapping
      status.rootToken = mapping.rootToken
    case nil: break
    }
    return status
  }

  // MARK: - Withdrawals

  /// The withdrawals that a transaction of the sidechain made.
  private func withdrawals(
    of transaction: Hash256
  ) async throws -> [(RootWorker, Withdrawal)] {
    let reply = try await sidechain.port.receipt(transaction)
    var found: [(RootWorker, Withdrawal)] = []
    for log in reply?.logs ?? [] {
      guard log.topics.first == WithdrawalModule.withdrawalAdded.topic, log.topics.count > 2,
        let root = UInt64(exactly: UInt256(log.topics[1])).flatMap(RootID.init(rawValue:)),
        let index = UInt64(exactly: UInt256(log.topics[2]))
      else { continue }
      guard let worker = workers.first(where: { $0.id == root }) else {
        throw BridgeError.notFollowed(root)
      }
      if let withdrawal = try await sidechain.withdrawals(root, from: index, count: 1).first {
        found.append((worker, withdrawal))
      }
    }
    return found
  }

  private func status(
    of withdrawal: Withdrawal, _ worker: RootWorker, _ transaction: Hash256
  ) async throws -> TransferStatus {
    let burned = try await sidechain.block(withdrawal.height)?.time ?? 0
    let last = try await sidechain.lastCheckpoint(worker.id)
    var signed: UInt64?
    if let last, last.statement.outboxCount > withdrawal.index {
      signed = try await sidechain.block(last.statement.endHeight)?.time ?? 0
    }
    let accepted = try await checkpoint(covering: withdrawal.index, worker)
    var spent = false
    if accepted != nil {
      var values = Values(
        try await worker.callersPort.call(
          worker.root.manager, RootContracts.isSpent, [.uint(UInt256(withdrawal.index))]))
      spent = try values.bool()
    }
    let claimedAt =
      spent ? (try? await worker.callersChain.claimTime(of: withdrawal.index, worker.root)) : nil
    var status = TransferStatus(
      direction: .withdrawal, root: worker.id, number: withdrawal.index, transaction: transaction,
      rootToken: withdrawal.rootToken, receiver: withdrawal.receiver, amount: withdrawal.amount,
      stages: [
        BridgeStage("burned", burned),
        BridgeStage("checkpointed", accepted == nil ? signed : signed ?? 0),
        BridgeStage("submitted", accepted?.acceptedAt),
        BridgeStage("claimable", accepted?.acceptedAt),
        BridgeStage("claimed", spent ? (claimedAt ?? nil) ?? 0 : nil),
      ])
    if accepted != nil, !spent {
      status.note = "anybody can claim it now: btt bridge claim \(transaction)"
    } else if accepted == nil {
      status.estimate =
        configuration.checkpointInterval + UInt64(4 * configuration.pollInterval.components.seconds)
    }
    return status
  }

  /// The first accepted checkpoint that covers a withdrawal.
  private func checkpoint(
    covering index: UInt64, _ worker: RootWorker
  ) async throws -> AcceptedCheckpoint? {
    let contract = worker.root.checkpoints
    var counted = Values(
      try await worker.callersPort.call(contract, RootContracts.checkpointCount))
    // One endpoint's word; each has more leaves than the one before, so there are never so many.
    var (low, high): (UInt64, UInt64) = (1, min(try counted.uint64(), 1 << 32))
    guard high > 0 else { return nil }
    var found: AcceptedCheckpoint?
    while low <= high {
      let middle = low + (high - low) / 2
      let checkpoint = try await AcceptedCheckpoint.read(middle, contract, worker.callersPort)
      if checkpoint.outboxCount > index {
        found = checkpoint
        high = middle - 1
      } else {
        low = middle + 1
      }
    }
    return found
  }

  // MARK: - Proofs

  /// The proofs of the messages that a root chain's transaction sent.
  public func proofs(of transaction: Hash256) throws -> [DepositProof] {
    let messages = try store.messages(of: transaction)
    guard !messages.isEmpty else { throw BridgeError.unknownTransaction(transaction) }
    return try messages.map { message in
      guard let proof = message.proof else {
        throw BridgeError.unprovable(message.root, message.id)
      }
      return proof
    }
  }

  /// What claims the withdrawals of a sidechain's transaction on their root chains.
  public func claims(of transaction: Hash256) async throws -> [BridgeClaim] {
    let withdrawals = try await withdrawals(of: transaction)
    guard !withdrawals.isEmpty else { throw BridgeError.unknownTransaction(transaction) }
    // Only what asks the root chains' endpoints has to wait its turn.
    guard callerLooks.take() else { throw BridgeError.busy }
    var claims: [BridgeClaim] = []
    for (worker, withdrawal) in withdrawals {
      guard let checkpoint = try await checkpoint(covering: withdrawal.index, worker) else {
        claims.append(
          BridgeClaim(
            root: worker.id, chainID: worker.root.chainID, manager: worker.root.manager,
            withdrawal: withdrawal, checkpoint: nil, proof: []))
        continue
      }
      claims.append(
        BridgeClaim(
          root: worker.id, chainID: worker.root.chainID, manager: worker.root.manager,
          withdrawal: withdrawal, checkpoint: checkpoint.id,
          proof: try await worker.outbox.proof(of: withdrawal, under: checkpoint)))
    }
    return claims
  }
}
