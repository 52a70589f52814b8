import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// What the module does and refuses, call by call.
@Suite("Payment channels on the ledger")
struct ChannelsModuleTests {
  let payerKey = TestChain.key(101)
  let payeeKey = TestChain.key(102)
  let stranger = TestChain.key(103).publicKey.address
  var payer: Address { payerKey.publicKey.address }
  var payee: Address { payeeKey.publicKey.address }

  func world() throws -> ChannelWorld {
    let world = try ChannelWorld(accounts: [payer])
    #expect(try world.run(.vaultDeposit, from: payer, value: 10_000).succeeded)
    return world
  }

  func terms(_ deposit: UInt128 = 1_000, signer: Address = .zero) -> ChannelTerms {
    ChannelTerms(payee: payee, signer: signer, graceSeconds: 2, graceBlocks: 1, deposit: deposit)
  }

  /// The channel that the payer's next opening makes.
  func open(_ terms: ChannelTerms, _ world: ChannelWorld) throws -> ChannelDescriptor {
    let count = try world.vault(payer).openCount
    let outcome = try world.run(.open([terms]), from: payer)
    let channel = terms.descriptor(payer: payer, openCount: count, in: world.domain)
    #expect(outcome.output == channel.id.bytes)
    return channel
  }

  func voucher(_ channel: ChannelDescriptor, _ amount: UInt128) throws -> SignedVoucher {
    try Voucher(channelID: channel.id, cumulativeAmount: amount)
      .signed(by: payerKey, in: channel.domain)
  }

  func settle(
    _ channel: ChannelDescriptor, _ amount: UInt128, signature: [UInt8]? = nil,
    _ world: ChannelWorld
  ) throws -> CallOutcome {
    defer { _ = world.state.takeLogs() }
    let signature = try signature ?? voucher(channel, amount).signature.bytes
    return try world.call(
      ChannelModule.settle.encodeCall([
        channel.abiValue, .uint(UInt256(amount)), .bytes(signature),
      ]), from: stranger)
  }

  func view(
    _ function: ABIFunction, _ arguments: [ABIValue], _ world: ChannelWorld
  ) throws -> [ABIValue] {
    let outcome = try world.call(function.encodeCall(arguments), from: stranger)
    #expect(outcome.succeeded)
    return try function.decodeResult(outcome.output)
  }

