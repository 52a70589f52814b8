public import ChainTypes
internal import Logging
public import Primitives

/// What ledger calls cost about, until the ledger is asked for a call itself.
enum ChannelGas {
  /// A settlement apart from its items.
  static let settleBase: UInt64 = 35_000
  /// An item of a settlement.
  static let settleItem: UInt64 = 20_000
}

extension ChannelService {
  // MARK: - Vault

  /// The payer's free money and the number of its openings.
  public func vault() async throws(ChannelError) -> ChannelVault {
    try await ask { client throws(LedgerClientError) in try await client.vault(of: account) }
  }

  /// The bounds within which payers choose grace times.
  public func graceBounds() async throws(ChannelError) -> ChannelGraceBounds {
    try await ask { client throws(LedgerClientError) in try await client.graceBounds() }
  }

  /// Moves coin from the account to its vault, and waits until that is final.
  public func depositToVault(_ amount: UInt128) async throws(ChannelError) -> LedgerReceipt {
    try await execute(TransactionPlan(kind: .vaultDeposit, call: .vaultDeposit, value: amount))
  }

  /// Moves coin from the vault to the account, and waits until that is final.
  public func withdrawFromVault(_ amount: UInt128) async throws(ChannelError) -> LedgerReceipt {
    try await execute(TransactionPlan(kind: .vaultWithdraw, call: .vaultWithdraw(amount)))
  }

  // MARK: - Life of a channel

  /// Opens channels from the vault, all or none in one transaction, and waits until they are
  /// final.
  public func open(_ terms: [ChannelTerms]) async throws(ChannelError) -> [ChannelDescriptor] {
    guard (1...ChannelModule.maximumOpenCount).contains(terms.count) else {
      throw .invalid("open 1 to \(ChannelModule.maximumOpenCount) channels at once")
    }
    for term in terms {
      guard term.payee != account, term.payee != .zero, term.deposit > 0,
        term.deposit <= ChannelState.maximumAmount
      else {
        throw .invalid("a channel needs another account as payee and a deposit below 2^112 wei")
      }
    }
    let receipt = try await execute(TransactionPlan(kind: .open, call: .open(terms)))
    return receipt.events.compactMap { event in
      if case .opened(let descriptor, _) = event, descriptor.payer == account {
        descriptor
      } else {
        nil
      }
    }
  }

  /// Raises deposits from the vault, which takes back close requests; waits until it is final.
  public func topUp(
    _ amounts: [(id: ChannelID, amount: UInt128)]
  ) async throws(ChannelError) -> LedgerReceipt {
    var items: [ChannelTopUp] = []
    for (id, amount) in amounts {
      items.append(ChannelTopUp(channel: try engine.payer(id).descriptor, amount: amount))
    }
    return try await execute(
      TransactionPlan(
        kind: .topUp, call: .topUp(items), items: amounts.map { .init(id: $0.id, amount: 0) }))
  }

  /// Cashes the vouchers of these channels, or of all, as far as they are worth it.
  ///
  /// - Returns: what the ledger paid, or nil when there was nothing worth its fee.
  public func settle(_ ids: Set<ChannelID>? = nil) async throws(ChannelError) -> Amount? {
    var submitted = try await submitSettlement(everything: true, only: ids)
    // What the policy has sent already is what was asked for.
    if submitted == nil {
      submitted =
        engine.outbox.entries.last { entry in
          entry.kind == .settle && entry.items.contains { ids?.contains($0.id) ?? true }
        }?.sequence
    }
    guard let sequence = submitted else { return nil }
    let receipt = try await outcome(of: sequence)
    return receipt.events.reduce(Amount.zero) { sum, event in
      guard case .settled(_, let paid, _) = event else { return sum }
      return sum.adding(Amount(paid)) ?? sum
    }
  }

  /// Closes a channel as its payee, for all that is paid; the rest goes back to the payer.
  ///
  /// From here on the channel takes no voucher and gives no credit.
  public func close(_ id: ChannelID) async throws(ChannelError) -> LedgerReceipt {
    if engine.outbox.pending(.close, id) != nil { throw .closing(id) }
    let plan = try await complete { engine throws(ChannelError) in try engine.closing(id) }
    return try await execute(plan)
  }

