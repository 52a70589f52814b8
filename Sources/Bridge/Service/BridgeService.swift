internal import ChainTypes
internal import JSON
public import KeyValueStore
public import Keys
public import Logging
internal import Primitives

/// The bridge of a node: it follows root chains, attests, proves, checkpoints, and tells of it.
///
///     let bridge = try await BridgeService.open(store: …, sidechain: …, configuration: …, …)
///     async let running: Void = bridge.run()
///     let status = try await bridge.status(of: transaction)
public final class BridgeService: Sendable {
  let store: BridgeStore
  let sidechain: Sidechain
  let workers: [RootWorker]
  let alarms: BridgeAlarms
  let configuration: BridgeConfiguration
  let clock: any BridgeClock
  let callerLooks: CallerLooks
  private let logger: Logger
  private let updates: BridgeUpdates
  /// Sends the validator's votes and signatures.
  private let validator: TransactionSender?
  /// Sends proofs; the validator's sender where one account does both.
  private let relayer: TransactionSender?

  /// How often failed deposits are looked at, in rounds.
  private static let roundsPerFailureLook = 16
  /// On the sidechain the base fee is what genesis makes it, and twice that is the bound.
  private static let sideFees: BridgeFees = {
    var fees = BridgeFees()
    fees.maximum = UInt256.one << 128
    fees.maximumTip = fees.maximum
    return fees
  }()
  /// An account that cannot pay for so much gas on the sidechain makes an alarm: a few proofs.
  private static let sideLowGas: UInt64 = 1_000_000

  private init(
    store: BridgeStore, sidechain: Sidechain, workers: [RootWorker], alarms: BridgeAlarms,
    configuration: BridgeConfiguration, clock: any BridgeClock, logger: Logger,
    updates: BridgeUpdates, validator: TransactionSender?, relayer: TransactionSender?
  ) {
    self.store = store
    self.sidechain = sidechain
    self.workers = workers
    self.alarms = alarms
    self.configuration = configuration
    self.clock = clock
    callerLooks = CallerLooks(clock: clock, freshness: configuration.pollInterval)
    self.logger = logger
    self.updates = updates
    self.validator = validator
    self.relayer = relayer
  }

