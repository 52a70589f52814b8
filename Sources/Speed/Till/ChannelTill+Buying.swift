internal import ChainTypes
internal import Logging
internal import PaymentChannels
internal import Primitives

extension ChannelTill {
  /// Opens channels in one transaction, or finds those that are open.
  func open(_ wishes: [ChannelWish]) async {
    var missing: [ChannelWish] = []
    let channels = await service.list()
    for wish in wishes {
      if let channel = channels.first(where: { isUsable($0, to: wish.payee) }) {
        let signed = max(self.signed[channel.id] ?? 0, signedBefore(on: channel))
        self.signed[channel.id] = signed
        let deposit = channel.deposit.wei.low
        purse.lock(min(deposit > signed ? deposit - signed : 0, purse.lockable))
        statement.opened(channel, for: torrent)
        announce(channel)
      } else {
        missing.append(wish)
      }
    }
    if !missing.isEmpty { await openAnew(missing) }
  }

  /// Tells of the channels that are open: who is met again is paid without asking the ledger.
  ///
  /// What the books know and a crash kept from the statement is told there.
  func announceOpen() async {
    let accounts = statement.books.accounts
    for channel in await service.list() {
      let (id, settled) = (channel.id, channel.settled.wei.low)
      statement.paid(id, total: channel.paid.wei.low)
      if let account = accounts[id], settled > account.settled {
        statement.append(.settled(id, amount: settled - account.settled, total: settled))
      }
      guard isUsable(channel, to: channel.descriptor.payee) else { continue }
      signed[id] = signedBefore(on: channel)
      announce(channel)
    }
  }

  /// What was signed on a channel, by its book or the statement: a crash may spare the one or the
  /// other, and neither ever says too much.
  private func signedBefore(on channel: ChannelSummary) -> UInt128 {
    max(channel.paid.wei.low, min(statement.promised(on: channel.id), channel.ceiling.wei.low))
  }

  private func announce(_ channel: ChannelSummary) {
    let (signed, deposit) = (signed[channel.id] ?? 0, channel.deposit.wei.low)
    let owed = min(max(statement.owed(on: channel.id), signed), deposit)
    mailbox.post(.opened(channel.descriptor, deposit: deposit, signed: signed, owed: owed))
  }

  private func isUsable(_ channel: ChannelSummary, to payee: Address) -> Bool {
    channel.role == .payer && channel.descriptor.payee == payee && channel.hold == nil
      && channel.closeRequestedAt == nil && channel.deposit > channel.paid && purse.left > 0
  }

  private func openAnew(_ wishes: [ChannelWish]) async {
    var terms: [ChannelTerms] = []
    do throws(ChannelError) {
      let bounds = try await service.graceBounds()
      for wish in wishes {
        let deposit = min(wish.deposit, purse.lockable, ChannelState.maximumAmount)
        guard deposit > 0, wish.graceSeconds <= bounds.seconds.upperBound,
          wish.graceBlocks <= bounds.blocks.upperBound
        else {
          mailbox.post(.notOpened(payee: wish.payee))
          continue
        }
        purse.lock(deposit)
        terms.append(
          ChannelTerms(
            payee: wish.payee, graceSeconds: max(wish.graceSeconds, bounds.seconds.lowerBound),
            graceBlocks: max(wish.graceBlocks, bounds.blocks.lowerBound), deposit: deposit))
      }
      guard !terms.isEmpty else { return }
      try await fund(terms.reduce(0) { $0 + $1.deposit })
      let opened = try await service.open(terms)
      for term in terms {
        guard let descriptor = opened.first(where: { $0.payee == term.payee }) else {
          purse.unlock(term.deposit)
          mailbox.post(.notOpened(payee: term.payee))
          continue
        }
        counters.channelsOpened += 1
        signed[descriptor.id] = 0
        statement.append(
          .opened(
            descriptor.id, ChannelParty(term.payee, isPaidByUs: true), deposit: term.deposit,
            paid: 0, torrent: torrent))
        mailbox.post(.opened(descriptor, deposit: term.deposit, signed: 0, owed: 0))
      }
    } catch {
      logger.warning("channels were not opened", metadata: ["cause": "\(error)"])
      for term in terms { purse.unlock(term.deposit) }
      let denied = terms.isEmpty ? wishes.map(\.payee) : terms.map(\.payee)
      for payee in denied { mailbox.post(.notOpened(payee: payee)) }
    }
  }

