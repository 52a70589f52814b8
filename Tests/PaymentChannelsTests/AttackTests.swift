internal import ChainTypes
internal import KeyValueStore
internal import Keys
internal import PaymentChannels
internal import Primitives
internal import TestSupport
internal import Testing

// The attacks on channels that exist off the ledger, numbered as in docs/specs/payment-channels.md,
// which tells where the others are answered.
@Suite struct AttackTests {
  let channel = Fixture.descriptor()
  let store = SimulatedStore()

  func payee(
    deposit: UInt128 = 10_000, _ adjust: (inout ChannelConfiguration) -> Void = { _ in }
  ) throws -> ChannelEngine {
    try Fixture.engine(
      of: Fixture.payee, knowing: channel, deposit: deposit, store: store, adjust)
  }

  func payer(_ store: SimulatedStore) throws -> ChannelEngine {
    try Fixture.engine(of: Fixture.payer, knowing: channel, deposit: 10_000, store: store)
  }

  func pay(
    _ engine: inout ChannelEngine, _ total: UInt128, on store: SimulatedStore
  ) throws -> SignedVoucher {
    let id = channel.id
    return try engine.complete(on: store) { engine throws(ChannelError) in
      try engine.pay(id, total: total)
    }
  }

  /// The amounts that a payee would settle now.
  func settled(_ engine: ChannelEngine) -> [UInt128] {
    engine.settlements(now: .zero, fee: 0, itemFee: 0, limit: 100).map(\.cumulativeAmount)
  }

  @Test(arguments: [1, 2, 5, 50] as [UInt64])
  func `1: a payer who closes with an old balance is answered at any lag`(lag: UInt64) throws {
    var engine = try payee { $0.settlementFloor = 1 << 100 }
    try engine.take(try Fixture.voucher(100, of: channel), on: store)
    try engine.take(try Fixture.voucher(7_000, of: channel), on: store)
    #expect(settled(engine).isEmpty)
    // Blocks pass before the payee looks; a death in between changes nothing.
    engine = try Fixture.engine(of: Fixture.payee, store: store.kill()) {
      $0.settlementFloor = 1 << 100
    }
    engine.apply(
      Fixture.block(1 + lag, [.closeRequested(channel.id, at: 1_700_000_000, roomBlocks: 1)]),
      now: .zero)
    #expect(settled(engine) == [7_000])
  }

  @Test func `2: an old voucher is never the one that is settled`() throws {
    var engine = try payee()
    for amount: UInt128 in [10, 500, 499, 3] {
      _ = try? engine.take(try Fixture.voucher(amount, of: channel), on: store)
    }
    #expect(settled(engine) == [500])
  }

