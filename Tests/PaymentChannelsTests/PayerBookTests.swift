internal import ChainTypes
internal import KeyValueStore
internal import Keys
internal import PaymentChannels
internal import Primitives
internal import Testing

@Suite struct PayerBookTests {
  let channel = Fixture.descriptor()
  let store = SimulatedStore()

  func engine() throws -> ChannelEngine {
    try Fixture.engine(of: Fixture.payer, knowing: channel, deposit: 1_600, store: store)
  }

  func pay(_ engine: inout ChannelEngine, _ total: UInt128) throws -> SignedVoucher {
    let id = channel.id
    return try engine.complete(on: store) { engine throws(ChannelError) in
      try engine.pay(id, total: total)
    }
  }

  @Test func `nothing is signed above the ceiling on disk`() throws {
    var engine = try engine()
    guard case .wait = try engine.pay(channel.id, total: 10) else {
      Issue.record("signed before the ceiling is on disk")
      return
    }
    let before = store.writeCount
    try engine.commitAll(to: store)
    guard case .done(let voucher) = try engine.pay(channel.id, total: 10) else {
      Issue.record("not signed under the ceiling")
      return
    }
    #expect(voucher.isSigned(by: channel.payer, in: channel.domain))
    // A sixteenth of the deposit is one write.
    for total in 11...110 as ClosedRange<UInt128> {
      guard case .done = try engine.pay(channel.id, total: total) else {
        Issue.record("a write under the ceiling")
        return
      }
    }
    #expect(store.writeCount == before + 1)
    guard case .wait = try engine.pay(channel.id, total: 111) else {
      Issue.record("signed above the ceiling")
      return
    }
  }

  @Test func `the same total is the same voucher, a lower one is refused`() throws {
    var engine = try engine()
    let first = try pay(&engine, 10)
    #expect(try pay(&engine, 10) == first)
    #expect(throws: ChannelError.notAbove(channel.id, accepted: 10)) { try pay(&engine, 9) }
    #expect(throws: ChannelError.aboveDeposit(channel.id, deposit: 1_600)) {
      try pay(&engine, 1_601)
    }
    #expect(try pay(&engine, 1_600).cumulativeAmount == 1_600)
  }

  @Test func `a hot key signs for channels that name it`() throws {
    let hot = Fixture.descriptor(signer: Fixture.hot.address)
    var engine = try Fixture.engine(of: Fixture.payer, knowing: hot, deposit: 100, store: store)
    let voucher = try engine.complete(on: store) { engine throws(ChannelError) in
      try engine.pay(hot.id, total: 5)
    }
    #expect(voucher.isSigned(by: Fixture.hot.address, in: hot.domain))
    let foreign = Fixture.descriptor(openCount: 1, signer: Address(7))
    engine.apply(Fixture.block(2, [.opened(foreign, deposit: 100)]), now: .zero)
    #expect(throws: ChannelError.wrongRole(foreign.id)) {
      try engine.complete(on: store) { engine throws(ChannelError) in
        try engine.pay(foreign.id, total: 5)
      }
    }
  }

  @Test func `after a crash it goes on from what the payee shows`() throws {
    var engine = try engine()
    _ = try pay(&engine, 10)
    let newest = try pay(&engine, 90)
    var again = try Fixture.engine(of: Fixture.payer, store: store.kill())
    #expect(try again.payer(channel.id).signed == 0)
    #expect(try again.payer(channel.id).ceiling == 110)
    var isTaken = try again.shown(newest)
    #expect(isTaken)
    #expect(try again.payer(channel.id).signed == 90)
    guard
      case .resend(newest) = try again.payer(channel.id)
        .signing(upTo: 90, parts: 16, synced: 0)
    else {
      Issue.record("the shown voucher is not known")
      return
    }
    // What says no more is not looked at, and not taken.
    isTaken = try again.shown(try Fixture.voucher(89, of: channel, by: Fixture.payee))
    #expect(!isTaken)
    // Others' signatures prove nothing.
    #expect(throws: ChannelError.badSignature(channel.id)) {
      try again.shown(try Fixture.voucher(95, of: channel, by: Fixture.payee))
    }
  }

  @Test func `a voucher that a crash lost is made again, over as much and no less`() throws {
    var engine = try engine()
    let lost = try pay(&engine, 90)
    // The next ceiling brings its amount to the disk.
    _ = try pay(&engine, 200)
    let after = store.kill()
    var again = try Fixture.engine(of: Fixture.payer, store: after)
    #expect(try again.payer(channel.id).signed == 90)
    func sign(_ total: UInt128) throws -> SignedVoucher {
      try again.complete(on: after) { engine throws(ChannelError) in
        try engine.pay(channel.id, total: total)
      }
    }
    #expect(throws: ChannelError.notAbove(channel.id, accepted: 90)) { try sign(89) }
    #expect(try sign(90) == lost)
    #expect(throws: ChannelError.notAbove(channel.id, accepted: 90)) { try sign(89) }
  }

  @Test func `money goes back when the grace is over, by the ledger's rule`() throws {
    var engine = try engine()
    let request = ChannelEvent.closeRequested(channel.id, at: 1_700_000_000, roomBlocks: 5)
    engine.apply(Fixture.block(10, [request]), now: .zero)
    func due(_ height: UInt64, _ time: UInt64, room: UInt64) -> Bool {
      !engine.withdrawals(
        at: LedgerHead(height: height, hash: .zero, time: time), roomBlocks: room
      ).isEmpty
    }
    #expect(!due(200, 1_700_003_599, room: 200))
    #expect(due(200, 1_700_003_600, room: 105))
    #expect(!due(200, 1_700_003_600, room: 104))
    #expect(!due(409, 1_700_009_999, room: 6))
    #expect(due(410, 1_700_009_999, room: 6))
  }
}