  /// Consents, as the payee, to a close by the payer at once; at most ten minutes ahead.
  ///
  /// The channel is frozen on disk before the signature exists, until it is closed or the time
  /// is over.
  public func release(
    _ id: ChannelID, validFor seconds: UInt64 = 300
  ) async throws(ChannelError) -> SignedRelease {
    let head = try await ask { client throws(LedgerClientError) in try await client.head() }
    let until = head.time + min(seconds, Release.maximumValidity)
    return try await complete { engine throws(ChannelError) in
      try engine.release(id, until: until)
    }
  }

  /// The same with all that the payer needs to close.
  public func releaseDocument(
    _ id: ChannelID, validFor seconds: UInt64 = 300
  ) async throws(ChannelError) -> ReleaseDocument {
    let release = try await release(id, validFor: seconds)
    return ReleaseDocument(domain: domain, release: release, voucher: try newestVoucher(id))
  }

  /// Closes a channel as its payer with the payee's release, and the voucher that it rests on
  /// where these books have lost it.
  public func closeMutually(
    _ id: ChannelID, _ release: SignedRelease, voucher: SignedVoucher? = nil
  ) async throws(ChannelError) -> LedgerReceipt {
    let plan = try engine.closingMutually(id, release, voucher: voucher)
    if let sequence = engine.outbox.covering(plan) { return try await outcome(of: sequence) }
    return try await execute(plan)
  }

  /// Closes a channel as its payer with what the payee handed over: its release, and the voucher
  /// that the release rests on.
  public func closeMutually(
    _ document: ReleaseDocument
  ) async throws(ChannelError) -> LedgerReceipt {
    guard document.domain == domain else {
      throw .invalid(
        "the release is of chain \(document.domain.chainID), module \(document.domain.module); "
          + "these books are of chain \(domain.chainID), module \(domain.module)")
    }
    if let voucher = document.voucher { try await shown(voucher) }
    return try await closeMutually(
      document.channelID, document.release, voucher: document.voucher)
  }

  /// Asks for the close as the payer; after the grace time `run()` takes back the rest by itself.
  public func requestClose(_ id: ChannelID) async throws(ChannelError) -> LedgerReceipt {
    try await execute(.requestClose(try engine.payer(id).descriptor))
  }

  /// Takes back the rest as the payer after the grace time.
  public func withdraw(_ id: ChannelID) async throws(ChannelError) -> LedgerReceipt {
    let plan = TransactionPlan.withdraw(try engine.payer(id).descriptor)
    if let sequence = engine.outbox.covering(plan) { return try await outcome(of: sequence) }
    return try await execute(plan)
  }

  // MARK: - Numbers

  /// All channels, by id.
  public func list() -> [ChannelSummary] {
    let fee = settlementFee
    let paid = engine.payees.values.map {
      ChannelSummary($0, synced: engine.synced, fee: fee)
    }
    return (paid + engine.payers.values.map(ChannelSummary.init)).sorted { $0.id < $1.id }
  }

  /// The height up to which the ledger's blocks are in the books.
  public var followedHeight: UInt64 { engine.meta.followed }

  /// What a payer has paid by vouchers on the channels that are open, in wei.
  public func income(from payer: Address) -> UInt128 {
    engine.payees.values.reduce(0) { sum, book in
      guard book.role == .payee, book.descriptor.payer == payer else { return sum }
      let (next, overflow) = sum.addingReportingOverflow(book.paid(engine.synced))
      return overflow ? .max : next
    }
  }

  /// One channel.
  public func get(_ id: ChannelID) throws(ChannelError) -> ChannelSummary {
    if let book = engine.payers[id] { return ChannelSummary(book) }
    return ChannelSummary(try engine.payee(id), synced: engine.synced, fee: settlementFee)
  }

