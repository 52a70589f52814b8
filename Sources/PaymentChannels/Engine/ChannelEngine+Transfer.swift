package import ChainTypes
internal import Primitives

extension ChannelEngine {
  /// Everything that other books need.
  ///
  /// A payee's newest voucher may be copied anywhere, on disk or not.
  package func export() -> ChannelArchive {
    let paid = payees.values.map { book in
      ChannelArchive.Entry(
        role: book.role, descriptor: book.descriptor, voucher: book.voucher.current)
    }
    let paying = payers.values.map { book in
      ChannelArchive.Entry(
        role: .payer, descriptor: book.descriptor, ceiling: max(book.ceiling, book.shown ?? 0))
    }
    let entries = (paid + paying).sorted { $0.descriptor.id < $1.descriptor.id }
    return ChannelArchive(domain: domain, entries: entries)
  }

  /// Takes in channels whose states the caller has asked for; on disk with the batch returned.
  ///
  /// Vouchers only ever rise; a payer's channel that may have been used elsewhere stops.
  package mutating func merge(
    _ entries: [ChannelArchive.Entry], _ channels: LedgerChannels, now: Duration
  ) throws(ChannelError) -> UInt64 {
    try checkStore()
    for (entry, state) in zip(entries, channels.states) {
      let id = entry.descriptor.id
      guard let state else { continue }
      let isKnown = view(of: id) != nil
      if !isKnown {
        guard channelCount < configuration.maximumChannels else {
          throw .tooManyChannels(limit: configuration.maximumChannels)
        }
        try checkParty(entry)
        let view = ChannelView(state: state, height: channels.head.height)
        add(ChannelRow(role: entry.role, descriptor: entry.descriptor), view: view, now: now)
      }
      if let voucher = entry.voucher, let book = payees[id],
        voucher.cumulativeAmount > book.accepted, voucher.isSigned(by: book.signer, in: domain)
      {
        accept(voucher)
      }
      if let book = payers[id], entry.ceiling > book.ceiling { stop(id, shown: entry.ceiling) }
    }
    return commit.newest
  }

  private func checkParty(_ entry: ChannelArchive.Entry) throws(ChannelError) {
    let party: Address? =
      switch entry.role {
      case .payer: entry.descriptor.payer
      case .payee: entry.descriptor.payee
      case .watcher: nil
      }
    guard party == nil || party == account.address else { throw .wrongRole(entry.descriptor.id) }
  }
}
