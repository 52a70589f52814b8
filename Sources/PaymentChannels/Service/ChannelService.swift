public import ChainTypes
public import KeyValueStore
internal import Keys
public import Logging
public import Primitives

/// Channels of one key: opens and pays them, is paid through them, cashes and closes them.
///
/// Payments work as soon as the service is open. What the ledger does is followed, answered and
/// waited for only while `run()` runs, which also cashes by policy and answers close requests.
public actor ChannelService {
  /// The account that owns the books.
  public nonisolated let account: Address
  /// Where the channels are.
  public nonisolated let domain: ChannelDomain

  var engine: ChannelEngine
  let client: any LedgerClient
  let clock: any ChannelClock
  let logger: Logger
  let configuration: ChannelConfiguration
  private let writer: CommitWriter
  private let lease: KeyLease?

  /// Who waits for a batch to be on disk, the oldest first.
  var commitWaiters: [CommitWaiter] = []
  /// Whether one of them was told to write the next batch, and is on his way.
  var isWriterElected = false
  let inbox = VoucherInbox()
  /// Who waits for the verification of a voucher that is in line.
  var voucherWaiters: [VoucherIntake.Slot: [VoucherInbox.Entry]] = [:]
  private var outcomeWaiters: [OutcomeWaiter] = []
  private var nextWaiter: UInt64 = 0
  /// The newest transactions that ended: a block may come before anybody waits for it.
  private var ended: [Outcome] = []
  private static let maximumEnded = 256
  private let subscribers = UpdateFanout()
  var isMaintaining = false

  private init(
    engine: ChannelEngine, store: any KeyValueStore, client: any LedgerClient, lease: KeyLease?,
    clock: any ChannelClock, logger: Logger
  ) {
    self.engine = engine
    self.client = client
    self.clock = clock
    self.logger = logger
    self.lease = lease
    configuration = engine.configuration
    account = engine.account.address
    domain = engine.domain
    writer = CommitWriter(store)
  }

  /// Opens the books of a key in a store, or begins new ones that start at the ledger's head.
  ///
  /// With the key's lease, which keeps a second process out, a store that another one, or a newer
  /// copy of it, has followed is refused; `takeOver` goes on with it anyway, and stops signing on
  /// its channels until each is adopted. `voucherSigner` signs for channels that name it; the
  /// account signs for the others.
  public static func open(
    store: any KeyValueStore, ledger: any LedgerClient, account: any ChannelSigner,
    voucherSigner: (any ChannelSigner)? = nil, module: Address = ChannelModule.address,
    lease: KeyLease? = nil, takeOver: Bool = false,
    configuration: ChannelConfiguration = .init(),
    clock: any ChannelClock = SystemChannelClock(), logger: Logger
  ) async throws(ChannelError) -> ChannelService {
    guard configuration.isValid else {
      throw .invalid("a setting of the channels is out of its bounds; see ChannelConfiguration")
    }
    let chainID: UInt64
    let head: LedgerHead
    do throws(LedgerClientError) {
      chainID = try await ledger.chainID()
      head = try await ledger.head()
    } catch {
      throw .ledger(error)
    }
    var random = SystemRandomNumberGenerator()
    var engine = try ChannelEngine.load(
      store, domain: ChannelDomain(chainID: chainID, module: module), account: account,
      voucherSigner: voucherSigner ?? account, configuration: configuration, start: head.height,
      newStoreID: Hash256.random(using: &random), now: clock.now)
    do throws(ChannelError) {
      try lease?.check(storeID: engine.meta.storeID, epoch: engine.meta.epoch)
    } catch {
      guard takeOver else { throw error }
      engine.stopAll()
    }
    let service = ChannelService(
      engine: engine, store: store, client: ledger, lease: lease, clock: clock, logger: logger)
    // First the store's epoch, then the file's: after a crash between them the store is ahead,
    // which is what it should be.
    try await service.syncAll()
    try lease?.take(storeID: engine.meta.storeID, epoch: engine.meta.epoch)
    return service
  }

  /// Why the store takes no more writes, or nil while all is well; settling goes on without it.
  public var storeFailure: StoreError? { engine.commit.failure }

  /// What happens from now on; of what is not taken the newest 4,096 are kept.
  public nonisolated func updates() -> AsyncStream<ChannelUpdate> {
    subscribers.subscribe(.bufferingNewest(4_096))
  }

  /// What happens from now on but for payments, every bit of it, however late it is taken.
  ///
  /// All of that costs somebody a transaction, so nobody makes it much.
  package nonisolated func ledgerUpdates() -> AsyncStream<ChannelUpdate> {
    subscribers.subscribe(.unbounded) { if case .paid = $0 { false } else { true } }
  }

  /// Writes everything down exactly; to be called when nothing else is under way.
  ///
  /// With `settling`, what is worth its fee is cashed first, while `run()` still runs.
  public func shutdown(settling: Bool = false) async throws(ChannelError) {
    if settling { _ = try await settle() }
    engine.checkpoint()
    try await syncAll()
  }

  // MARK: - Durability

  /// Runs an operation of the engine until it is done, syncing what it waits for.
  func complete<Value>(
    _ operation: (inout ChannelEngine) throws(ChannelError) -> Step<Value>
  ) async throws(ChannelError) -> Value {
    while true {
      switch try operation(&engine) {
      case .done(let value):
        publish()
        return value
      case .wait(let generation): try await sync(through: generation)
      }
    }
  }

  /// Returns when a generation is on disk; whoever comes first writes for all who wait.
  func sync(through generation: UInt64) async throws(ChannelError) {
    while engine.synced < generation {
      try engine.checkStore()
      isWriterElected = false
      if let batch = engine.commit.begin() {
        let error = await writer.write(batch)
        engine.commit.finish(error)
        if let error {
          logger.error("channel books can't be written", metadata: ["cause": "\(error)"])
        }
        wakeCommitWaiters()
      } else if engine.commit.isWriting {
        await withCheckedContinuation {
          commitWaiters.append(CommitWaiter(generation: generation, who: .operation($0)))
        }
      } else {
        return
      }
    }
  }

  /// Wakes those whose generation is on disk, each once, and of the others one, who writes the
  /// next batch; all of them when the store failed.
  private func wakeCommitWaiters() {
    let isOver = engine.commit.failure != nil
    let waiters = commitWaiters
    commitWaiters = []
    for waiter in waiters {
      if !isOver, waiter.generation > engine.synced {
        commitWaiters.append(waiter)
      } else if case .operation(let continuation) = waiter.who {
        continuation.resume()
      } else if case .voucher(let entry) = waiter.who {
        answer(entry)
      }
    }
    inbox.tell()
    publish()
    electWriter()
  }

  /// Sees to it that what waits for the disk is written by one of those who wait.
  func electWriter() {
    guard !engine.commit.isWriting, !isWriterElected, !commitWaiters.isEmpty else { return }
    isWriterElected = true
    switch commitWaiters.removeFirst().who {
    case .operation(let continuation): continuation.resume()
    case .voucher(let entry): entry.continuation.resume(returning: .write)
    }
  }

  /// Returns when everything noted so far is on disk.
  func syncAll() async throws(ChannelError) {
    try await sync(through: engine.commit.newest)
    publish()
  }

  func publish() {
    for update in engine.takeUpdates() {
      subscribers.yield(update)
    }
    guard !engine.outcomes.isEmpty else { return }
    let outcomes = engine.outcomes
    engine.outcomes = []
    ended = Array((ended + outcomes).suffix(Self.maximumEnded))
    for outcome in outcomes {
      let waiters = outcomeWaiters.filter { $0.sequence == outcome.sequence }
      outcomeWaiters.removeAll { $0.sequence == outcome.sequence }
      for waiter in waiters { waiter.continuation.resume(returning: outcome) }
    }
  }

  /// Waits until a transaction of the outbox is final.
  func outcome(of sequence: UInt64) async throws(ChannelError) -> LedgerReceipt {
    publish()
    if let outcome = ended.last(where: { $0.sequence == sequence }) {
      return try Self.receipt(of: outcome)
    }
    if let entry = engine.outbox.unresolved.first(where: { $0.sequence == sequence }) {
      throw .outcomeUnknown(entry.transaction.hash)
    }
    guard let hash = engine.outbox[sequence]?.hashes.last else {
      throw .invalid("transaction \(sequence) of the outbox is done already")
    }
    nextWaiter += 1
    let number = nextWaiter
    let outcome: Outcome? = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled {
          continuation.resume(returning: nil)
        } else {
          outcomeWaiters.append(
            OutcomeWaiter(number: number, sequence: sequence, continuation: continuation))
        }
      }
    } onCancel: {
      Task { await self.stopWaiting(number) }
    }
    guard let outcome else { throw .stillWaiting(hash) }
    return try Self.receipt(of: outcome)
  }

  private static func receipt(of outcome: Outcome) throws(ChannelError) -> LedgerReceipt {
    switch outcome.end {
    case .receipt(let receipt):
      guard receipt.succeeded else { throw .transactionFailed(outcome.hash) }
      return receipt
    case .unknown: throw .outcomeUnknown(outcome.hash)
    case .refused(let refusal): throw .ledger(refusal)
    }
  }

  private func stopWaiting(_ number: UInt64) {
    guard let index = outcomeWaiters.firstIndex(where: { $0.number == number }) else { return }
    outcomeWaiters.remove(at: index).continuation.resume(returning: nil)
  }

  // MARK: - Being paid

  /// Bills a delivery up to `total` in all, in value; it may leave when the call returns.
  ///
  /// Totals make it idempotent: what is billed already is granted again for nothing, as when a
  /// connection broke.
  public func charge(
    _ id: ChannelID, upTo total: UInt128
  ) async throws(ChannelError) -> PayeeCredit {
    try await complete { engine throws(ChannelError) in try engine.charge(id, upTo: total) }
  }

  /// Forgives what was billed above `total`.
  public func writeOff(_ id: ChannelID, to total: UInt128) async throws(ChannelError) {
    let generation = try engine.writeOff(id, to: total)
    try await sync(through: generation)
  }

  /// Sets the credit that a channel has beyond what is paid, in wei.
  public func setWindow(_ id: ChannelID, _ window: UInt128) throws(ChannelError) {
    try engine.setWindow(id, window)
  }

  /// How a payee stands with a payer.
  public func credit(_ id: ChannelID) throws(ChannelError) -> PayeeCredit {
    engine.credit(of: try engine.payee(id))
  }

  /// The newest voucher on disk, as for `need`, or for another node to watch with.
  public func newestVoucher(_ id: ChannelID) throws(ChannelError) -> SignedVoucher? {
    try engine.payee(id).voucher.synced(engine.synced)
  }

  // MARK: - Paying

  /// Signs a voucher over `total` wei in all; the last one again when it says as much already.
  public func pay(_ id: ChannelID, total: UInt128) async throws(ChannelError) -> SignedVoucher {
    try await complete { engine throws(ChannelError) in try engine.pay(id, total: total) }
  }

  /// Takes note of the newest voucher of ours that a payee holds, as on every connection.
  ///
  /// - Returns: whether it says more than was known; otherwise nobody looks at its signature.
  /// - Throws: `ChannelError.oldStore` when it proves that these books are an old copy: then
  ///   nothing more is signed on the channel until `adopt`.
  @discardableResult
  public func shown(_ voucher: SignedVoucher) async throws(ChannelError) -> Bool {
    let result: Result<Bool, ChannelError>
    do throws(ChannelError) {
      result = .success(try engine.shown(voucher))
    } catch {
      result = .failure(error)
    }
    try await syncAll()
    return try result.get()
  }

  /// Goes on signing on a channel that was stopped, from `amount` or from what was shown.
  public func adopt(_ id: ChannelID, upTo amount: UInt128 = 0) async throws(ChannelError) {
    let generation = try engine.adopt(id, upTo: amount)
    try await sync(through: generation)
  }
}

/// Somebody who waits for a batch to be on disk.
struct CommitWaiter {
  enum Who {
    case operation(CheckedContinuation<Void, Never>)
    case voucher(VoucherInbox.Entry)
  }

  var generation: UInt64
  var who: Who
}

/// Who waits for the end of a transaction.
private struct OutcomeWaiter {
  var number: UInt64
  var sequence: UInt64
  var continuation: CheckedContinuation<Outcome?, Never>
}

extension Hash256 {
  fileprivate static func random(using random: inout some RandomNumberGenerator) -> Hash256 {
    let words = (random.next(), random.next(), random.next(), random.next())
    return Hash256(Swift.withUnsafeBytes(of: words) { Array($0) }) ?? .zero
  }
}
