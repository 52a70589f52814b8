internal import ChainTypes
internal import JSON
internal import KeyValueStore
internal import Keys
internal import PaymentChannels
internal import Primitives
internal import Testing

@Suite struct ChannelArchiveTests {
  let channel = Fixture.descriptor()

  func archive(of key: UInt128 = 300) throws -> ChannelArchive {
    ChannelArchive(
      domain: Fixture.domain,
      entries: [
        .init(role: .payee, descriptor: channel, voucher: try Fixture.voucher(key, of: channel)),
        .init(role: .payer, descriptor: Fixture.descriptor(openCount: 1), ceiling: 77),
        .init(role: .watcher, descriptor: Fixture.descriptor(openCount: 2)),
      ])
  }

  @Test func `an export survives its JSON`() throws {
    let archive = try archive()
    let text = archive.json.serialized
    #expect(try ChannelArchive(json: JSONValue.parse(text)) == archive)
  }

  @Test func `a wrong signature, role or number refuses the whole file`() throws {
    let good = try #require(String(validating: archive().json.serialized, as: UTF8.self))
    for (old, new) in [
      ("\"300\"", "\"301\""), ("\"payer\":\"0x", "\"payer\":\"0y"), ("\"watcher\"", "\"owner\""),
      ("\"77\"", "\"-77\""), ("btt-channels", "other"), ("\"version\":\"1\"", "\"version\":\"2\""),
    ] {
      let bad = good.replacing(old, with: new)
      #expect(bad != good, "\(old)")
      #expect(throws: ChannelError.self, "\(old)") {
        try ChannelArchive(json: JSONValue.parse(Array(bad.utf8)))
      }
    }
  }

  @Test func `importing only ever raises a payee's voucher`() throws {
    let store = SimulatedStore()
    var engine = try Fixture.engine(
      of: Fixture.payee, knowing: channel, deposit: 1_000, store: store)
    try engine.take(try Fixture.voucher(200, of: channel), on: store)
    let head = LedgerHead(height: 5, hash: .zero, time: 0)
    let state = LedgerChannels(
      head: head, roomBlocks: 0, states: [ChannelState(settled: 0, deposit: 1_000)])
    for (amount, expected) in [(100 as UInt128, 200 as UInt128), (300, 300), (250, 300)] {
      let entries = Array(try archive(of: amount).entries.prefix(1))
      _ = try engine.merge(entries, state, now: .zero)
      #expect(try engine.payee(channel.id).accepted == expected)
    }
  }

  @Test func `a payer's channel that was signed for elsewhere comes stopped`() throws {
    var engine = try Fixture.engine(of: Fixture.payer)
    let head = LedgerHead(height: 5, hash: .zero, time: 0)
    let state = ChannelState(settled: 0, deposit: 1_000)
    _ = try engine.merge(
      [
        .init(role: .payer, descriptor: channel, ceiling: 77),
        .init(role: .payer, descriptor: Fixture.descriptor(openCount: 1)),
      ], LedgerChannels(head: head, roomBlocks: 0, states: [state, state]), now: .zero)
    #expect(throws: ChannelError.oldStore(channel.id, shown: 77, ceiling: 0)) {
      try engine.pay(channel.id, total: 100)
    }
    #expect(throws: Never.self) { try engine.pay(Fixture.descriptor(openCount: 1).id, total: 1) }
    // Another's channel can't be paid from.
    var other = Fixture.descriptor(openCount: 3)
    other.payer = Fixture.hot.address
    #expect(throws: ChannelError.wrongRole(other.id)) {
      try engine.merge(
        [.init(role: .payer, descriptor: other)],
        LedgerChannels(head: head, roomBlocks: 0, states: [state]), now: .zero)
    }
  }
}
