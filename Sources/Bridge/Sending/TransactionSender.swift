internal import ChainTypes
internal import KeyValueStore
package import Keys
package import Logging
package import Primitives

/// Sends one account's transactions to one chain until each is final, over restarts and rising
/// fees.
///
/// Rules: bytes are on disk before they are sent; after a restart the same bytes go again; a higher
/// fee means new bytes for the same nonce, on disk first. A transaction is done with once the chain
/// has finally passed its nonce. Whether it did what it was for is not asked here: whoever wanted
/// it looks at the chain and may want it again, which all that the bridge sends allows for.
package actor TransactionSender {
  /// What is known of a task that was wanted and not sent, or that failed.
  private struct Failure {
    var count = 0
    /// How many of its transactions the chain took and undid.
    var reverts = 0
    var notBefore = Duration.zero
    var message = ""
  }

  /// The most transactions on their way at once.
  package static let maximumInFlight = 32
  /// How many of those are kept for what is urgent.
  package static let urgentRoom = 8
  /// How often bytes are sent again that are in no block.
  private static let resendInterval = Duration.seconds(15)
  /// After how many failures there is an alarm.
  private static let failuresForAlarm = 3
  /// What a transaction can take; an endpoint that says something else is not believed.
  private static let plausibleGas: ClosedRange<UInt64> = 21_000...1 << 32
  /// The most gas that one transaction may have on Ethereum (EIP-7825).
  private static let mostGas: UInt64 = 1 << 24

  private let key: PrivateKey
  private let knownChainID: UInt64?
  private let port: ChainPort
  private let store: BridgeStore
  private let fees: BridgeFees
  private let lowBalance: UInt256
  private let lowGas: UInt64
  private let alarms: BridgeAlarms
  private let clock: any BridgeClock
  private let logger: Logger
  private let prefix: [UInt8]

  private var flying: [UInt64: OutgoingTransaction] = [:]
  private var sentAt: [UInt64: Duration] = [:]
  private var failures: [String: Failure] = [:]
  private var chainID: UInt64?
  /// What the account's nonce was at which newest block, where nobody tells what is final.
  private var passed: [(block: UInt64, nonce: UInt64)] = []
  /// Since when the account's next nonce is none of ours.
  private var strandedSince: Duration?
  /// What the account has, once it was seen.
  package private(set) var balance: UInt256?

  /// The sender of an account on a chain, with what was on its way.
  ///
  /// Without a `chainID` the chain's own word is taken: that is for a node's own chain only. There
  /// is an alarm below `lowBalance`, and below what `lowGas` costs.
  package init(
    key: PrivateKey, chainID: UInt64?, port: ChainPort, store: BridgeStore, fees: BridgeFees,
    lowBalance: UInt256, lowGas: UInt64 = 0, alarms: BridgeAlarms, clock: any BridgeClock,
    logger: Logger
  ) throws {
    self.key = key
    knownChainID = chainID
    self.port = port
    self.store = store
    self.fees = fees
    self.lowBalance = lowBalance
    self.lowGas = lowGas
    self.alarms = alarms
    self.clock = clock
    self.logger = logger
    // Names have no separator in them, so that no prefix begins another.
    prefix = Array(port.name.utf8) + [0] + key.address.bytes
    var flying: [UInt64: OutgoingTransaction] = [:]
    var damaged = WriteBatch()
    var damagedCount = 0
    try store.forEach(in: BridgeStore.outgoing.range(prefix)) { key, row in
      guard let nonce = BridgeStore.number(key) else { throw RowError() }
      if let outgoing = try? OutgoingTransaction(row: row) {
        flying[nonce] = outgoing
      } else {
        damaged.delete(key)
        damagedCount += 1
      }
      return true
    }
    // What it was for is found missing and wanted again; it must not keep the node from starting.
    if damagedCount > 0 {
      try store.store.write(damaged, sync: true)
      alarms.raise(
        .storage, "\(port.name) \(key.address)",
        "\(damagedCount) transactions of \(key.address) on \(port.name) could not be read and are "
          + "given up: what they were for is sent anew; check the disk")
    }
    self.flying = flying
  }

  package nonisolated var address: Address { key.address }

  /// The names of the tasks that are on their way.
  package var names: Set<String> { Set(flying.values.map(\.name)) }

  private var subject: String { "\(port.name) \(key.address)" }

  /// Ends what is final, hurries what is stuck, and sends what is wanted and not on its way.
  package func step(_ wanted: [OutgoingTask]) async throws {
    let account = try await port.account(key.address)
    try await note(account)
    try await retire(account)
    try dropStranded(account)
    try await hurry(account)
    try await begin(wanted, account)
  }

  private func note(_ account: ChainPort.Account) async throws {
    balance = account.balance
    var low = lowBalance
    if lowGas > 0 {
      let current = try await port.fees()
      let price = fees.first(baseFee: current.baseFee, tip: current.priorityFee).max
      low = max(low, price.multiplying(by: UInt256(lowGas)) ?? low)
    }
    if account.balance < low {
      alarms.raise(
        .balance, subject,
        "the relayer's account \(key.address) on \(port.name) has \(Amount(wei: account.balance)) "
          + "of its coin, less than \(Amount(wei: low)): send it some")
    } else {
      alarms.clear(.balance, subject)
    }
  }

  // MARK: - What is on its way

  /// The first nonce that is not final; where no endpoint keeps so old a state, what was seen of
  /// the newest blocks then.
  private func firstOpenNonce(_ account: ChainPort.Account) -> UInt64 {
    if let final = account.finalNonce { return final }
    guard let newest = account.newest, case .depth(let depth) = port.finality else { return 0 }
    if passed.last?.nonce != account.nonce { passed.append((newest, account.nonce)) }
    let final = passed.lastIndex { newest >= $0.block && newest - $0.block >= depth }
    guard let final else { return 0 }
    passed.removeFirst(final)
    return min(passed[0].nonce, account.nonce)
  }

  private func retire(_ account: ChainPort.Account) async throws {
    let open = firstOpenNonce(account)
    for (nonce, transaction) in flying.sorted(by: { $0.key < $1.key }) where nonce < open {
      let succeeded = try await port.outcome(of: transaction.hashes)
      if succeeded == false {
        failed(transaction.name, "transaction \(transaction.signed.hash) reverted")
        failures[transaction.name]?.reverts += 1
      } else if succeeded == true {
        forgetFailure(transaction.name)
      }
      try remove([nonce])
    }
  }

  /// Nonces above the next one can never be used up; what has them is given up and wanted anew.
  private func dropStranded(_ account: ChainPort.Account) throws {
    guard let lowest = flying.keys.min(), lowest > account.nonce else {
      strandedSince = nil
      return
    }
    let now = clock.now()
    guard let since = strandedSince else {
      strandedSince = now
      return
    }
    guard now - since >= fees.patience else { return }
    logger.notice(
      "transactions are signed anew: their nonces cannot be reached",
      metadata: ["chain": "\(port.name)", "nonce": "\(account.nonce)", "lowest": "\(lowest)"])
    strandedSince = nil
    try remove(Array(flying.keys))
  }

  private func hurry(_ account: ChainPort.Account) async throws {
    let now = clock.now()
    for (nonce, transaction) in flying.sorted(by: { $0.key < $1.key })
    where nonce >= account.nonce {
      var transaction = transaction
      if nonce == account.nonce, transaction.hashes.count < OutgoingTransaction.maximumHashes,
        now - .seconds(Int64(transaction.signedAt)) >= fees.patience
      {
        try await raiseFee(&transaction, account)
      }
      if let last = sentAt[nonce], now - last < Self.resendInterval, now >= last { continue }
      try await send(transaction)
    }
  }

  private func raiseFee(
    _ outgoing: inout OutgoingTransaction, _ account: ChainPort.Account
  ) async throws {
    let current = try await port.fees()
    var transaction = outgoing.signed.transaction
    guard
      let raised = fees.replacing(
        max: transaction.maxFeePerGas, tip: transaction.maxPriorityFeePerGas,
        baseFee: current.baseFee, tip: current.priorityFee)
    else {
      failed(
        outgoing.name,
        "gas costs more than the most that is allowed, \(Amount(wei: fees.maximum).formatted(.gwei))",
        alarmAtOnce: true)
      return
    }
    (transaction.maxFeePerGas, transaction.maxPriorityFeePerGas) = (raised.max, raised.tip)
    outgoing.replace(try SignedTransaction(signing: transaction, with: key), at: clock.seconds)
    try save(outgoing)
    sentAt[outgoing.nonce] = nil
  }

  private func send(_ outgoing: OutgoingTransaction) async throws(RootChainError) {
    do throws(RootChainError) {
      try await port.send(outgoing.signed)
      sentAt[outgoing.nonce] = clock.now()
    } catch {
      guard case .refused(let cause) = error else { throw error }
      // It stays: most refusals pass, and the nonce must not be left open.
      sentAt[outgoing.nonce] = clock.now()
      failed(outgoing.name, "\(port.name) refuses the transaction: \(cause.message)")
    }
  }

  // MARK: - What is wanted

  private func begin(_ wanted: [OutgoingTask], _ account: ChainPort.Account) async throws {
    let names = names
    let now = clock.now()
    let new = wanted.filter { task in
      !names.contains(task.name) && (failures[task.name]?.notBefore ?? .zero) <= now
    }
    // What nobody wants any more is no failure any more.
    let wantedNames = Set(wanted.map(\.name)).union(names)
    for name in failures.keys where !wantedNames.contains(name) { forgetFailure(name) }
    guard !new.isEmpty, flying.count < Self.maximumInFlight else { return }
    let chainID: UInt64
    if let known = knownChainID ?? self.chainID {
      chainID = known
    } else {
      chainID = try await port.chainID()
      self.chainID = chainID
    }
    let current = try await port.fees()
    let price = fees.first(baseFee: current.baseFee, tip: current.priorityFee)
    var nonce = max(account.nonce, (flying.keys.max().map { $0 + 1 }) ?? 0)
    for task in new where hasRoom(for: task) {
      guard let gas = try await gas(for: task) else { continue }
      guard canPay(gas, price.max, account) else {
        failed(
          task.name,
          "it may cost \(Amount(wei: price.max &* UInt256(gas))), and \(key.address) has "
            + "\(Amount(wei: account.balance)) for it and what is on its way: send it some",
          alarmAtOnce: true)
        continue
      }
      let transaction = Transaction(
        chainID: chainID, nonce: nonce, maxPriorityFeePerGas: price.tip, maxFeePerGas: price.max,
        gasLimit: gas, to: task.to, value: .zero, data: task.data)
      let signed = try SignedTransaction(signing: transaction, with: key)
      // What no chain can take must not hold a nonce: size, nonce, intrinsic gas, cost.
      do throws(TransactionError) { _ = try SignedTransaction(decoding: signed.encoded) } catch {
        failed(task.name, "it cannot be sent: \(error)", alarmAtOnce: true)
        continue
      }
      let outgoing = OutgoingTransaction(name: task.name, signed: signed, at: clock.seconds)
      try save(outgoing)
      nonce += 1
      try await send(outgoing)
    }
  }

  private func hasRoom(for task: OutgoingTask) -> Bool {
    flying.count < Self.maximumInFlight - (task.isUrgent ? 0 : Self.urgentRoom)
  }

  /// Whether the account has enough for so much gas beside what is on its way: what cannot be paid
  /// for would hold its nonce, and with it all that comes after.
  private func canPay(_ gas: UInt64, _ price: UInt256, _ account: ChainPort.Account) -> Bool {
    var total = price.multiplying(by: UInt256(gas))
    for outgoing in flying.values where outgoing.nonce >= account.nonce {
      let transaction = outgoing.signed.transaction
      let cost = transaction.maxFeePerGas.multiplying(by: UInt256(transaction.gasLimit))
      total = total.flatMap { total in cost.flatMap(total.adding) }
    }
    return total.map { $0 <= account.balance } ?? false
  }

  /// The gas that a task takes; nil when it would fail.
  private func gas(for task: OutgoingTask) async throws(RootChainError) -> UInt64? {
    if let gas = task.gas { return gas }
    do throws(RootChainError) {
      let gas = try await port.estimateGas(from: key.address, task)
      guard Self.plausibleGas.contains(gas) else {
        failed(task.name, "the estimate of \(gas) gas cannot be right")
        return nil
      }
      // Where endpoints name too little, all of it is lost: each try that failed has twice as much.
      let margin = gas + gas / 4
      return min(margin << min(failures[task.name]?.reverts ?? 0, 6), max(margin, Self.mostGas))
    } catch {
      guard case .refused(let cause) = error else { throw error }
      failed(task.name, "it would fail: \(cause.message)")
      return nil
    }
  }

  // MARK: - Failures

  private func failed(_ name: String, _ message: String, alarmAtOnce: Bool = false) {
    var failure = failures[name] ?? Failure()
    failure.count += 1
    failure.message = message
    failure.notBefore = clock.now() + min(.seconds(300), .seconds(1 << min(failure.count, 9)))
    failures[name] = failure
    logger.info(
      "a bridge transaction failed",
      metadata: ["task": "\(name)", "chain": "\(port.name)", "cause": "\(message)"])
    if alarmAtOnce || failure.count >= Self.failuresForAlarm {
      alarms.raise(
        .failing, name, "\(name) has failed \(failure.count) times: \(message)")
    }
  }

  private func forgetFailure(_ name: String) {
    guard failures.removeValue(forKey: name) != nil else { return }
    alarms.clear(.failing, name)
  }

  // MARK: - On disk

  private func save(_ outgoing: OutgoingTransaction) throws {
    var batch = WriteBatch()
    batch.put(BridgeStore.outgoing.key(prefix, outgoing.nonce), outgoing.row)
    try store.store.write(batch, sync: true)
    flying[outgoing.nonce] = outgoing
  }

  private func remove(_ nonces: [UInt64]) throws {
    var batch = WriteBatch()
    for nonce in nonces { batch.delete(BridgeStore.outgoing.key(prefix, nonce)) }
    try store.store.write(batch, sync: false)
    for nonce in nonces {
      flying[nonce] = nil
      sentAt[nonce] = nil
    }
  }
}