  /// Opens the bridge of a chain over its tables.
  ///
  /// - Parameters:
  ///   - store: the bridge's own tables, which nobody else writes to.
  ///   - sidechain: the node's own JSON-RPC.
  ///   - validator: the key that attests and signs checkpoints; nil for none.
  ///   - relayer: the key that pays for proofs and checkpoints; nil where the validator's does.
  ///   - configuration: the root chains.
  ///   - clock: the time.
  ///   - logger: where it tells of itself.
  /// - Returns: a bridge that does nothing until `run`.
  /// - Throws: `BridgeError`, and what the store throws.
  public static func open(
    store: any KeyValueStore, sidechain: any BridgeEndpoint, validator: PrivateKey?,
    relayer: PrivateKey?, configuration: BridgeConfiguration, clock: any BridgeClock,
    logger: Logger
  ) async throws -> BridgeService {
    let tables = BridgeStore(store)
    let updates = BridgeUpdates()
    let alarms = BridgeAlarms(clock: clock, logger: logger) { alarm, begins in
      updates.tell(BridgeUpdate(name: begins ? "alarm" : "alarm-over", json: alarm.json))
    }
    let port = ChainPort(
      name: "sidechain", endpoints: EndpointGroup([sidechain], quorum: 1, clock: clock),
      finality: nil)
    let sidechain = Sidechain(port: port)
    func sender(
      _ key: PrivateKey, _ port: ChainPort, chainID: UInt64?, _ fees: BridgeFees,
      lowGas: UInt64 = 0
    ) throws -> TransactionSender {
      try TransactionSender(
        key: key, chainID: chainID, port: port, store: tables, fees: fees,
        lowBalance: configuration.lowBalance, lowGas: lowGas, alarms: alarms, clock: clock,
        logger: logger)
    }
    func sideSender(_ key: PrivateKey) throws -> TransactionSender {
      try sender(key, port, chainID: nil, Self.sideFees, lowGas: Self.sideLowGas)
    }
    let payer = relayer ?? validator
    let validating = try validator.map(sideSender)
    let relaying =
      payer?.address == validator?.address
      ? validating : try payer.map(sideSender)

    let known = configuration.roots.isEmpty ? [] : try await sidechain.roots()
    for id in configuration.roots.keys where !known.contains(where: { $0.id == id }) {
      throw BridgeError.unknownRoot(id)
    }
    var workers: [RootWorker] = []
    for root in known {
      guard let settings = configuration.roots[root.id] else { continue }
      func access() -> (chain: EthereumRootChain, port: ChainPort) {
        let group = EndpointGroup(
          settings.endpoints,
          quorum: settings.quorum ?? EndpointGroup.majority(of: settings.endpoints.count),
          clock: clock)
        let chain = EthereumRootChain(
          id: root.id, endpoints: group, stateSender: root.stateSender,
          finality: settings.finality, clock: clock)
        return (
          chain, ChainPort(name: root.id.name, endpoints: group, finality: settings.finality)
        )
      }
      let ((chain, port), callers) = (access(), access())
      workers.append(
        RootWorker(
          root: root, chain: chain, callersChain: callers.chain, callersPort: callers.port,
          follower: RootFollower(
            chain: chain, chainID: root.chainID, store: tables, stateSender: root.stateSender,
            start: settings.start, alarms: alarms, clock: clock),
          relay: RootRelay(
            root: root, sidechain: sidechain, chain: chain, store: tables,
            validator: validator, checkpointInterval: configuration.checkpointInterval,
            alarms: alarms, clock: clock),
          outbox: OutboxMirror(root: root.id, sidechain: sidechain),
          sender: try payer.map {
            try sender($0, port, chainID: root.chainID, configuration.fees)
          }))
    }
    return BridgeService(
      store: tables, sidechain: sidechain, workers: workers.sorted { $0.id < $1.id },
      alarms: alarms, configuration: configuration, clock: clock, logger: logger,
      updates: updates, validator: validating, relayer: relaying)
  }

  /// What happens from now on.
  public func listen() -> AsyncStream<BridgeUpdate> { updates.stream() }

  // MARK: - Running

  /// Works until the task is cancelled.
  public func run() async {
    await withTaskGroup { group in
      for worker in workers {
        group.addTask { await self.follow(worker) }
        group.addTask { await self.bringCheckpoints(worker) }
      }
      group.addTask { await self.serveSidechain() }
      await group.waitForAll()
    }
    updates.finish()
  }

  private func follow(_ worker: RootWorker) async {
    while !Task.isCancelled {
      let isCaughtUp = await attempt(worker.id.name) {
        let progress = try await worker.follower.step()
        self.noteComplaints(worker)
        switch progress {
        case .upToDate, .lookingAgain: return true
        case .narrowed: return false
        case .read(let height, let messages):
          if messages > 0 {
            self.logger.info(
              "read messages of a root chain",
              metadata: [
                "root": "\(worker.id)", "messages": "\(messages)", "block": "\(height)",
              ])
            self.tellFinalized(worker, messages)
          }
          return false
        case .rewound: return false
        }
      }
      if isCaughtUp ?? true { await clock.sleep(for: configuration.pollInterval) }
    }
  }

  private func serveSidechain() async {
    var round = 0
    // Where to look next among those that wait, beside the oldest of them.
    var starts: [RootID: UInt64] = [:]
    while !Task.isCancelled {
      await relayOnce(failures: round % Self.roundsPerFailureLook == 0, &starts)
      round += 1
      await clock.sleep(for: configuration.pollInterval)
    }
  }

