import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport

/// Runs the same history on the module and on the model, and compares them after each step.
struct ChannelHistory {
  /// What does not hold.
  struct Difference: Error, CustomStringConvertible {
    var description: String
  }

  var world: ChannelWorld
  var model: ChannelModel
  /// How often each kind of step succeeded, and each refusal came.
  private(set) var successes: [String: Int] = [:]
  private(set) var refusals: [ChannelFailure: Int] = [:]
  private var kind = ""
  private var ids: [ChannelDescriptor: ChannelID] = [:]
  private let actors = Array(ChannelOperation.addresses.prefix(ChannelOperation.actorCount))

  init() throws {
    world = try ChannelWorld(accounts: actors)
    model = ChannelModel(
      balances: Dictionary(uniqueKeysWithValues: actors.map { ($0, ChannelWorld.funds) }),
      time: world.block.timestamp, height: world.block.number, room: 0)
  }

  /// Takes one step, and throws a `Difference` when module and model disagree after it.
  mutating func take(_ step: ChannelOperation) throws {
    let before = model
    kind = String("\(step)".prefix { $0 != "(" })
    switch step {
    case .pass(let blocks, let seconds, let hasRoom):
      for _ in 0..<blocks { try world.advance(seconds: seconds, hasRoom: hasRoom) }
      model.time += blocks * seconds
      model.height += blocks
      if hasRoom { model.room += blocks }
    case .deposit(let actor, let choice):
      let amount = min(amount(choice, actor), model.balances[actors[actor], default: 0])
      try compare(.vaultDeposit, by: actor, value: amount) {
        try $0.deposit(amount, by: $1)
      }
    case .takeOut(let actor, let choice):
      let amount = amount(choice, actor)
      try compare(.vaultWithdraw(amount), by: actor) { try $0.takeOut(amount, by: $1) }
    case .open(let actor, let list):
      let terms = list.map { self.terms($0, actor) }
      let domain = world.domain
      try compare(.open(terms), by: actor) { try $0.open(terms, by: $1, in: domain) }
    case .topUp(let caller, let list):
      let actor = actor(caller, or: list.first.flatMap { channel($0.channel) }?.payer ?? .zero)
      let items = list.compactMap { item in
        channel(item.channel).map { ChannelTopUp(channel: $0, amount: amount(item.1, actor, $0)) }
      }
      guard items.count == list.count else { return }
      try compare(.topUp(items), by: actor) { try $0.topUp(items, by: $1) }
    case .settle(let caller, let claim):
      let actor = actor(caller, or: channel(claim.channel)?.payee ?? .zero)
      guard let item = try item(claim, actor) else { return }
      try compare(
        data: ChannelModule.settle.encodeCall(
          [item.channel.abiValue, .uint(UInt256(item.amount)), .bytes(item.signature)]), by: actor
      ) { model, _ in
        _ = try model.settle(
          item.channel, voucher: item.amount, isSigned: claim.forgery == .none)
      }
    case .settleMany(let caller, let claims):
      try settleMany(claims, actor(caller, or: .zero))
    case .close(let caller, let claim, let choice):
      let actor = actor(caller, or: channel(claim.channel)?.payee ?? .zero)
      guard let item = try item(claim, actor) else { return }
      let capture = amount(choice, actor, item.channel)
      try compare(
        data: ChannelModule.close.encodeCall([
          item.channel.abiValue, .uint(UInt256(capture)), .uint(UInt256(item.amount)),
          .bytes(item.signature),
        ]), by: actor
      ) {
        try $0.close(
          item.channel, capture: capture, voucher: item.amount, isSigned: claim.forgery == .none,
          by: $1)
      }
    case .closeMutual(let caller, let claim, let choice, let ahead, let forgery):
      let actor = actor(caller, or: channel(claim.channel)?.payer ?? .zero)
      guard let item = try item(claim, actor) else { return }
      let capture = amount(choice, actor, item.channel)
      let validUntil = UInt64(Int64(model.time) + ahead)
      let release = Release(
        channelID: item.channel.id, capture: capture, validUntil: validUntil)
      let consent = try forgery.signature(
        release, key: key(of: item.channel.payee), in: world.domain)
      try compare(
        data: ChannelModule.closeMutual.encodeCall([
          item.channel.abiValue, .uint(UInt256(capture)), .uint(UInt256(validUntil)),
          .bytes(consent), .uint(UInt256(item.amount)), .bytes(item.signature),
        ]), by: actor
      ) {
        try $0.closeMutual(
          item.channel, capture: capture, voucher: item.amount, isSigned: claim.forgery == .none,
          validUntil: validUntil, isReleased: forgery == .none, by: $1)
      }
    case .requestClose(let caller, let index):
      guard let channel = channel(index) else { return }
      let actor = actor(caller, or: channel.payer)
      try compare(.requestClose(channel), by: actor) { try $0.requestClose(channel, by: $1) }
    case .withdraw(let caller, let index):
      guard let channel = channel(index) else { return }
      let actor = actor(caller, or: channel.payer)
      try compare(.withdraw(channel), by: actor) { try $0.withdraw(channel, by: $1) }
    }
    try checkState()
    try checkInvariants(since: before, step)
  }

