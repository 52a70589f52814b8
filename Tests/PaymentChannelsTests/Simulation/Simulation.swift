internal import ChainTypes
internal import KeyValueStore
internal import Keys
internal import PaymentChannels
internal import Primitives
internal import TestSupport

/// A payer, a payee and a ledger under one seed: network, clock, disks and deaths.
///
/// The payer fetches units of data over a network that loses, delays, doubles and reorders, and
/// pays for what it has; both parties die at the steps of their writes, lose what was not synced,
/// and come back; blocks come late, full, or not at all for a while. Then the channel is closed in
/// one of three ways, and the money must be where the rules say.
struct Simulation {
  enum Party: Int, CaseIterable {
    case payer
    case payee
  }

  /// How a channel ends.
  enum Ending: Int, CaseIterable {
    case payeeCloses
    case mutual
    case payerLeaves
  }

  enum Message {
    case request(UInt128)
    case unit(UInt128)
    case voucher(SignedVoucher)
    case accepted(SignedVoucher)
    case askRelease
    case release(SignedRelease)
  }

  enum Event {
    case message(to: Party, Message)
    case tick(Party)
    case commit(Party, life: Int)
    case restart(Party)
    case block
  }

  /// A rule that did not hold.
  struct Violation: Error, CustomStringConvertible {
    var rule: String
    var seed: UInt64
    var time: Int
    var description: String { "seed \(seed), at \(time) ms: \(rule)" }
  }

  /// What happened, to see that a run was worth it.
  struct Tally: Sendable {
    var deaths = 0
    var diskFailures = 0
    var steps = 0
    var vouchers = 0
    var endings: Set<Int> = []

    mutating func add(_ other: Tally) {
      deaths += other.deaths
      diskFailures += other.diskFailures
      steps += other.steps
      vouchers += other.vouchers
      endings.formUnion(other.endings)
    }
  }

  static let price: UInt128 = 1_000
  static let windowUnits: UInt128 = 8

  let seed: UInt64
  var random: SeededGenerator
  var ledger = ModelLedger()
  var agents: [Party: Agent] = [:]
  var now = 0
  var tally = Tally()
  private var queue: [(time: Int, order: Int, event: Event)] = []
  private var order = 0

  // Conditions of this seed.
  let loss: Int
  let deathRate: Int
  let units: UInt128
  let ending: Ending
  let leaveAt: Int
  var haltUntil = 0

  // The truth, which no crash forgets.
  var channel: ChannelDescriptor?
  var highestSigned: UInt128 = 0
  var highestDelivered: UInt128 = 0
  var highestSynced: UInt128 = 0
  var syncedAtRequest: UInt128?
  let total: UInt128

  init(seed: UInt64) {
    self.seed = seed
    var random = SeededGenerator(seed: seed)
    loss = [0, 5, 20, 40].randomElement(using: &random) ?? 0
    deathRate = [0, 2, 8, 20].randomElement(using: &random) ?? 0
    units = UInt128(Int.random(in: 4...48, using: &random))
    ending = Ending.allCases.randomElement(using: &random) ?? .mutual
    leaveAt = Int.random(in: 2_000...20_000, using: &random)
    self.random = random
    ledger.fund(Fixture.payer.address, 1_000_000)
    total = ledger.total
  }

  var deposit: UInt128 { units * Self.price }

  // MARK: - Running

  mutating func run() throws {
    for party in Party.allCases {
      agents[party] = try Agent(party, store: SimulatedStore(name: "\(party)"), simulation: self)
      schedule(.tick(party), in: 1)
    }
    schedule(.block, in: 1_000)
    while let next = pop() {
      now = next.time
      tally.steps += 1
      guard tally.steps < 20_000 else {
        throw violation("Y2: nothing comes to an end: \(describe())")
      }
      try handle(next.event)
      if isOver { break }
    }
    try checkEnd()
    tally.endings.insert(ending.rawValue)
  }

  private mutating func handle(_ event: Event) throws {
    switch event {
    case .block: mine()
    case .restart(let party):
      guard let agent = agents[party], !agent.isAlive || agent.isFailing else { return }
      try restart(party)
    case .message(let party, let message):
      guard agents[party]?.isAlive == true else { return }
      try act(party) { try $0.receive(message, &$1) }
    case .tick(let party):
      let pause = agents[party]?.isBusy(self) == true ? 150 : 2_000
      schedule(.tick(party), in: pause + Int.random(in: 0...50, using: &random))
      guard agents[party]?.isAlive == true else { return }
      try act(party) { try $0.tick(&$1) }
    case .commit(let party, let life):
      guard let agent = agents[party], agent.isAlive, agent.life == life else { return }
      try finishCommit(party)
    }
  }

  /// Lets an agent act, then starts the write of what it noted, if none is under way.
  private mutating func act(
    _ party: Party, _ body: (inout Agent, inout Simulation) throws -> Void
  ) throws {
    guard var agent = agents.removeValue(forKey: party) else { return }
    do { try body(&agent, &self) } catch {
      agents[party] = agent
      throw error
    }
    if agent.flight == nil, let batch = agent.engine.commit.begin() {
      agent.flight = batch
      // A death before the write, or in it.
      if dies() {
        agents[party] = agent
        return die(party)
      }
      schedule(
        .commit(party, life: agent.life), in: Int.random(in: 1...15, using: &random))
    }
    agents[party] = agent
    observe(party)
  }