  /// One look at what the sidechain needs.
  private func relayOnce(failures: Bool, _ starts: inout [RootID: UInt64]) async {
    var votes: [OutgoingTask] = []
    var lanes: [[OutgoingTask]] = []
    for worker in workers {
      var proofs: [OutgoingTask] = []
      await attempt("\(worker.id) relay") {
        let (ids, next) = try self.store.turn(
          of: worker.id, from: starts[worker.id] ?? 0, limit: RootRelay.maximumMessages)
        starts[worker.id] = next
        let deposits = try await worker.relay.deposits(ids)
        votes += deposits.votes
        proofs += deposits.proofs
        try self.tellOutcomes(ids, worker.id)
      }
      // Each by itself: deposits that cannot be looked at hold up no withdrawals.
      if failures {
        await attempt("\(worker.id) failures") { proofs += try await worker.relay.failures() }
      }
      if validator != nil {
        await attempt("\(worker.id) signatures") { votes += try await worker.relay.signatures() }
      }
      lanes.append(proofs)
    }
    let proofs = Self.inTurns(lanes)
    await attempt("sidechain") { [votes] in
      if self.validator === self.relayer {
        try await self.validator?.step(votes + proofs)
      } else {
        try await self.validator?.step(votes)
        try await self.relayer?.step(proofs)
      }
    }
  }

  /// One of each lane in turn, so that no root chain's tasks keep those of another waiting.
  package static func inTurns(_ lanes: [[OutgoingTask]]) -> [OutgoingTask] {
    (0..<(lanes.map(\.count).max() ?? 0)).flatMap { place in
      lanes.compactMap { $0.indices.contains(place) ? $0[place] : nil }
    }
  }

  private func bringCheckpoints(_ worker: RootWorker) async {
    while !Task.isCancelled {
      await attempt("\(worker.id) checkpoints") {
        guard let final = await worker.follower.final else { return }
        let tasks = try await worker.relay.checkpoints(
          final: final.number, patience: self.configuration.checkpointPatience)
        try await worker.sender?.step(tasks)
      }
      await clock.sleep(for: configuration.pollInterval)
    }
  }

  /// Runs a step; what fails makes an alarm until it succeeds.
  @discardableResult
  private func attempt<Value: Sendable>(
    _ subject: String, _ body: () async throws -> Value
  ) async -> Value? {
    do {
      let value = try await body()
      for kind in [BridgeAlarm.Kind.unreachable, .disagreement, .unproven, .storage] {
        alarms.clear(kind, subject)
      }
      return value
    } catch let error as RootChainError {
      guard !Task.isCancelled else { return nil }
      switch error {
      case .unreachable, .tooMuchAtOnce, .notThere, .refused:
        alarms.raise(.unreachable, subject, error.description)
      case .disagreement: alarms.raise(.disagreement, subject, error.description)
      case .unproven: alarms.raise(.unproven, subject, error.description)
      }
    } catch {
      guard !Task.isCancelled else { return nil }
      alarms.raise(.storage, subject, "\(error)")
    }
    return nil
  }

  private func noteComplaints(_ worker: RootWorker) {
    for complaint in worker.chain.complaints {
      let subject = "\(worker.id) \(complaint.endpoint)"
      if clock.now() - complaint.at < .seconds(600) {
        alarms.raise(
          .disagreement, subject,
          "\(complaint.endpoint) says something else than the other endpoints of \(worker.id) on "
            + "\(complaint.subject): find out why, or remove it")
      } else {
        alarms.clear(.disagreement, subject)
      }
    }
  }

  private func tellFinalized(_ worker: RootWorker, _ count: Int) {
    updates.tell(
      BridgeUpdate(
        name: "finalised", json: ["root": .string(worker.id.name), "messages": JSONValue(count)]))
  }

  private func tellOutcomes(_ before: [UInt64], _ root: RootID) throws {
    for id in before {
      guard let outcome = try store.outcome(id, of: root),
        let message = try store.message(id, of: root)
      else { continue }
      updates.tell(
        BridgeUpdate(
          name: outcome.state == "applied" ? "credited" : outcome.state,
          json: [
            "root": .string(root.name), "id": JSONValue(id),
            "transaction": .string(message.transaction.hex),
          ]))
    }
  }
}
