internal import ChainTypes
internal import KeyValueStore
internal import PaymentChannels
internal import Primitives
internal import Testing

@Suite struct PayeeBookTests {
  let channel = Fixture.descriptor()
  let store = SimulatedStore()

  func engine(deposit: UInt128 = 1_000, window: UInt128 = 80) throws -> ChannelEngine {
    try Fixture.engine(of: Fixture.payee, knowing: channel, deposit: deposit, store: store) {
      $0.window = window
      $0.minimumStep = 5
    }
  }

  func charge(_ engine: inout ChannelEngine, upTo total: UInt128) throws -> PayeeCredit {
    let id = channel.id
    return try engine.complete(on: store) { engine throws(ChannelError) in
      try engine.charge(id, upTo: total)
    }
  }

  @Test func `credit is what is on disk, less what is billed, plus the window`() throws {
    var engine = try engine()
    #expect(try charge(&engine, upTo: 30).credit == 50)
    #expect(try charge(&engine, upTo: 80).credit == 0)
    #expect(
      throws: ChannelError.insufficientCredit(
        channel.id, required: 1, accepted: 0, deposit: 1_000)
    ) { try charge(&engine, upTo: 81) }
    let credit = try engine.take(try Fixture.voucher(50, of: channel), on: store)
    #expect(credit.paid == 50 && credit.delivered == 80 && credit.credit == 50)
    #expect(try charge(&engine, upTo: 130).credit == 0)
  }

  @Test func `a voucher that is not on disk buys nothing`() throws {
    var engine = try engine()
    try engine.offer(try Fixture.voucher(50, of: channel), from: Fixture.peer, now: .zero)
    engine.verifyVouchers()
    guard case .wait = try engine.received(channel.id, amount: 50) else {
      Issue.record("told before it is on disk")
      return
    }
    #expect(engine.credit(of: try engine.payee(channel.id)).credit == 80)
    try engine.commitAll(to: store)
    #expect(engine.credit(of: try engine.payee(channel.id)).credit == 130)
  }

  @Test func `a delivery waits until its bill is on disk`() throws {
    var engine = try engine()
    guard case .wait(let generation) = try engine.charge(channel.id, upTo: 10) else {
      Issue.record("granted before it is on disk")
      return
    }
    #expect(generation > engine.synced)
    try engine.commitAll(to: store)
    guard case .done = try engine.charge(channel.id, upTo: 10) else {
      Issue.record("not granted on disk")
      return
    }
    // A little more was billed at once: the next delivery needs no write.
    guard case .done = try engine.charge(channel.id, upTo: 20) else {
      Issue.record("not billed ahead")
      return
    }
  }

  @Test func `a restart bills what was billed, and serves it again for nothing`() throws {
    var engine = try engine()
    _ = try charge(&engine, upTo: 40)
    var again = try Fixture.engine(of: Fixture.payee, store: store.kill()) { $0.window = 80 }
    let book = try again.payee(channel.id)
    #expect(book.counters.billed >= 40 && book.counters.billed <= 50)
    guard case .done = try again.charge(channel.id, upTo: 40) else {
      Issue.record("billed twice")
      return
    }
  }

  @Test func `cheap checks come before the signature`() throws {
    var engine = try engine()
    let id = channel.id
    func offer(_ amount: UInt128, _ engine: inout ChannelEngine) throws {
      // The signature is of another key: nobody looks at it.
      let voucher = try Fixture.voucher(amount, of: channel, by: Fixture.hot)
      try engine.offer(voucher, from: Fixture.peer, now: .zero)
    }
    try engine.take(try Fixture.voucher(100, of: channel), on: store)
    #expect(throws: ChannelError.notAbove(id, accepted: 100)) { try offer(100, &engine) }
    #expect(throws: ChannelError.notAbove(id, accepted: 100)) { try offer(99, &engine) }
    #expect(throws: ChannelError.stepTooSmall(id, accepted: 100, step: 5)) {
      try offer(104, &engine)
    }
    #expect(throws: ChannelError.aboveDeposit(id, deposit: 1_000)) { try offer(1_001, &engine) }
    let unknown = try Fixture.voucher(5, of: Fixture.descriptor(openCount: 9))
    #expect(throws: ChannelError.unknownChannel(unknown.channelID)) {
      try engine.offer(unknown, from: Fixture.peer, now: .zero)
    }
    // The last of the deposit may be a small step.
    try engine.take(try Fixture.voucher(998, of: channel), on: store)
    try engine.take(try Fixture.voucher(1_000, of: channel), on: store)
  }

  @Test func `after a close request there is no credit, and what is paid still counts`() throws {
    var engine = try engine()
    try engine.take(try Fixture.voucher(100, of: channel), on: store)
    engine.apply(
      Fixture.block(2, [.closeRequested(channel.id, at: 1_700_000_002, roomBlocks: 2)]),
      now: .zero)
    #expect(engine.credit(of: try engine.payee(channel.id)).credit == 100)
    #expect(throws: ChannelError.self) { try charge(&engine, upTo: 101) }
    // A debt may still be paid, and buys no window.
    let credit = try engine.take(try Fixture.voucher(150, of: channel), on: store)
    #expect(credit.credit == 150)
    // It is cashed at once.
    #expect(
      engine.settlements(now: .zero, fee: 1_000_000, itemFee: 1, limit: 10)
        .map(\.cumulativeAmount) == [150])
    // A top-up takes the request back.
    engine.apply(
      Fixture.block(3, [.toppedUp(channel.id, amount: 10, deposit: 1_010)]), now: .zero)
    #expect(engine.credit(of: try engine.payee(channel.id)).credit == 230)
  }

  @Test func `a release freezes the book on disk before it exists`() throws {
    var engine = try engine()
    try engine.take(try Fixture.voucher(100, of: channel), on: store)
    let until = 1_700_000_001 + 300 as UInt64
    guard case .wait = try engine.release(channel.id, until: until) else {
      Issue.record("signed before it is frozen on disk")
      return
    }
    // From here on nothing is taken, on disk or not.
    #expect(throws: ChannelError.frozen(channel.id, until: until)) {
      try engine.take(try Fixture.voucher(200, of: channel), on: store)
    }
    #expect(engine.credit(of: try engine.payee(channel.id)).credit == 100)
    try engine.commitAll(to: store)
    let id = channel.id
    let release = try engine.complete(on: store) { engine throws(ChannelError) in
      try engine.release(id, until: until + 50)
    }
    #expect(release.release == Release(channelID: id, capture: 100, validUntil: until))
    #expect(release.isSigned(by: channel.payee, in: channel.domain))
    // A restart finds it frozen.
    var again = try Fixture.engine(of: Fixture.payee, store: store.kill()) { $0.window = 80 }
    #expect(throws: ChannelError.frozen(id, until: until)) {
      try again.offer(try Fixture.voucher(200, of: channel), from: Fixture.peer, now: .zero)
    }
    // The last second still counts; the first block after it frees the channel.
    again.apply(Fixture.block(9, time: until), now: .zero)
    #expect(try again.payee(id).hold.current != nil)
    again.apply(Fixture.block(10, time: until + 1), now: .zero)
    #expect(try again.payee(id).hold.current == nil)
  }

  @Test func `a write-off lowers the bill, and only that`() throws {
    var engine = try engine()
    _ = try charge(&engine, upTo: 80)
    _ = try engine.writeOff(channel.id, to: 30)
    try engine.commitAll(to: store)
    #expect(engine.credit(of: try engine.payee(channel.id)).credit == 50)
    #expect(try engine.payee(channel.id).accepted == 0)
  }

  @Test func `channels below the limits, and those beyond the table, are ignored`() throws {
    var engine = try Fixture.engine(of: Fixture.payee) {
      $0.minimumDeposit = 100
      $0.maximumChannels = 3
    }
    var hasty = Fixture.descriptor(openCount: 1)
    hasty.graceSeconds = 60
    var few = Fixture.descriptor(openCount: 2)
    few.graceBlocks = 10
    engine.apply(
      Fixture.block(
        1,
        [
          .opened(Fixture.descriptor(), deposit: 99), .opened(hasty, deposit: 1_000),
          .opened(few, deposit: 1_000),
        ]), now: .zero)
    #expect(engine.channelCount == 0)
    engine.apply(
      Fixture.block(
        2, (10..<20).map { .opened(Fixture.descriptor(openCount: $0), deposit: 100) }),
      now: .zero)
    #expect(engine.channelCount == 3)
  }
}