  // MARK: What numbers in a step mean

  private func channel(_ index: Int) -> ChannelDescriptor? {
    model.known.isEmpty ? nil : model.known[model.known.count - 1 - index % model.known.count]
  }

  private func actor(_ index: Int, or rightful: Address) -> Int {
    index == ChannelOperation.rightful ? actors.firstIndex(of: rightful) ?? 0 : index
  }

  private func amount(
    _ choice: ChannelOperation.Choice, _ actor: Int, _ channel: ChannelDescriptor? = nil
  ) -> UInt128 {
    guard case .near(let landmark, let offset) = choice else {
      if case .absolute(let amount) = choice { return amount }
      return 0
    }
    let state = channel.flatMap { model.channels[$0] }
    let base: UInt128 =
      switch landmark {
      case .zero: 0
      case .settled: state?.settled ?? 1
      case .deposit: state?.deposit ?? 100
      case .vault: model.vaults[actors[actor], default: 0]
      case .limit: UInt128(1) << 112
      }
    return offset < 0
      ? base - min(base, UInt128(-offset)) : base + UInt128(offset)
  }

  private func terms(_ terms: ChannelOperation.Terms, _ actor: Int) -> ChannelTerms {
    let signers = [Address.zero, actors[actor], ChannelOperation.addresses[4]]
    return ChannelTerms(
      payee: actors[
        (terms.payee < actors.count ? terms.payee : terms.payee + actor) % actors.count],
      signer: signers[terms.signer],
      graceSeconds: terms.graceSeconds, graceBlocks: terms.graceBlocks,
      deposit: amount(terms.deposit, actor))
  }

  private func key(of address: Address) -> PrivateKey {
    zip(ChannelOperation.addresses, ChannelOperation.keys).first { $0.0 == address }?.1
      ?? TestChain.key(77)
  }

  private struct Item {
    var channel: ChannelDescriptor
    var amount: UInt128
    var signature: [UInt8]
  }

  private func item(_ claim: ChannelOperation.Claim, _ actor: Int) throws -> Item? {
    guard let channel = channel(claim.channel) else { return nil }
    let amount = amount(claim.amount, actor, channel)
    let signature = try claim.forgery.signature(
      Voucher(channelID: channel.id, cumulativeAmount: amount),
      key: key(of: channel.voucherSigner), in: world.domain)
    return Item(channel: channel, amount: amount, signature: signature)
  }

  // MARK: Comparing

  private mutating func compare(
    _ call: ChannelCall, by actor: Int, value: UInt128 = 0,
    _ body: (inout ChannelModel, Address) throws -> Void
  ) throws {
    try compare(data: try call.encoded(), by: actor, value: value, body)
  }

  private mutating func compare(
    data: [UInt8], by actor: Int, value: UInt128 = 0,
    _ body: (inout ChannelModel, Address) throws -> Void
  ) throws {
    var expected: ChannelFailure?
    var next = model
    do { try body(&next, actors[actor]) } catch let failure as ChannelFailure {
      expected = failure
      next = model
    }
    model = next
    let before = expected == nil ? [] : try world.dump()
    let outcome = try world.call(data, from: actors[actor], value: value)
    _ = world.state.takeLogs()
    guard outcome.failure == expected, outcome.succeeded == (expected == nil) else {
      throw Difference(
        description: "module: \(outcome.status) \(outcome.failure?.description ?? ""); model: "
          + (expected?.description ?? "succeeds"))
    }
    note(expected)
    // L11: a failed call changes nothing.
    if expected != nil, try world.dump() != before {
      throw Difference(description: "a refused call left something behind")
    }
  }

  private mutating func note(_ failure: ChannelFailure?) {
    if let failure { refusals[failure, default: 0] += 1 } else { successes[kind, default: 0] += 1 }
  }

