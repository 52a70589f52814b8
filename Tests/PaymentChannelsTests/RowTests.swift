internal import ChainTypes
internal import KeyValueStore
internal import PaymentChannels
internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct RowTests {
  /// Every layout, with a reader that says whether bytes are one.
  static func layouts() throws -> [(name: String, row: [UInt8], reads: ([UInt8]) -> Bool)] {
    let view = ChannelView(
      state: ChannelState(
        settled: 5, deposit: 9, closeRequest: .init(time: 3, roomBlocks: 4, height: 5)),
      height: 77)
    let meta = ChannelMeta(
      domain: Fixture.domain, account: Address(1), storeID: .zero, followed: 9)
    var engine = try Fixture.engine(of: Fixture.payer)
    let sequence = try engine.propose(
      .requestClose(Fixture.descriptor()), gas: 50_000, nonce: 2,
      fees: LedgerFees(baseFee: 1, priorityFee: 1), now: .seconds(5))
    let entry = try #require(engine.outbox[sequence])
    return [
      (
        "channel", ChannelRow(role: .payee, descriptor: Fixture.descriptor()).row,
        { (try? ChannelRow(row: $0, in: Fixture.domain)) != nil }
      ),
      ("view", view.row, { (try? ChannelView(row: $0)) == view }),
      (
        "hold", PayeeHold.release(capture: 7, until: 8).row,
        { (try? PayeeHold(row: $0)) == .release(capture: 7, until: 8) }
      ),
      (
        "counters", PayeeCounters(billed: 3, delivered: 2, window: 1).row,
        { (try? PayeeCounters(row: $0)) == PayeeCounters(billed: 3, delivered: 2, window: 1) }
      ),
      (
        "ceiling", PayerTerms(ceiling: 9, signed: 5, shown: 11).row,
        { (try? PayerTerms(row: $0)) == PayerTerms(ceiling: 9, signed: 5, shown: 11) }
      ),
      ("meta", meta.row, { (try? ChannelMeta(row: $0)) == meta }),
      (
        "outbox", entry.row,
        { (try? OutboxEntry(sequence: sequence, row: $0)) == entry }
      ),
    ]
  }

  @Test func `rows are read back, and no shorter, longer or newer one is`() throws {
    for (name, row, reads) in try Self.layouts() {
      #expect(reads(row), "\(name)")
      #expect(!reads(row + [0]), "\(name)")
      for count in 0..<row.count { #expect(!reads(Array(row[..<count])), "\(name), \(count)") }
      #expect(!reads([row[0] + 1] + row.dropFirst()), "\(name)")
    }
  }

  @Test func `random bytes are no trap`() throws {
    var random = SeededGenerator()
    let layouts = try Self.layouts()
    for _ in 0..<2_000 {
      for (_, row, reads) in layouts {
        var bytes = row
        for _ in 0...Int.random(in: 0..<4, using: &random) {
          let place = Int.random(in: bytes.indices, using: &random)
          bytes[place] = UInt8(truncatingIfNeeded: random.next())
        }
        _ = reads(bytes)
      }
    }
  }

  @Test func `counters and ceilings that can't be are refused`() {
    #expect(throws: RowError.malformed) {
      try PayeeCounters(row: PayeeCounters(billed: 1, delivered: 2).row)
    }
    #expect(throws: RowError.malformed) { try PayerTerms(row: PayerTerms(signed: 1).row) }
    #expect(throws: RowError.malformed) {
      try ChannelView(
        row: ChannelView(state: ChannelState(settled: 2, deposit: 1), height: 0).row)
    }
  }

  @Test func `books of another chain, key or schema are refused`() throws {
    let store = SimulatedStore()
    var engine = try Fixture.engine(of: Fixture.payer, store: store)
    try engine.commitAll(to: store)
    #expect(throws: ChannelError.self) { try Fixture.engine(of: Fixture.payee, store: store) }
    var row = try #require(try store.get(ChannelMeta.key))
    row[8] = 2
    var batch = WriteBatch()
    batch.put(ChannelMeta.key, row)
    try store.write(batch, sync: true)
    #expect(throws: ChannelError.newerSchema(found: 2, known: 1)) {
      try Fixture.engine(of: Fixture.payer, store: store)
    }
  }

  @Test func `a damaged row is named`() throws {
    let store = SimulatedStore()
    let channel = Fixture.descriptor()
    _ = try Fixture.engine(of: Fixture.payer, knowing: channel, deposit: 9, store: store)
    var batch = WriteBatch()
    let key = try #require(
      try store.snapshot().records().first { $0[0].first == UInt8(ascii: "x") }?.first)
    batch.put(key, [1, 2, 3])
    try store.write(batch, sync: true)
    #expect(
      throws: ChannelError.damagedRow(table: "x", key: channel.id.description)
    ) { try Fixture.engine(of: Fixture.payer, store: store) }
  }
}