  @Test func `4: vouchers of another chain, module or channel are worth nothing`() throws {
    var engine = try payee()
    let foreign = [
      Fixture.descriptor(domain: ChannelDomain(chainID: 199)),
      Fixture.descriptor(domain: ChannelDomain(chainID: 1_337, module: Address(0x2001))),
      Fixture.descriptor(openCount: 1),
    ]
    for other in foreign {
      var voucher = try Fixture.voucher(5, of: other)
      #expect(throws: ChannelError.unknownChannel(other.id)) {
        try engine.take(voucher, on: store)
      }
      voucher.voucher.channelID = channel.id
      #expect(throws: ChannelError.badSignature(channel.id)) {
        try engine.take(voucher, on: store)
      }
    }
    // Signed for this very id, but for another chain.
    let voucher = try Voucher(channelID: channel.id, cumulativeAmount: 5)
      .signed(by: Fixture.payer, in: ChannelDomain(chainID: 199))
    #expect(throws: ChannelError.badSignature(channel.id)) { try engine.take(voucher, on: store) }
  }

  @Test func `5, 6: a channel that is opened again is another, and takes no old voucher`() throws {
    var engine = try payee()
    let old = try Fixture.voucher(9_000, of: channel)
    try engine.take(old, on: store)
    let again = Fixture.descriptor(openCount: 1)
    // Closed and opened again in one block.
    engine.apply(
      Fixture.block(
        5,
        [
          .closed(channel.id, paid: 9_000, settled: 9_000, refund: 1_000),
          .opened(again, deposit: 10_000),
        ]), now: .zero)
    try engine.commitAll(to: store)
    #expect(again.id != channel.id)
    #expect(throws: ChannelError.unknownChannel(channel.id)) { try engine.take(old, on: store) }
    var moved = old
    moved.voucher.channelID = again.id
    #expect(throws: ChannelError.badSignature(again.id)) { try engine.take(moved, on: store) }
    #expect(engine.credit(of: try engine.payee(again.id)).paid == 0)
    // Nothing of the old channel is left on disk.
    let left = try store.snapshot().records().filter { $0[0].dropFirst() == channel.id.bytes[...] }
    #expect(left.isEmpty)
  }

  @Test func `7: the twin of a signature is refused before it is a voucher`() throws {
    let voucher = try Fixture.voucher(5, of: channel)
    let order = UInt256(
      high: 0xFFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFE,
      low: 0xBAAE_DCE6_AF48_A03B_BFD2_5E8C_D036_4141)
    let bytes = voucher.encoded
    let twin = bytes[..<80] + (order &- voucher.signature.s).word.bytes
    for v: UInt8 in [27, 28] {
      #expect(throws: SignatureError.highS) { try SignedVoucher(decoding: Array(twin) + [v]) }
    }
    // The other v is another signer.
    var flipped = bytes
    flipped[112] ^= 7
    var engine = try payee()
    let other = try SignedVoucher(decoding: flipped)
    #expect(throws: ChannelError.badSignature(channel.id)) { try engine.take(other, on: store) }
  }

  @Test func `8: a release or a transaction is no voucher`() throws {
    var engine = try payee()
    let release = Release(channelID: channel.id, capture: 5, validUntil: 9)
    let signature = try Fixture.payer.sign(release.digest(in: channel.domain))
    let voucher = SignedVoucher(
      Voucher(channelID: channel.id, cumulativeAmount: 5), signature: signature)
    #expect(throws: ChannelError.badSignature(channel.id)) { try engine.take(voucher, on: store) }
    #expect(EIP712.typeHash(Voucher.type) != EIP712.typeHash(Release.type))
  }

  @Test func `9: above the deposit nothing is taken and nothing is signed`() throws {
    var engine = try payee()
    #expect(throws: ChannelError.aboveDeposit(channel.id, deposit: 10_000)) {
      try engine.take(try Fixture.voucher(10_001, of: channel), on: store)
    }
    var paying = try payer(SimulatedStore())
    #expect(throws: ChannelError.aboveDeposit(channel.id, deposit: 10_000)) {
      try pay(&paying, 10_001, on: SimulatedStore())
    }
  }

  @Test func `10: a deposit counts from a final block only, and blocks are not counted twice`()
    throws
  {
    var engine = try Fixture.engine(of: Fixture.payee)
    let voucher = try Fixture.voucher(5, of: channel)
    #expect(throws: ChannelError.unknownChannel(channel.id)) {
      try engine.take(voucher, on: store)
    }
    engine.apply(Fixture.block(3, [.opened(channel, deposit: 100)]), now: .zero)
    engine.apply(
      Fixture.block(4, [.toppedUp(channel.id, amount: 50, deposit: 150)]), now: .zero)
    // The same blocks again, as after a lost connection.
    engine.apply(Fixture.block(3, [.opened(channel, deposit: 100)]), now: .zero)
    engine.apply(
      Fixture.block(4, [.toppedUp(channel.id, amount: 50, deposit: 150)]), now: .zero)
    #expect(try engine.payee(channel.id).view.state.deposit == 150)
    // An event whose id is not its descriptor's hash is no event.
    #expect(engine.channelCount == 1)
  }

  @Test func `15: a payee that goes silent can't hold the payer's money`() throws {
    let own = SimulatedStore()
    var engine = try payer(own)
    _ = try pay(&engine, 3_000, on: own)
    engine.apply(
      Fixture.block(2, [.closeRequested(channel.id, at: 1_700_000_002, roomBlocks: 2)]),
      now: .zero)
    try engine.commitAll(to: own)
    engine = try Fixture.engine(of: Fixture.payer, store: own.kill())
    let head = LedgerHead(height: 102, hash: .zero, time: 1_700_003_602)
    #expect(engine.withdrawals(at: head, roomBlocks: 102) == [channel])
  }

  @Test func `16: a payer that goes silent takes nothing with it`() throws {
    var engine = try payee { $0.settlementInterval = .seconds(100) }
    try engine.take(try Fixture.voucher(10, of: channel), on: store)
    func due(_ now: Duration) -> [UInt128] {
      engine.settlements(now: now, fee: 5, itemFee: 1, limit: 10).map(\.cumulativeAmount)
    }
    #expect(due(.seconds(99)).isEmpty)
    #expect(due(.seconds(100)) == [10])
  }

  @Test func `17: dust channels take no room in the books and bring no fees`() throws {
    var engine = try Fixture.engine(of: Fixture.payee) {
      $0.minimumDeposit = 1_000
      $0.maximumChannels = 50
    }
    let dust = (0..<5_000).map {
      ChannelEvent.opened(Fixture.descriptor(openCount: $0), deposit: 9)
    }
    engine.apply(Fixture.block(1, dust), now: .zero)
    #expect(engine.channelCount == 0)
    let funded = (5_000..<5_100).map {
      ChannelEvent.opened(Fixture.descriptor(openCount: $0), deposit: 1_000)
    }
    engine.apply(Fixture.block(2, funded), now: .zero)
    #expect(engine.channelCount == 50)
    // A close request over less than its fee moves nobody.
    guard let id = engine.payees.keys.min() else { return }
    engine.accept(
      try Voucher(channelID: id, cumulativeAmount: 20).signed(by: Fixture.payer, in: Fixture.domain)
    )
    try engine.commitAll(to: store)
    engine.apply(Fixture.block(3, [.closeRequested(id, at: 1, roomBlocks: 1)]), now: .zero)
    #expect(engine.settlements(now: .zero, fee: 30, itemFee: 25, limit: 10).isEmpty)
    #expect(engine.settlements(now: .zero, fee: 30, itemFee: 15, limit: 10).count == 1)
  }

  @Test func `18: a hundred thousand vouchers of one peer leave the honest one unharmed`() throws {
    let other = Fixture.descriptor(openCount: 1)
    var engine = try payee(deposit: 1 << 60) { $0.voucherBurst = 100 }
    engine.apply(Fixture.block(2, [.opened(other, deposit: 1 << 60)]), now: .zero)
    try engine.commitAll(to: store)
    let flooder = PeerID(2)
    // Half of them rise by one, each valid if it were checked; half are for the honest channel,
    // under a signature of nobody's. The signature is only looked at once.
    let good = try Fixture.voucher(1 << 40, of: other).signature
    let bad = try Fixture.voucher(1, of: channel, by: Fixture.hot).signature
    var paid: UInt128 = 0
    for second in 0..<10 {
      let now = Duration.seconds(second)
      for number in 0..<10_000 {
        let amount = UInt128(second * 10_000 + number + 2) << 20
        let voucher =
          number % 2 == 0
          ? SignedVoucher(
            Voucher(channelID: other.id, cumulativeAmount: amount), signature: good)
          : SignedVoucher(
            Voucher(channelID: channel.id, cumulativeAmount: amount), signature: bad)
        _ = try? engine.offer(voucher, from: flooder, now: now)
        if number % 1_000 == 0 {
          paid += 1
          try engine.take(
            try Fixture.voucher(paid, of: channel), on: store, from: Fixture.peer, now: now)
        }
      }
    }
    #expect(engine.credit(of: try engine.payee(channel.id)).paid == paid && paid == 100)
    #expect(engine.credit(of: try engine.payee(other.id)).paid == 0)
    // The flooder has used up what it may have checked.
    #expect(throws: ChannelError.rateLimited) {
      try engine.offer(
        try Fixture.voucher(1 << 50, of: other), from: flooder, now: .seconds(9))
    }
  }

  @Test func `26: a power cut takes no voucher that was acknowledged`() throws {
    var random = SeededGenerator()
    for _ in 0..<50 {
      let store = SimulatedStore()
      var engine = try Fixture.engine(
        of: Fixture.payee, knowing: channel, deposit: 10_000, store: store)
      var acknowledged: UInt128 = 0
      for amount in 1...UInt128.random(in: 1...30, using: &random) {
        try engine.offer(
          try Fixture.voucher(amount, of: channel), from: Fixture.peer, now: .zero)
        engine.verifyVouchers()
        if Bool.random(using: &random) {
          try engine.commitAll(to: store)
          acknowledged = amount
        }
      }
      // The last batch is torn in two, or whole on disk without a word.
      if let batch = engine.commit.begin() { try store.write(batch, sync: false) }
      let left = try Fixture.engine(of: Fixture.payee, store: store.powerCut(using: &random))
      #expect(left.payees[channel.id]?.accepted ?? 0 >= acknowledged, "seed \(random.seed)")
    }
  }

  @Test func `27: a payer's restored backup is found out and stops signing`() throws {
    let own = SimulatedStore()
    var engine = try payer(own)
    _ = try pay(&engine, 100, on: own)
    let backup = own.kill()
    engine = try Fixture.engine(of: Fixture.payer, store: backup)
    // The newer copy goes on …
    let newer = SimulatedStore()
    var batch = WriteBatch()
    for record in try backup.snapshot().records() { batch.put(record[0], record[1]) }
    try newer.write(batch, sync: true)
    var ahead = try Fixture.engine(of: Fixture.payer, store: newer)
    let newest = try pay(&ahead, 5_000, on: newer)
    // … and the payee shows the older one what it has.
    let id = channel.id
    let ceiling = try engine.payer(id).ceiling
    #expect(throws: ChannelError.oldStore(id, shown: 5_000, ceiling: ceiling)) {
      try engine.shown(newest)
    }
    try engine.commitAll(to: backup)
    #expect(throws: ChannelError.oldStore(id, shown: 5_000, ceiling: ceiling)) {
      try engine.pay(id, total: 9_000)
    }
    // A restart doesn't forget it; the owner's word ends it, above all that was shown.
    engine = try Fixture.engine(of: Fixture.payer, store: backup.kill())
    #expect(throws: ChannelError.self) { try engine.pay(id, total: 9_000) }
    let last = SimulatedStore()
    _ = try engine.adopt(id, upTo: 0)
    #expect(throws: ChannelError.notAbove(id, accepted: 5_000)) {
      try pay(&engine, 4_999, on: last)
    }
    #expect(try pay(&engine, 5_001, on: last).cumulativeAmount == 5_001)
  }

  @Test func `28: a second process on a key is refused, and so is a second store`() async throws {
    let directory = try TemporaryDirectory()
    let client = ModelLedgerClient(ModelLedger())
    func open(
      _ store: SimulatedStore, takeOver: Bool = false
    ) async throws -> ChannelService {
      try await ChannelService.open(
        store: store, ledger: client, account: Fixture.payer,
        lease: try KeyLease(of: Fixture.payer.address, in: directory.path),
        takeOver: takeOver, logger: Fixture.logger)
    }
    var backup = SimulatedStore()
    do {
      let first = try await open(store)
      await #expect { _ = try await open(SimulatedStore()) } throws: { error in
        guard case ChannelError.keyInUse = error else { return false }
        return true
      }
      _ = try await first.shutdown()
      backup = store.kill()
    }
    let copy = SimulatedStore()
    var batch = WriteBatch()
    for record in try backup.snapshot().records() { batch.put(record[0], record[1]) }
    try copy.write(batch, sync: true)
    do { _ = try await open(backup) }
    // The copy is older by one opening now; a new store knows nothing at all.
    for other in [copy, SimulatedStore()] {
      await #expect { _ = try await open(other) } throws: { error in
        guard case ChannelError.keyUsedElsewhere = error else { return false }
        return true
      }
    }
    _ = try await open(copy, takeOver: true)
  }

  @Test func `29: a stolen voucher key spends no more than the deposits that name it`() throws {
    let hot = Fixture.descriptor(openCount: 1, signer: Fixture.hot.address)
    var engine = try payee()
    engine.apply(Fixture.block(2, [.opened(hot, deposit: 70)]), now: .zero)
    try engine.commitAll(to: store)
    try engine.take(try Fixture.voucher(70, of: hot, by: Fixture.hot), on: store)
    #expect(throws: ChannelError.aboveDeposit(hot.id, deposit: 70)) {
      try engine.take(try Fixture.voucher(71, of: hot, by: Fixture.hot), on: store)
    }
    #expect(throws: ChannelError.badSignature(channel.id)) {
      try engine.take(try Fixture.voucher(5, of: channel, by: Fixture.hot), on: store)
    }
  }

  @Test func `30: a watcher can pay nobody but the payee`() throws {
    var ledger = ModelLedger()
    ledger.fund(Fixture.payer.address, 1_000)
    var engine = try Fixture.engine(of: Fixture.hot)
    let voucher = try Fixture.voucher(40, of: channel)
    let state = LedgerChannels(
      head: LedgerHead(height: 1, hash: .zero, time: 0), roomBlocks: 0,
      states: [ChannelState(settled: 0, deposit: 100)])
    _ = try engine.merge(
      [.init(role: .watcher, descriptor: channel, voucher: voucher)], state, now: .zero)
    try engine.commitAll(to: store)
    // It cashes only in danger, and has no say otherwise.
    #expect(settled(engine).isEmpty)
    #expect(throws: ChannelError.wrongRole(channel.id)) { try engine.closing(channel.id) }
    #expect(throws: ChannelError.wrongRole(channel.id)) {
      try engine.release(channel.id, until: 5)
    }
    engine.apply(
      Fixture.block(5, [.closeRequested(channel.id, at: 1, roomBlocks: 1)]), now: .zero)
    let items = engine.settlements(now: .zero, fee: 1_000, itemFee: 1_000, limit: 9)
    #expect(items.map(\.channel.payee) == [Fixture.payee.address])
  }

  @Test func `36: amounts at the end of their range overflow nowhere`() throws {
    let most = ChannelState.maximumAmount
    var engine = try payee(deposit: most) { $0.window = .max }
    let id = channel.id
    #expect(
      try engine.complete(on: store) { engine throws(ChannelError) in
        try engine.charge(id, upTo: .max)
      }.credit == 0)
    try engine.take(try Fixture.voucher(most, of: channel), on: store)
    #expect(throws: ChannelError.aboveDeposit(id, deposit: most)) {
      try engine.take(try Fixture.voucher(.max, of: channel), on: store)
    }
    #expect(
      engine.settlements(now: .seconds(1 << 40), fee: .max, itemFee: 0, limit: 9).isEmpty)
    #expect(engine.settlements(now: .zero, fee: 1 << 100, itemFee: 0, limit: 9).count == 1)
    var paying = try Fixture.engine(
      of: Fixture.payer, knowing: channel, deposit: most, store: SimulatedStore())
    #expect(try pay(&paying, most, on: SimulatedStore()).cumulativeAmount == most)
    #expect(throws: ChannelError.aboveDeposit(id, deposit: most)) {
      try paying.pay(id, total: .max)
    }
  }

  @Test(arguments: SimulatedStore.Fault.allCases)
  func `a full or broken disk ends credit and signing, and settling goes on`(
    fault: SimulatedStore.Fault
  ) throws {
    var engine = try payee { $0.window = 50 }
    try engine.take(try Fixture.voucher(100, of: channel), on: store)
    store.failNextWrite(with: fault)
    try engine.offer(try Fixture.voucher(200, of: channel), from: Fixture.peer, now: .zero)
    engine.verifyVouchers()
    try engine.commitAll(to: store)
    #expect(throws: ChannelError.self) { try engine.received(channel.id, amount: 200) }
    #expect(throws: ChannelError.self) { try engine.charge(channel.id, upTo: 10) }
    #expect(engine.credit(of: try engine.payee(channel.id)).credit == 0)
    #expect(throws: ChannelError.self) {
      try engine.offer(try Fixture.voucher(300, of: channel), from: Fixture.peer, now: .zero)
    }
    // Even the voucher that found no room is cashed, by a transaction that is in no row.
    let items = engine.settlements(now: .zero, fee: 0, itemFee: 0, limit: 9)
    #expect(items.map(\.cumulativeAmount) == [200])
    _ = try engine.propose(
      .settle(items), gas: 1, nonce: 0, fees: LedgerFees(baseFee: 1, priorityFee: 1), now: .zero)
    #expect(engine.sendable(now: .zero).count == 1)
    #expect(throws: ChannelError.self) { try engine.closing(channel.id) }
    // Room made, what was acknowledged is there.
    let again = try Fixture.engine(of: Fixture.payee, store: store.kill())
    #expect(again.payees[channel.id]?.accepted ?? 0 >= 100)
  }
}