  /// L10: `settleMany` does what settling one by one does; L11 for its items.
  private mutating func settleMany(_ claims: [ChannelOperation.Claim], _ actor: Int) throws {
    let items = try claims.compactMap { try item($0, actor) }
    guard items.count == claims.count else { return }
    let values = items.map {
      [$0.channel.abiValue, .uint(UInt256($0.amount)), ABIValue.bytes($0.signature)]
    }
    let start = world.state.checkpoint()
    var expected: [ABIValue] = []
    for (index, item) in items.enumerated() {
      var failure: ChannelFailure?
      var paid: UInt128 = 0
      do {
        paid = try model.settle(
          item.channel, voucher: item.amount, isSigned: claims[index].forgery == .none)
      } catch let refusal as ChannelFailure { failure = refusal }
      expected.append(
        .tuple([.uint(UInt256(UInt64(failure?.rawValue ?? 0))), .uint(UInt256(paid))]))
      let outcome = try world.call(
        ChannelModule.settle.encodeCall(values[index]), from: actors[actor])
      guard outcome.failure == failure else {
        throw Difference(description: "item \(index): \(outcome.status), model \(failure as Any)")
      }
    }
    let oneByOne = try world.dump()
    world.state.revert(to: start)
    let outcome = try world.call(
      ChannelModule.settleMany.encodeCall([.array(values.map(ABIValue.tuple))]),
      from: actors[actor])
    _ = world.state.takeLogs()
    if items.isEmpty {
      guard outcome.failure == .badCount else {
        throw Difference(description: "settleMany of nothing: \(outcome.status)")
      }
      return note(.badCount)
    }
    guard outcome.succeeded,
      try ChannelModule.settleMany.decodeResult(outcome.output) == [.array(expected)]
    else { throw Difference(description: "settleMany gives other results than settle") }
    note(nil)
    guard try world.dump() == oneByOne else {
      throw Difference(description: "settleMany leaves another state than settle")
    }
  }

  /// Every word and balance is the model's.
  private mutating func checkState() throws {
    for actor in actors {
      let vault = try world.vault(actor)
      guard vault.balance == model.vaults[actor, default: 0],
        vault.openCount == model.openCounts[actor, default: 0]
      else { throw Difference(description: "the vault of \(actor) is \(vault)") }
      guard try world.balance(actor) == UInt256(model.balances[actor, default: 0]) else {
        throw Difference(description: "the balance of \(actor) is \(try world.balance(actor))")
      }
    }
    for descriptor in model.known {
      let id = ids[descriptor] ?? descriptor.id
      ids[descriptor] = id
      let expected = model.channels[descriptor].map { channel in
        ChannelState(
          settled: channel.settled, deposit: channel.deposit,
          closeRequest: channel.request.map {
            .init(time: UInt32($0.time), roomBlocks: $0.room, height: $0.height)
          })
      }
      let state = try world.channel(id)
      guard state == expected else {
        throw Difference(description: "channel \(id) is \(state as Any), not \(expected as Any)")
      }
      // L8: what has ended leaves nothing; the second word stands only while a close is pending.
      let second = try world.word(ChannelWorld.slots(id)[1])
      guard second.isZero == (expected?.closeRequest == nil) else {
        throw Difference(description: "channel \(id) has the second word \(second)")
      }
    }
  }

  /// L1 to L7, from what is stored and what was before.
  private func checkInvariants(since before: ChannelModel, _ step: ChannelOperation) throws {
    var held = UInt256.zero
    for actor in actors { held = held &+ UInt256(try world.vault(actor).balance) }
    for descriptor in model.known {
      guard let id = ids[descriptor], let state = try world.channel(id) else { continue }
      held = held &+ UInt256(state.locked)
      guard state.settled <= state.deposit else {
        throw Difference(description: "L1: settled \(state.settled) of \(state.deposit)")
      }
      guard let old = before.channels[descriptor] else { continue }
      guard state.settled >= old.settled, state.deposit >= old.deposit else {
        throw Difference(description: "L2: channel \(id) fell")
      }
      if state.settled > old.settled {
        switch step {
        case .settle, .settleMany: break
        default: throw Difference(description: "L4: settled rose without a voucher")
        }
      }
    }
    for descriptor in before.channels.keys where model.channels[descriptor] == nil {
      switch step {
      case .close(let actor, _, _)
      where actors[self.actor(actor, or: descriptor.payee)] == descriptor.payee: break
      case .closeMutual(let actor, _, _, _, _)
      where actors[self.actor(actor, or: descriptor.payer)] == descriptor.payer: break
      case .withdraw(let actor, _)
      where actors[self.actor(actor, or: descriptor.payer)] == descriptor.payer: break
      default: throw Difference(description: "L5: a channel ended by \(step)")
      }
    }
    guard try held == world.balance(ChannelModule.address) else {
      throw Difference(description: "L3: the module does not hold what it owes")
    }
    guard Set(ids.values).count == ids.count else {
      throw Difference(description: "L7: an id opened twice")
    }
  }
}
