package import ChainTypes
internal import Keys
internal import Primitives

extension ChannelEngine {
  /// Signs a voucher over `total` in all, once the ceiling on disk covers it.
  package mutating func pay(_ id: ChannelID, total: UInt128) throws(ChannelError) -> Step<
    SignedVoucher
  > {
    try checkStore()
    var book = try payer(id)
    switch try book.signing(upTo: total, parts: configuration.ceilingParts, synced: synced) {
    case .resend(let voucher): return .done(voucher)
    case .wait(let generation): return .wait(generation)
    case .raise(let ceiling):
      book.raise(to: ceiling, in: commit.gathering, synced: synced)
      payers[id] = book
      return .wait(put(ChannelTables.vouchers, id, book.terms.row))
    case .granted:
      let voucher = Voucher(channelID: id, cumulativeAmount: total)
      guard let key = signer(book.signer) else { throw .wrongRole(id) }
      let signed: SignedVoucher
      do throws(KeyError) {
        signed = SignedVoucher(voucher, signature: try key.sign(voucher.digest(in: domain)))
      } catch {
        throw .invalid("channel \(id): the voucher can't be signed: \(error)")
      }
      book.note(signed)
      payers[id] = book
      return .done(signed)
    }
  }

  private func signer(_ address: Address) -> (any ChannelSigner)? {
    [voucherSigner, account].first { $0.address == address }
  }

  /// Takes note of the highest voucher of ours that the payee shows, as on every connection.
  ///
  /// Below the ceiling it tells where to go on; above it, it proves that the store is an old copy.
  /// One that says no more than is known is not looked at, and false is returned.
  @discardableResult
  package mutating func shown(_ voucher: SignedVoucher) throws(ChannelError) -> Bool {
    let id = voucher.channelID
    var book = try payer(id)
    guard voucher.cumulativeAmount > book.signed else { return false }
    guard voucher.isSigned(by: book.signer, in: domain) else { throw .badSignature(id) }
    guard voucher.cumulativeAmount > book.ceiling else {
      book.note(voucher)
      payers[id] = book
      return true
    }
    stop(id, shown: voucher.cumulativeAmount)
    throw .oldStore(id, shown: voucher.cumulativeAmount, ceiling: book.ceiling)
  }

  /// Stops signing on every channel: the store was found to be an old copy.
  package mutating func stopAll() {
    for (id, book) in payers where book.shown == nil { stop(id, shown: book.ceiling) }
  }

  package mutating func stop(_ id: ChannelID, shown amount: UInt128) {
    guard var book = payers[id] else { return }
    book.stop(shown: amount, in: commit.gathering, synced: synced)
    payers[id] = book
    put(ChannelTables.vouchers, id, book.terms.row)
    updates.append(.stopped(id, shown: amount))
  }

  /// Goes on signing on a channel, above `amount` and whatever was shown; on disk with the batch
  /// returned.
  package mutating func adopt(_ id: ChannelID, upTo amount: UInt128) throws(ChannelError) -> UInt64
  {
    try checkStore()
    var book = try payer(id)
    guard amount <= book.view.state.deposit else {
      throw .aboveDeposit(id, deposit: book.view.state.deposit)
    }
    book.adopt(upTo: amount, in: commit.gathering, synced: synced)
    payers[id] = book
    return put(ChannelTables.vouchers, id, book.terms.row)
  }
}
