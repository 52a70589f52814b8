internal import ChainTypes
internal import KeyValueStore
internal import Keys
internal import PaymentChannels
internal import Primitives

/// One party's program: the engine, its disk, and as much of an application as pays or is paid.
struct Agent {
  let party: Simulation.Party
  var engine: ChannelEngine
  var store: SimulatedStore
  var isAlive = true
  /// Whether the disk failed: only settling goes on until the restart.
  var isFailing = false
  var life = 0
  /// The batch being written.
  var flight: WriteBatch?

  /// Units that the payer has, in order; on its own disk with a lag.
  var received: UInt128 = 0
  var receivedOnDisk: UInt128 = 0
  /// What the payer knows the payee to have.
  private var acknowledged: UInt128 = 0
  /// What waits for the disk.
  private var waiting: [Waiting] = []

  private enum Waiting {
    case unit(UInt128)
    case received(UInt128)
    case pay(UInt128)
    case release
    case close
  }

  init(
    _ party: Simulation.Party, store: SimulatedStore, simulation: Simulation
  ) throws {
    self.party = party
    self.store = store
    var configuration = ChannelConfiguration()
    configuration.window = Simulation.windowUnits * Simulation.price
    configuration.minimumGraceSeconds = 60
    configuration.minimumGraceBlocks = 10
    configuration.settlementFloor = 6 * Simulation.price
    configuration.resendInterval = .seconds(2)
    configuration.feeBumpInterval = .seconds(20)
    let key = party == .payer ? Fixture.payer : Fixture.payee
    engine = try ChannelEngine.load(
      store, domain: Fixture.domain, account: key, voucherSigner: key,
      configuration: configuration, start: 0, newStoreID: .zero,
      now: .milliseconds(simulation.now))
  }

  /// Whether data flow, so that the application looks often.
  func isBusy(_ world: Simulation) -> Bool {
    guard let channel = world.channel, world.now < world.leaveAt || world.ending != .payerLeaves
    else { return false }
    return party == .payer
      ? received < world.units || acknowledged < world.deposit
      : engine.view(of: channel.id) != nil && world.highestSynced < world.deposit
  }

  // MARK: - Application

  mutating func receive(_ message: Simulation.Message, _ world: inout Simulation) throws {
    guard let id = world.channel?.id else { return }
    switch message {
    case .request(let unit): try serve(unit, &world)
    case .unit(let unit):
      guard unit == received + 1 else { return }
      received = unit
      if received % 3 == 0 { receivedOnDisk = received }
      // After a crash less may be known to be received than was signed for.
      let signed = engine.payers[id]?.signed ?? 0
      if received * Simulation.price >= signed + Simulation.windowUnits * Simulation.price / 2
        || received == world.units
      {
        try pay(&world)
      }
    case .voucher(let voucher):
      let peer = Fixture.peer
      guard (try? engine.offer(voucher, from: peer, now: .milliseconds(world.now))) != nil else {
        // What is known already is told again, for the first answer may be lost.
        if let newest = engine.payees[id]?.voucher.synced(engine.synced) {
          world.send(.accepted(newest), to: .payer)
        }
        return
      }
      guard !engine.verifyVouchers().contains(where: \.isForged) else {
        throw world.violation("a good voucher fails")
      }
      try step(.received(voucher.cumulativeAmount), &world)
    case .accepted(let voucher):
      // Late, when the channel is closed, or early, when a crash took the block that opened it.
      guard engine.payers[id] != nil else { return }
      try engine.shown(voucher)
      acknowledged = max(acknowledged, voucher.cumulativeAmount)
    case .askRelease: try step(.release, &world)
    case .release(let release):
      guard engine.outbox.pending(.closeMutual, id) == nil,
        let plan = try? engine.closingMutually(id, release)
      else { return }
      try propose(plan, &world)
    }
  }

  private mutating func serve(_ unit: UInt128, _ world: inout Simulation) throws {
    guard unit <= world.units else { return }
    try step(.unit(unit), &world)
  }

  private mutating func pay(_ world: inout Simulation) throws {
    let amount = received * Simulation.price
    guard amount > 0 else { return }
    try step(.pay(amount), &world)
  }

  /// Does something, or leaves it until its generation is on disk.
  private mutating func step(_ what: Waiting, _ world: inout Simulation) throws {
    guard let id = world.channel?.id else { return }
    do throws(ChannelError) {
      switch what {
      case .unit(let unit):
        switch try engine.charge(id, upTo: unit * Simulation.price) {
        case .wait: waiting.append(what)
        case .done:
          do { try world.delivered(upTo: unit) } catch { throw fatal(error) }
          world.send(.unit(unit), to: .payer)
        }
      case .received(let amount):
        switch try engine.received(id, amount: amount) {
        case .wait: waiting.append(what)
        case .done:
          if let newest = engine.payees[id]?.voucher.synced(engine.synced) {
            world.send(.accepted(newest), to: .payer)
          }
        }
      case .pay(let amount):
        switch try engine.pay(id, total: amount) {
        case .wait: waiting.append(what)
        case .done(let voucher):
          do { try world.signed(voucher, received: received) } catch { throw fatal(error) }
          world.send(.voucher(voucher), to: .payee)
        }
      case .release:
        switch try engine.release(id, until: world.ledger.head.time + 300) {
        case .wait: waiting.append(what)
        case .done(let release): world.send(.release(release), to: .payer)
        }
      case .close:
        guard engine.outbox.pending(.close, id) == nil else { return }
        switch try engine.closing(id) {
        case .wait: waiting.append(what)
        case .done(let plan):
          do { try propose(plan, &world) } catch { throw fatal(error) }
        }
      }
    } catch {
      if let failure, failure.rule.isEmpty == false { throw failure }
      // Refusals are part of life: no credit yet, not above, frozen, closed, a failed disk.
      switch error {
      case .oldStore, .badSignature, .wrongRole, .damagedRow:
        throw world.violation("unexpected: \(error)")
      default: break
      }
    }
  }