  @Test("A channel's life: open, settle twice, close; every log carries the totals")
  func life() throws {
    let world = try world()
    let channel = try open(terms(), world)
    #expect(try world.channel(channel.id) == ChannelState(settled: 0, deposit: 1_000))
    #expect(try world.vault(payer) == ChannelVault(balance: 9_000, openCount: 1))

    let first = try settle(channel, 300, world)
    #expect(first.output == UInt256(300).word.bytes)
    #expect(
      first.logs.compactMap { ChannelEvent($0, in: world.domain) }
        == [.settled(channel.id, paid: 300, settled: 300)])
    #expect(try world.balance(payee) == 300)
    let second = try settle(channel, 450, world)
    #expect(
      second.logs.compactMap { ChannelEvent($0, in: world.domain) }
        == [.settled(channel.id, paid: 150, settled: 450)])

    let closed = try world.run(
      .close(channel, capture: 700, voucher: voucher(channel, 800)), from: payee)
    #expect(
      closed.logs.compactMap { ChannelEvent($0, in: world.domain) }
        == [.closed(channel.id, paid: 250, settled: 700, refund: 300)])
    #expect(try world.balance(payee) == 700)
    #expect(try world.vault(payer).balance == 9_300)
    #expect(try world.channel(channel.id) == nil)
    #expect(try ChannelWorld.slots(channel.id).map { try world.word($0) } == [.zero, .zero])
    #expect(try world.balance(ChannelModule.address) == 9_300)
  }

  @Test("A payer leaves by request and withdrawal, a top-up takes the request back")
  func leaving() throws {
    var world = try world()
    let channel = try open(terms(), world)
    #expect(try world.run(.withdraw(channel), from: payer).failure == .noCloseRequest)
    #expect(try world.run(.requestClose(channel), from: payee).failure == .notPayer)
    let requested = try world.run(.requestClose(channel), from: payer)
    #expect(
      requested.logs.compactMap { ChannelEvent($0, in: world.domain) }
        == [.closeRequested(channel.id, at: 1_000, roomBlocks: 1)])
    try world.advance(seconds: 1)
    let again = try world.run(.requestClose(channel), from: payer)
    #expect(again.succeeded && again.logs.isEmpty)
    #expect(
      try world.channel(channel.id)?.closeRequest == .init(time: 1_000, roomBlocks: 1, height: 10))

    #expect(
      try world.run(.topUp([ChannelTopUp(channel: channel, amount: 5)]), from: payer).succeeded)
    #expect(try world.channel(channel.id) == ChannelState(settled: 0, deposit: 1_005))
    #expect(try world.run(.withdraw(channel), from: payer).failure == .noCloseRequest)

    #expect(try settle(channel, 5, world).succeeded)
    #expect(try world.run(.requestClose(channel), from: payer).succeeded)
    #expect(try world.run(.withdraw(channel), from: payer).failure == .graceNotOver)
    try world.advance(seconds: 5)
    try world.advance(seconds: 5)
    let withdrawn = try world.run(.withdraw(channel), from: payer)
    #expect(withdrawn.output == UInt256(1_000).word.bytes)
    #expect(try world.vault(payer).balance == 9_995)
    #expect(try world.balance(ChannelModule.address) == 9_995)
  }

  @Test("Both close at once with a release, for its ten minutes and not a second longer")
  func mutual() throws {
    var world = try world()
    let channel = try open(terms(), world)
    func close(_ capture: UInt128, at validUntil: UInt64, by caller: Address) throws -> CallOutcome
    {
      let release = try Release(channelID: channel.id, capture: capture, validUntil: validUntil)
        .signed(by: payeeKey, in: world.domain)
      return try world.run(
        .closeMutual(channel, release, voucher: voucher(channel, 400)), from: caller)
    }
    #expect(try close(400, at: 1_100, by: payee).failure == .notPayer)
    #expect(try close(400, at: 1_601, by: payer).failure == .badValidity)
    #expect(try close(400, at: 999, by: payer).failure == .badValidity)
    #expect(try close(401, at: 1_100, by: payer).failure == .badCapture)
    try world.advance(seconds: 100)
    #expect(try close(400, at: 1_100, by: payer).succeeded)
    #expect(try world.balance(payee) == 400)
    #expect(try world.vault(payer).balance == 9_600)
  }

  @Test("The views tell ids, states, vault, digests and bounds as clients compute them")
  func views() throws {
    var world = try world()
    let wanted = [terms(100), terms(200, signer: stranger)]
    let next = try view(
      ChannelModule.nextChannelIDs, [.address(payer), .array(wanted.map(\.abiValue))], world)
    let channels = try wanted.map { try open($0, world) }
    #expect(next == [.array(channels.map { .hash($0.id.hash) })])
    for channel in channels {
      #expect(
        try view(ChannelModule.channelID, [channel.abiValue], world) == [.hash(channel.id.hash)])
    }
    #expect(try world.run(.requestClose(channels[1]), from: payer).succeeded)
    try world.advance(seconds: 1)
    let states = try view(
      ChannelModule.channelStates,
      [.array((channels.map(\.id.hash) + [.zero]).map(ABIValue.hash))], world)
    func state(_ values: [UInt64]) -> ABIValue { .tuple(values.map { .uint(UInt256($0)) }) }
    #expect(
      states == [
        .array([
          state([0, 100, 0, 0, 0]), state([0, 200, 1_000, 1, 10]), state([0, 0, 0, 0, 0]),
        ])
      ])
    #expect(
      try view(ChannelModule.channelState, [.hash(channels[1].id.hash)], world)
        == [.uint(0), .uint(200), .uint(1_000), .uint(1), .uint(10)])
    #expect(try view(ChannelModule.vault, [.address(payer)], world) == [.uint(9_700), .uint(2)])
    #expect(try view(ChannelModule.blocksWithRoom, [], world) == [.uint(1)])
    #expect(
      try view(ChannelModule.graceBounds, [], world)
        == [.uint(2), .uint(1_000), .uint(1), .uint(100)])
    let voucher = Voucher(channelID: channels[0].id, cumulativeAmount: 77)
    let release = Release(channelID: channels[0].id, capture: 7, validUntil: 99)
    #expect(
      try view(ChannelModule.voucherDigest, [.hash(channels[0].id.hash), .uint(77)], world)
        == [.hash(voucher.digest(in: world.domain))])
    #expect(
      try view(
        ChannelModule.releaseDigest, [.hash(channels[0].id.hash), .uint(7), .uint(99)], world)
        == [.hash(release.digest(in: world.domain))])
    #expect(
      try view(ChannelModule.domainSeparator, [], world) == [.hash(world.domain.separator)])
  }

  @Test("A vault takes coin in and gives it back, and never more")
  func vault() throws {
    let world = try world()
    #expect(try world.run(.vaultDeposit, from: payer).failure == .badAmount)
    #expect(try world.run(.vaultWithdraw(0), from: payer).failure == .badAmount)
    #expect(try world.run(.vaultWithdraw(10_001), from: payer).failure == .vaultTooLow)
    #expect(try world.run(.vaultWithdraw(1), from: stranger).failure == .vaultTooLow)
    let outcome = try world.run(.vaultWithdraw(9_999), from: payer)
    #expect(
      outcome.logs.compactMap { ChannelEvent($0, in: world.domain) }
        == [.vaultWithdrawn(payer: payer, amount: 9_999, balance: 1)])
    #expect(try world.balance(payer) == UInt256(ChannelWorld.funds) &- 1)
    #expect(try world.call([1, 2, 3, 4], from: payer, value: 5).status == .reverted)
    #expect(try world.call([], from: payer, value: 5).status == .reverted)
    #expect(try world.run(.vaultWithdraw(1), from: payer, value: 1).status == .reverted)
    #expect(try world.balance(ChannelModule.address) == 1)
  }

  @Test("Gas is the published table's, and what is short of it changes nothing")
  func gas() throws {
    let world = try world()
    let channel = try open(terms(), world)
    // load, signature, hash, change of a word, transfer to a new account, log of 4 topics and 96
    // bytes, and the function's own.
    let expected: UInt64 = 500 + 2_100 + 3_000 + 100 + 5_000 + 9_000 + 25_000 + 375 * 5 + 8 * 96
    let data = try ChannelModule.settle.encodeCall([
      channel.abiValue, .uint(300), .bytes(voucher(channel, 300).signature.bytes),
    ])
    let start = world.state.checkpoint()
    #expect(try world.call(data, from: stranger).gasUsed == expected)
    world.state.revert(to: start)
    let before = try world.dump()
    #expect(try world.call(data, from: stranger, gas: expected - 1).status == .outOfGas)
    #expect(try world.dump() == before)
    #expect(try world.call(data, from: stranger, gas: expected).succeeded)
    // The payee's account is there now, and 27 other bytes of signature cost what they always do.
    #expect(try settle(channel, 400, world).gasUsed == expected - 25_000)
  }

  @Test("Call data of any shape is refused without a trap, and without an effect")
  func malformed() throws {
    let world = try world()
    let channel = try open(terms(), world)
    var random = SeededGenerator()
    let settlement = ChannelSettlement(
      channel: channel, cumulativeAmount: 10, signature: try voucher(channel, 10).signature)
    let calls: [ChannelCall] = [
      .open([terms()]), .open([terms(), terms(7)]), .settle([settlement, settlement]),
      .close(channel, capture: 10, voucher: try voucher(channel, 10)), .requestClose(channel),
    ]
    let before = try world.dump()
    let start = world.state.checkpoint()
    for call in calls {
      let data = try call.encoded()
      for _ in 0..<200 {
        var damaged = data
        if Bool.random(using: &random) {
          damaged.removeLast(Int.random(in: 1...data.count, using: &random))
        } else {
          let index = Int.random(in: 4..<data.count, using: &random)
          damaged[index] ^= UInt8.random(in: 1...255, using: &random)
        }
        _ = try world.call(damaged, from: stranger)
        world.state.revert(to: start)
      }
    }
    #expect(try world.dump() == before)
    // A list that claims more items than there are, and one of items without signatures.
    var huge = ABIWriter(selector: ChannelModule.settleMany.selector)
    huge.append(UInt64(32))
    huge.append(UInt64.max)
    #expect(try world.call(huge.bytes, from: stranger).failure == .badCount)
  }
}