  private mutating func finishCommit(_ party: Party) throws {
    guard var agent = agents[party], let batch = agent.flight else { return }
    agent.flight = nil
    // Now and then the disk is full, or fails after the fact.
    if deathRate > 0, Int.random(in: 0..<400, using: &random) == 0 {
      agent.store.failNextWrite(
        with: SimulatedStore.Fault.allCases.randomElement(using: &random) ?? .io)
    }
    do throws(StoreError) {
      try agent.store.write(batch, sync: true)
      agent.engine.commit.finish(nil)
    } catch {
      tally.diskFailures += 1
      agent.engine.commit.finish(error)
      agents[party] = agent
      // The operator makes room and starts it again.
      schedule(.restart(party), in: 3_000)
      agents[party]?.isFailing = true
      return
    }
    agents[party] = agent
    observe(party)
    // A death after the write, before anybody is told.
    if dies() { return die(party) }
    try act(party) { try $0.resume(&$1) }
  }

  private mutating func dies() -> Bool { Int.random(in: 0..<1_000, using: &random) < deathRate }

  private mutating func die(_ party: Party) {
    guard var agent = agents[party] else { return }
    tally.deaths += 1
    // The batch under way reached the operating system or it did not.
    if let batch = agent.flight, Bool.random(using: &random) {
      try? agent.store.write(batch, sync: false)
    }
    agent.store =
      Bool.random(using: &random)
      ? agent.store.powerCut(using: &random) : agent.store.kill()
    agent.isAlive = false
    agent.flight = nil
    agents[party] = agent
    schedule(.restart(party), in: Int.random(in: 50...2_000, using: &random))
  }

  private mutating func restart(_ party: Party) throws {
    guard let old = agents[party] else { return }
    // A store that failed must be opened again; what of its last write is there, is there.
    let store = old.isFailing ? old.store.kill() : old.store
    var agent = try Agent(party, store: store, simulation: self)
    agent.life = old.life + 1
    agent.received = old.receivedOnDisk
    agent.receivedOnDisk = old.receivedOnDisk
    agents[party] = agent
    try checkRecovery(party)
  }

  private mutating func mine() {
    if now >= haltUntil, Int.random(in: 0..<40, using: &random) == 0 {
      haltUntil = now + Int.random(in: 5_000...400_000, using: &random)
    }
    schedule(.block, in: max(1_000, haltUntil - now))
    guard now >= haltUntil else { return }
    // A restart of the node forgets what waits.
    if Int.random(in: 0..<20, using: &random) == 0 { ledger.forgetPool() }
    let isFull = Int.random(in: 0..<10, using: &random) == 0
    ledger.mine(time: 1_700_000_000 + UInt64(now / 1_000), isFull: isFull)
    if let channel, syncedAtRequest == nil,
      ledger.channels[channel.id]?.state.closeRequest != nil
    {
      syncedAtRequest = highestSynced
    }
  }

  // MARK: - Queue

  mutating func schedule(_ event: Event, in delay: Int) {
    order += 1
    queue.append((now + delay, order, event))
    var child = queue.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      queue.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    (queue[left].time, queue[left].order) < (queue[right].time, queue[right].order)
  }

  private mutating func pop() -> (time: Int, order: Int, event: Event)? {
    guard let first = queue.first else { return nil }
    let last = queue.removeLast()
    guard !queue.isEmpty else { return first }
    queue[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < queue.count && precedes(child, least) {
        least = child
      }
      if least == parent { return first }
      queue.swapAt(parent, least)
      parent = least
    }
  }

  /// Sends a message over a network that loses, doubles and reorders.
  mutating func send(_ message: Message, to party: Party) {
    for _ in 0..<(Int.random(in: 0..<20, using: &random) == 0 ? 2 : 1)
    where Int.random(in: 0..<100, using: &random) >= loss {
      schedule(.message(to: party, message), in: Int.random(in: 1...60, using: &random))
    }
  }

  /// Where everything stands, for a failing seed.
  func describe() -> String {
    let books = agents.values.map { agent in
      "\(agent.party): alive \(agent.isAlive), failing \(agent.isFailing), received "
        + "\(agent.received), outbox \(agent.engine.outbox.entries.map { ($0.kind, $0.nonce) }), "
        + "payees \(agent.engine.payees.values.map { ($0.paid(agent.engine.synced), $0.counters) }) "
        + "payers \(agent.engine.payers.values.map(\.terms)), \(agent.engine.meta.followed)"
    }
    return "\(ending), \(units) units, loss \(loss), deaths \(deathRate), signed "
      + "\(highestSigned), synced \(highestSynced), delivered \(highestDelivered), head "
      + "\(ledger.head.height), halt \(haltUntil), channels \(ledger.channels.values); "
      + books.joined(separator: "; ")
  }

  func violation(_ rule: String) -> Violation { Violation(rule: rule, seed: seed, time: now) }
}
