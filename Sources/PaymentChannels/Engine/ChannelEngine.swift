package import ChainTypes
package import KeyValueStore
internal import Primitives

/// What an operation of the engine came to.
package enum Step<Value> {
  /// It is done, and may be told.
  case done(Value)
  /// It may go on once this generation is on disk: sync it and call again.
  case wait(UInt64)
}

/// Everything that a party to channels decides, as a value: no disk, no clock, no network.
///
/// The caller passes the time, since 1970, syncs what `commit` holds, hands in what `sendable()`
/// gives, and feeds final blocks and receipts back.
package struct ChannelEngine: Sendable {
  package let domain: ChannelDomain
  package let configuration: ChannelConfiguration
  /// The key that owns the books: pays, is paid, and sends transactions.
  package let account: any ChannelSigner
  /// The key that signs vouchers of channels that name it.
  package let voucherSigner: any ChannelSigner

  package var commit = CommitQueue()
  package var payees: [ChannelID: PayeeBook] = [:]
  package var payers: [ChannelID: PayerBook] = [:]
  package var outbox = Outbox()
  package var intake: VoucherIntake
  package var meta: ChannelMeta
  /// The newest final block seen.
  package var head: LedgerHead?
  /// What gas costs, when last asked.
  package var fees: LedgerFees?
  /// What happened since the caller last took it.
  package var updates: [ChannelUpdate] = []
  /// Transactions that ended since the caller last took them.
  package var outcomes: [Outcome] = []

  package init(
    domain: ChannelDomain, account: any ChannelSigner, voucherSigner: any ChannelSigner,
    configuration: ChannelConfiguration, meta: ChannelMeta
  ) {
    self.domain = domain
    self.account = account
    self.voucherSigner = voucherSigner
    self.configuration = configuration
    self.meta = meta
    intake = VoucherIntake(configuration)
  }

  package var synced: UInt64 { commit.synced }

  /// How many channels the books hold.
  package var channelCount: Int { payees.count + payers.count }

  /// Throws once the store takes no more writes: nothing may be promised then.
  package func checkStore() throws(ChannelError) {
    if let failure = commit.failure { throw .storage(failure) }
  }

  package mutating func takeUpdates() -> [ChannelUpdate] {
    defer { updates = [] }
    return updates
  }

  /// Writes down exactly what the rows lag behind with, as for a clean end.
  package mutating func checkpoint() {
    for (id, book) in payees { put(ChannelTables.counters, id, book.exactCounters.row) }
    for (id, book) in payers where book.signed > 0 {
      put(ChannelTables.vouchers, id, book.terms.row)
    }
    putMeta()
  }

  // MARK: - Rows

  @discardableResult
  package mutating func put(_ table: KeySpace, _ id: ChannelID, _ row: [UInt8]?) -> UInt64 {
    commit.put(table.key(id.bytes), row)
  }

  package mutating func putMeta() { commit.put(ChannelMeta.key, meta.row) }

  /// Adds a channel to the books.
  package mutating func add(_ row: ChannelRow, view: ChannelView, now: Duration) {
    let id = row.descriptor.id
    guard payees[id] == nil, payers[id] == nil else { return }
    put(ChannelTables.channels, id, row.row)
    put(ChannelTables.views, id, view.row)
    if row.role == .payer {
      payers[id] = PayerBook(row: row, id: id, view: view, terms: PayerTerms())
    } else {
      let counters = PayeeCounters(window: row.role == .payee ? configuration.window : 0)
      put(ChannelTables.counters, id, counters.row)
      payees[id] = PayeeBook(row: row, id: id, view: view, counters: counters, now: now)
    }
  }

  /// Removes a channel that is gone from the ledger.
  package mutating func remove(_ id: ChannelID) {
    payees[id] = nil
    payers[id] = nil
    for table in ChannelTables.perChannel { put(table, id, nil) }
  }

  package func payee(_ id: ChannelID) throws(ChannelError) -> PayeeBook {
    if let book = payees[id] { return book }
    throw payers[id] == nil ? .unknownChannel(id) : .wrongRole(id)
  }

  package func payer(_ id: ChannelID) throws(ChannelError) -> PayerBook {
    if let book = payers[id] { return book }
    throw payees[id] == nil ? .unknownChannel(id) : .wrongRole(id)
  }
}
