internal import ChainTypes
internal import PaymentChannels
internal import Primitives

extension Simulation {
  /// Notes the truth after an agent acted.
  mutating func observe(_ party: Party) {
    guard let id = channel?.id, let agent = agents[party] else { return }
    if party == .payee, let book = agent.engine.payees[id] {
      highestSynced = max(highestSynced, book.paid(agent.engine.synced))
    }
  }

  /// S2: what was delivered and not paid stays within the window, whatever crashed.
  mutating func delivered(upTo unit: UInt128) throws {
    highestDelivered = max(highestDelivered, unit * Self.price)
    guard highestDelivered <= highestSynced + Self.windowUnits * Self.price else {
      throw violation("S2: \(highestDelivered) delivered, \(highestSynced) paid")
    }
  }

  /// P3: nothing is signed for what was not received.
  mutating func signed(_ voucher: SignedVoucher, received: UInt128) throws {
    tally.vouchers += 1
    guard voucher.cumulativeAmount <= received * Self.price else {
      throw violation("P3: \(voucher.cumulativeAmount) signed for \(received) units")
    }
    highestSigned = max(highestSigned, voucher.cumulativeAmount)
  }

  /// Y1: after a crash counters may lag, never lead, and nothing synced is gone.
  func checkRecovery(_ party: Party) throws {
    guard let id = channel?.id, let agent = agents[party] else { return }
    if let book = agent.engine.payers[id] {
      guard book.signed <= highestSigned, highestSigned <= book.ceiling else {
        throw violation(
          "Y1: signed \(highestSigned), books \(book.signed) with ceiling \(book.ceiling)")
      }
      guard book.ceiling <= deposit else { throw violation("Y1: ceiling above the deposit") }
    }
    if let book = agent.engine.payees[id] {
      let paid = book.paid(agent.engine.synced)
      // What the ledger paid out is never lost: it is read there again.
      guard max(paid, ledger.settled[id] ?? 0) >= highestSynced, paid <= highestSigned else {
        throw violation("Y1: synced \(highestSynced), books \(paid), signed \(highestSigned)")
      }
      guard book.counters.billed >= highestDelivered else {
        throw violation("Y1: delivered \(highestDelivered), billed \(book.counters.billed)")
      }
    }
  }

  /// The end: the channel is gone and nobody waits for a transaction.
  var isOver: Bool {
    guard let channel, ledger.settled[channel.id] != nil || ledger.head.height > 2 else {
      return false
    }
    guard ledger.channels[channel.id] == nil else { return false }
    return agents.values.allSatisfy { agent in
      agent.isAlive && agent.engine.outbox.isEmpty && agent.engine.view(of: channel.id) == nil
    }
  }

  func checkEnd() throws {
    guard let channel else { throw violation("Y2: no channel was ever opened") }
    let settled = ledger.settled[channel.id] ?? 0
    guard settled <= highestSigned else {
      throw violation("P1: \(settled) taken, \(highestSigned) signed")
    }
    guard ledger.total == total else { throw violation("L3: money came or went") }
    let refund = ledger.vault(channel.payer).balance
    guard refund == deposit - settled else {
      throw violation("P2: \(refund) came back of \(deposit), \(settled) were settled")
    }
    guard ledger.balances[channel.payee] ?? 0 == settled else {
      throw violation("S1: the payee has not got what was settled")
    }
    // What was on disk when the payer asked for the close, or when the payee closed, was cashed.
    let due = ending == .payerLeaves ? syncedAtRequest ?? highestSynced : highestSynced
    guard settled >= min(due, deposit) else {
      throw violation("S1: \(due) were on disk, \(settled) settled")
    }
    if ending != .payerLeaves {
      guard settled == deposit else {
        throw violation("Y2, Y3: \(settled) of \(deposit) paid at the end")
      }
    }
  }
}