  private var failure: Simulation.Violation?

  private mutating func fatal(_ error: any Error) -> ChannelError {
    failure = error as? Simulation.Violation
    return .invalid("\(error)")
  }

  /// Goes on with what waited for the disk.
  mutating func resume(_ world: inout Simulation) throws {
    let all = waiting
    waiting = []
    for what in all { try step(what, &world) }
    sendDue(&world)
  }

  // MARK: - Ledger

  mutating func tick(_ world: inout Simulation) throws {
    let now = Duration.milliseconds(world.now)
    // Not every question finds the ledger.
    if Int.random(in: 0..<100, using: &world.random) >= world.loss {
      for block in world.ledger.blocks(after: engine.meta.followed) {
        engine.apply(block, now: now)
      }
      let nonce = world.ledger.nonces[engine.account.address] ?? 0
      for entry in engine.outbox.entries {
        for hash in entry.hashes {
          if let receipt = world.ledger.receipts[hash] { engine.finish(receipt) }
        }
      }
      engine.finish(passed: nonce, now: now)
      try? engine.raiseFees(world.ledger.fees, now: now)
      let items = engine.settlements(now: now, fee: 0, itemFee: 0, limit: 16)
      if !items.isEmpty { try propose(.settle(items), &world) }
      for channel in engine.withdrawals(
        at: world.ledger.head, roomBlocks: world.ledger.roomBlocks)
      {
        try propose(.withdraw(channel), &world)
      }
    }
    engine.outcomes = []
    engine.updates = []
    try party == .payer ? tickPayer(&world) : tickPayee(&world)
    sendDue(&world)
  }

  private mutating func tickPayer(_ world: inout Simulation) throws {
    guard let channel = world.channel else {
      return try tickOpening(&world)
    }
    guard let book = engine.payers[channel.id] else { return }
    acknowledged = max(acknowledged, book.view.state.settled)
    let isLeaving = world.ending == .payerLeaves && world.now >= world.leaveAt
    if isLeaving {
      if book.view.state.closeRequest == nil,
        engine.outbox.pending(.requestClose, channel.id) == nil
      {
        try propose(.requestClose(channel), &world)
      }
      return
    }
    if received < world.units {
      // Ask for the next units; some may be on their way, which does no harm.
      for unit in (received + 1)...min(received + 4, world.units) {
        world.send(.request(unit), to: .payee)
      }
    }
    // A voucher or its answer was lost, or the window is empty.
    if received * Simulation.price > acknowledged { try pay(&world) }
    if received == world.units, acknowledged == world.deposit, world.ending == .mutual {
      world.send(.askRelease, to: .payee)
    }
  }

  private mutating func tickOpening(_ world: inout Simulation) throws {
    if engine.payers.isEmpty, engine.outbox.isEmpty {
      if world.ledger.vault(engine.account.address).balance == 0 {
        try propose(
          TransactionPlan(kind: .vaultDeposit, call: .vaultDeposit, value: world.deposit), &world)
      } else {
        try propose(
          TransactionPlan(
            kind: .open,
            call: .open([
              ChannelTerms(
                payee: Fixture.payee.address, graceSeconds: 120, graceBlocks: 20,
                deposit: world.deposit)
            ])), &world)
      }
    }
    world.channel = engine.payers.values.first?.descriptor
  }

  private mutating func tickPayee(_ world: inout Simulation) throws {
    guard let channel = world.channel, let book = engine.payees[channel.id] else { return }
    if world.ending == .payeeCloses, book.paid(engine.synced) == world.deposit {
      try step(.close, &world)
    }
  }

  private mutating func propose(_ plan: TransactionPlan, _ world: inout Simulation) throws {
    do throws(ChannelError) {
      _ = try engine.propose(
        plan, gas: 1_000_000, nonce: world.ledger.nonces[engine.account.address] ?? 0,
        fees: world.ledger.fees, now: .milliseconds(world.now))
    } catch {
      guard case .storage = error else { throw error }
    }
  }

  private mutating func sendDue(_ world: inout Simulation) {
    for entry in engine.sendable(now: .milliseconds(world.now)) {
      engine.outbox.sent(entry.sequence, now: .milliseconds(world.now))
      guard Int.random(in: 0..<100, using: &world.random) >= world.loss else { continue }
      _ = try? world.ledger.submit(entry.transaction.encoded)
    }
  }
}
