package import ChainTypes
package import KeyValueStore
internal import Keys
package import Primitives

extension ChannelEngine {
  /// Opens the books of a store, or begins new ones that follow the ledger from `start` on.
  ///
  /// Nothing is written: the first commit holds the new epoch.
  package static func load(
    _ store: any KeyValueStore, domain: ChannelDomain, account: any ChannelSigner,
    voucherSigner: any ChannelSigner, configuration: ChannelConfiguration, start: UInt64,
    newStoreID: Hash256, now: Duration
  ) throws(ChannelError) -> ChannelEngine {
    let snapshot: any StoreSnapshot
    let metaRow: [UInt8]?
    do throws(StoreError) {
      snapshot = try store.snapshot()
      metaRow = try snapshot.get(ChannelMeta.key)
    } catch {
      throw .storage(error)
    }
    var meta: ChannelMeta
    if let metaRow {
      meta = try ChannelMeta(row: metaRow)
      try meta.check(domain: domain, account: account.address)
    } else {
      meta = ChannelMeta(
        domain: domain, account: account.address, storeID: newStoreID, followed: start)
    }
    meta.epoch += 1
    var engine = ChannelEngine(
      domain: domain, account: account, voucherSigner: voucherSigner,
      configuration: configuration, meta: meta)
    try engine.readBooks(snapshot, now: now)
    engine.outbox = Outbox(
      try ChannelTables.rows(ChannelTables.outbox, of: snapshot) { key, row throws(RowError) in
        guard key.count == 8 else { throw .malformed }
        return try OutboxEntry(sequence: key.reduce(0) { $0 << 8 | UInt64($1) }, row: row)
      })
    engine.putMeta()
    return engine
  }

  private mutating func readBooks(
    _ snapshot: any StoreSnapshot, now: Duration
  ) throws(ChannelError) {
    let domain = domain
    let channels = try byID(ChannelTables.channels, snapshot) { row throws(RowError) in
      try ChannelRow(row: row, in: domain)
    }
    let views = try byID(ChannelTables.views, snapshot) { row throws(RowError) in
      try ChannelView(row: row)
    }
    let holds = try byID(ChannelTables.holds, snapshot) { row throws(RowError) in
      try PayeeHold(row: row)
    }
    let rawVouchers = try byID(ChannelTables.vouchers, snapshot) { row throws(RowError) in row }
    let rawCounters = try byID(ChannelTables.counters, snapshot) { row throws(RowError) in
      try PayeeCounters(row: row)
    }
    for (id, row) in channels {
      guard row.descriptor.id == id, let view = views[id] else {
        throw .damagedRow(table: "c", key: "\(id)")
      }
      do throws(RowError) {
        let voucherRow = rawVouchers[id]
        if row.role == .payer {
          let terms = try voucherRow.map { bytes throws(RowError) in try PayerTerms(row: bytes) }
          payers[id] = PayerBook(row: row, id: id, view: view, terms: terms ?? PayerTerms())
        } else {
          let voucher = try voucherRow.map { bytes throws(RowError) in
            try Self.voucher(row: bytes, of: id)
          }
          payees[id] = PayeeBook(
            row: row, id: id, view: view, voucher: voucher, hold: holds[id],
            counters: rawCounters[id] ?? PayeeCounters(), now: now)
        }
      } catch {
        throw .damagedRow(table: "v", key: "\(id)")
      }
    }
  }

  private func byID<Row>(
    _ table: KeySpace, _ snapshot: any StoreSnapshot,
    _ decode: (_ row: [UInt8]) throws(RowError) -> Row
  ) throws(ChannelError) -> [ChannelID: Row] {
    let rows = try ChannelTables.rows(table, of: snapshot) {
      key, row throws(RowError) -> (ChannelID, Row) in
      guard let id = ChannelID(key) else { throw .malformed }
      return (id, try decode(row))
    }
    return Dictionary(rows, uniquingKeysWith: { first, _ in first })
  }

  /// The amount and the signature; the id is the key's.
  package static func row(of voucher: SignedVoucher) -> [UInt8] {
    var writer = RowWriter(version: 1)
    writer.append(voucher.cumulativeAmount)
    writer.append(voucher.signature.r.word)
    writer.append(voucher.signature.s.word)
    writer.append(voucher.signature.v)
    return writer.bytes
  }

  private static func voucher(row: [UInt8], of id: ChannelID) throws(RowError) -> SignedVoucher {
    var reader = try RowReader(row, version: 1)
    let rest = try reader.read(16 + 65)
    try reader.finish()
    guard let voucher = try? SignedVoucher(decoding: id.bytes + rest) else { throw .malformed }
    return voucher
  }
}
