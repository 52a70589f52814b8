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
        let signed = channel.paid.wei.low
        payments[channel.id] = payments[channel.id] ?? Payments(signed: signed)
        purse.lock(min(channel.deposit.wei.low - signed, purse.lockable))
        statement.opened(channel, for: torrent)
        mailbox.post(
          .opened(channel.descriptor, deposit: channel.deposit.wei.low, signed: signed))
      } else {
        missing.append(wish)
      }
    }
    if !missing.isEmpty { await openAnew(missing) }
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
        payments[descriptor.id] = Payments(signed: 0)
        statement.append(
          .opened(
            descriptor.id, ChannelParty(term.payee, isPaidByUs: true), deposit: term.deposit,
            paid: 0, torrent: torrent))
        mailbox.post(.opened(descriptor, deposit: term.deposit, signed: 0))
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
    guard payments[id] != nil, granted > 0 else { return mailbox.post(.notToppedUp(id)) }
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

  /// Signs a voucher; of totals that are wanted meanwhile the highest alone.
  func pay(_ id: ChannelID, total: UInt128) async {
    guard let state = payments[id] else { return mailbox.post(.notPaid(id, isFinal: true)) }
    guard !state.isBusy else {
      payments[id]?.next = max(state.next ?? 0, total)
      return
    }
    payments[id]?.isBusy = true
    var next: UInt128? = total
    while let total = next {
      await sign(id, total: total)
      next = payments[id]?.next
      payments[id]?.next = nil
    }
    payments[id]?.isBusy = false
  }

  private func sign(_ id: ChannelID, total: UInt128) async {
    let signed = payments[id]?.signed ?? 0
    let amount = total > signed ? total - signed : 0
    guard amount <= purse.left else { return mailbox.post(.notPaid(id, isFinal: true)) }
    if let ceiling = purse.ceiling(for: amount) {
      guard statement.append(.limit(total: ceiling), durably: true) else {
        return mailbox.post(.notPaid(id, isFinal: false))
      }
      purse.raise(to: ceiling)
    }
    purse.spend(amount)
    payments[id]?.signed = max(signed, total)
    do throws(ChannelError) {
      let voucher = try await service.pay(id, total: total)
      counters.vouchersSigned += 1
      statement.paid(id, total: total)
      mailbox.post(.paid(voucher))
    } catch {
      purse.restore(amount)
      payments[id]?.signed = signed
      logger.notice("a voucher was not signed", metadata: ["cause": "\(error)"])
      mailbox.post(.notPaid(id, isFinal: error.isFinal))
    }
  }

  /// Takes note of our newest voucher that a payee holds.
  func shown(_ voucher: SignedVoucher) async {
    do throws(ChannelError) {
      try await service.shown(voucher)
      let id = voucher.channelID
      if let signed = payments[id]?.signed {
        payments[id]?.signed = max(signed, voucher.cumulativeAmount)
      }
    } catch {
      logger.warning("a voucher of ours was shown", metadata: ["cause": "\(error)"])
    }
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