  /// What cashing everything now would cost and bring.
  public func quote() async throws(ChannelError) -> SettlementQuote {
    try await refreshFees()
    let items = engine.settlements(
      now: clock.now, fee: settlementFee, itemFee: itemFee,
      limit: ChannelModule.maximumSettleCount, everything: true)
    let gross = items.reduce(0 as UInt128) { sum, item in
      sum + (engine.payees[item.channel.id]?.unsettled(engine.synced) ?? 0)
    }
    let gas = ChannelGas.settleBase + ChannelGas.settleItem * UInt64(items.count)
    let fee = items.isEmpty ? 0 : price(of: gas)
    return SettlementQuote(
      channels: items.count, gross: Amount(gross), fee: Amount(fee),
      net: Amount(gross > fee ? gross - fee : 0))
  }

  // MARK: - Watching and moving

  /// Takes a voucher that comes with its channel, which need not be known yet: what the ledger
  /// holds for it is looked up then.
  public func receive(
    _ document: VoucherDocument, from peer: PeerID
  ) async throws(ChannelError) -> PayeeCredit {
    let id = document.voucher.channelID
    guard document.domain == domain else {
      throw .invalid(
        "the voucher is of chain \(document.domain.chainID), module \(document.domain.module); "
          + "these books are of chain \(domain.chainID), module \(domain.module)")
    }
    if engine.view(of: id) == nil, let channel = document.descriptor, channel.payee == account {
      guard document.voucher.isSigned(by: channel.voucherSigner, in: domain) else {
        throw .badSignature(id)
      }
      let channels = try await ask { client throws(LedgerClientError) in
        try await client.channels([id])
      }
      guard let state = channels.states.first ?? nil else { throw .unknownChannel(id) }
      guard engine.isWorthwhile(channel, deposit: state.deposit) else {
        throw .invalid(
          "channel \(id) is below this payee's limits: its deposit is \(state.deposit) wei, its "
            + "grace \(channel.graceSeconds) s and \(channel.graceBlocks) blocks")
      }
      let entry = ChannelArchive.Entry(role: .payee, descriptor: channel)
      _ = try engine.merge([entry], channels, now: clock.now)
    }
    return try await receive(document.voucher, from: peer)
  }

  /// Keeps another's voucher, and settles it when the payer asks for the close.
  public func watch(
    _ descriptor: ChannelDescriptor, _ voucher: SignedVoucher
  ) async throws(ChannelError) {
    guard voucher.isSigned(by: descriptor.voucherSigner, in: domain),
      voucher.channelID == descriptor.id
    else { throw .badSignature(descriptor.id) }
    let entry = ChannelArchive.Entry(role: .watcher, descriptor: descriptor, voucher: voucher)
    _ = try await merge(ChannelArchive(domain: domain, entries: [entry]))
    guard engine.payees[descriptor.id] != nil else { throw .unknownChannel(descriptor.id) }
  }

  /// All channels, for other books.
  public func export() -> ChannelArchive { engine.export() }

  /// Takes in the channels of an export that are open; vouchers only ever rise.
  ///
  /// - Returns: how many of them are in the books now.
  public func merge(_ archive: ChannelArchive) async throws(ChannelError) -> Int {
    guard archive.domain == domain else {
      throw .invalid("the export is of chain \(archive.domain.chainID), not \(domain.chainID)")
    }
    var rest = archive.entries[...]
    var count = 0
    while !rest.isEmpty {
      let entries = Array(rest.prefix(ChannelModule.maximumStateCount))
      rest = rest.dropFirst(entries.count)
      let ids = entries.map { $0.descriptor.id }
      let channels = try await ask { client throws(LedgerClientError) in
        try await client.channels(ids)
      }
      _ = try engine.merge(entries, channels, now: clock.now)
      count += ids.count { engine.view(of: $0) != nil }
    }
    try await syncAll()
    return count
  }
}

/// What cashing everything now would cost and bring.
public struct SettlementQuote: Hashable, Sendable {
  /// How many channels are worth it.
  public var channels: Int
  /// What they bring.
  public var gross: Amount
  /// The fee, about.
  public var fee: Amount
  /// What is left.
  public var net: Amount
}