  /// Moves to the vault what it lacks.
  private func fund(_ amount: UInt128) async throws(ChannelError) {
    let balance = try await service.vault().balance
    if balance < amount { _ = try await service.depositToVault(amount - balance) }
  }

  /// Raises a deposit, as far as is allowed.
  func topUp(_ id: ChannelID, by amount: UInt128) async {
    let granted = min(amount, purse.lockable)
    guard signed[id] != nil, granted > 0 else { return mailbox.post(.notToppedUp(id)) }
    purse.lock(granted)
    do throws(ChannelError) {
      try await fund(granted)
      _ = try await service.topUp([(id, granted)])
      let channel = try await service.get(id)
      statement.opened(channel, for: torrent)
      mailbox.post(.toppedUp(id, deposit: channel.deposit.wei.low))
    } catch {
      purse.unlock(granted)
      logger.notice("a channel was not topped up", metadata: ["cause": "\(error)"])
      mailbox.post(.notToppedUp(id))
    }
  }

  /// Signs a voucher, as far as is allowed; over as much as before where that was lost in a crash.
  func pay(_ id: ChannelID, total: UInt128) async {
    if told.insert(id).inserted, let channel = try? await service.get(id) {
      statement.opened(channel, for: torrent)
    }
    guard let signed = signed[id] else { return mailbox.post(.notPaid(id, isFinal: true)) }
    let amount = min(total > signed ? total - signed : 0, purse.left)
    guard amount > 0 || total == signed && purse.isSpending else {
      return mailbox.post(.notPaid(id, isFinal: purse.isSpending && total > signed))
    }
    let sum = signed + amount
    if let ceiling = purse.ceiling(for: amount) {
      guard statement.append(.limit(total: ceiling), durably: true) else {
        return mailbox.post(.notPaid(id, isFinal: false))
      }
      purse.raise(to: ceiling)
    }
    purse.spend(amount)
    self.signed[id] = sum
    do throws(ChannelError) {
      let voucher = try await service.pay(id, total: sum)
      counters.vouchersSigned += 1
      statement.paid(id, total: sum)
      mailbox.post(.paid(voucher))
    } catch {
      purse.restore(amount)
      if self.signed[id] == sum { self.signed[id] = signed }
      logger.notice("a voucher was not signed", metadata: ["cause": "\(error)"])
      mailbox.post(.notPaid(id, isFinal: error.isFinal))
    }
  }

  /// Takes note of our newest voucher that a payee holds.
  func shown(_ voucher: SignedVoucher) async {
    do throws(ChannelError) {
      try await service.shown(voucher)
      learn(voucher.channelID, voucher.cumulativeAmount, voucher)
    } catch {
      // Anybody may show what is no voucher of ours.
      logger.debug("a voucher that was shown was not taken", metadata: ["cause": "\(error)"])
    }
  }

  /// Takes note of what an earlier session signed and forgot in a crash.
  ///
  /// The purse does not pay it again: the ceiling, which counts as spent, was above it.
  func learn(_ id: ChannelID, _ total: UInt128, _ voucher: SignedVoucher?) {
    statement.paid(id, total: total)
    guard let known = signed[id], total > known else { return }
    signed[id] = total
    mailbox.post(.known(id, total: total, voucher))
  }

  /// Asks for the close as the payer.
  func requestClose(_ id: ChannelID) async {
    do throws(ChannelError) {
      _ = try await service.requestClose(id)
    } catch {
      logger.notice("a close was not asked for", metadata: ["cause": "\(error)"])
    }
  }
}

extension ChannelError {
  /// Whether the same will not work later either.
  fileprivate var isFinal: Bool {
    switch self {
    case .ledger, .rateLimited, .superseded, .stillWaiting, .aboveDeposit, .notAbove: false
    default: true
    }
  }
}
