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
        find(channel)
        setAside(channel)
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
      find(channel)
      announce(channel)
    }
  }

  /// Takes in a channel of ours, as the books and the statement know it.
  ///
  /// What was signed and is not told as billed is owed like what is: a crash kept it from being
  /// told, or it was paid on account. It is told now, or a later session would owe less by it.
  private func find(_ channel: ChannelSummary) {
    let (id, before) = (channel.id, signedBefore(on: channel))
    if let known = own[id] {
      own[id]?.signed = max(known.signed, before)
      return
    }
    let owed = statement.owed(on: id)
    if let owed, before > owed { statement.moved(id, TradeFigures(billed: before - owed)) }
    own[id] = OwnChannel(signed: before, base: max(owed ?? 0, before))
  }

  /// What may still be locked: what is left, less what is set aside.
  private var lockable: UInt128 {
    let locked = own.values.reduce(opening) { $0 + $1.locked }
    return purse.left > locked ? purse.left - locked : 0
  }

  /// Sets aside what a channel that comes to be used holds, as far as budgets reach; once.
  private func setAside(_ channel: ChannelSummary) {
    guard var known = own[channel.id], known.reserved == nil else { return }
    let deposit = channel.deposit.wei.low
    let rest = deposit > known.signed ? deposit - known.signed : 0
    known.reserved = known.signed + min(rest, lockable)
    own[channel.id] = known
  }

  /// Notes that a channel is used, where that is new.
  private func use(_ id: ChannelID) async {
    guard own[id]?.reserved == nil, let channel = try? await service.get(id),
      // Another order may have come to this meanwhile.
      let known = own[id], known.reserved == nil
    else { return }
    setAside(channel)
    statement.opened(channel, for: torrent)
  }

  /// What was signed on a channel, by its book or the statement: a crash may spare the one or the
  /// other, and neither ever says too much.
  private func signedBefore(on channel: ChannelSummary) -> UInt128 {
    max(channel.paid.wei.low, min(statement.promised(on: channel.id), channel.ceiling.wei.low))
  }

  private func announce(_ channel: ChannelSummary) {
    let (signed, deposit) = (own[channel.id]?.signed ?? 0, channel.deposit.wei.low)
    let owed = min(max(statement.owed(on: channel.id) ?? 0, signed), deposit)
    mailbox.post(.opened(channel.descriptor, deposit: deposit, signed: signed, owed: owed))
  }

  private func isUsable(_ channel: ChannelSummary, to payee: Address) -> Bool {
    channel.role == .payer && channel.descriptor.payee == payee && channel.hold == nil
      && channel.closeRequestedAt == nil && channel.deposit > channel.paid && purse.left > 0
      && !closingThen.contains(channel.id)
  }

  private func openAnew(_ wishes: [ChannelWish]) async {
    var terms: [ChannelTerms] = []
    do throws(ChannelError) {
      let bounds = try await service.graceBounds()
      for wish in wishes {
        let deposit = min(wish.deposit, lockable, ChannelState.maximumAmount)
        guard deposit > 0, wish.graceSeconds <= bounds.seconds.upperBound,
          wish.graceBlocks <= bounds.blocks.upperBound
        else {
          mailbox.post(.notOpened(payee: wish.payee))
          continue
        }
        opening += deposit
        terms.append(
          ChannelTerms(
            payee: wish.payee, graceSeconds: max(wish.graceSeconds, bounds.seconds.lowerBound),
            graceBlocks: max(wish.graceBlocks, bounds.blocks.lowerBound), deposit: deposit))
      }
      guard !terms.isEmpty else { return }
      try await fund(terms.reduce(0) { $0 + $1.deposit })
      let opened = try await service.open(terms)
      for term in terms {
        opening -= min(term.deposit, opening)
        guard let descriptor = opened.first(where: { $0.payee == term.payee }) else {
          mailbox.post(.notOpened(payee: term.payee))
          continue
        }
        counters.channelsOpened += 1
        own[descriptor.id] = OwnChannel(signed: 0, base: 0, reserved: term.deposit)
        statement.append(
          .opened(
            descriptor.id, ChannelParty(term.payee, isPaidByUs: true), deposit: term.deposit,
            paid: 0, torrent: torrent))
        mailbox.post(.opened(descriptor, deposit: term.deposit, signed: 0, owed: 0))
      }
    } catch {
      logger.warning("channels were not opened", metadata: ["cause": "\(error)"])
      for term in terms { opening -= min(term.deposit, opening) }
      let denied = terms.isEmpty ? wishes.map(\.payee) : terms.map(\.payee)
      for payee in denied { mailbox.post(.notOpened(payee: payee)) }
    }
  }

  /// Moves to the vault what it lacks.
  private func fund(_ amount: UInt128) async throws(ChannelError) {
    let balance = try await service.vault().balance
    if balance < amount { _ = try await service.depositToVault(amount - balance) }
  }

  /// Raises a deposit, as far as is allowed; a close that is asked for meanwhile comes after it.
  func topUp(_ id: ChannelID, by amount: UInt128) async {
    await raise(id, by: amount)
    let left = (raising[id] ?? 1) - 1
    raising[id] = left > 0 ? left : nil
    if left <= 0, closingThen.remove(id) != nil { submit(.requestClose(id)) }
  }

  private func raise(_ id: ChannelID, by amount: UInt128) async {
    await use(id)
    let granted = min(amount, lockable)
    guard let known = own[id], granted > 0 else { return mailbox.post(.notToppedUp(id)) }
    own[id]?.reserved = max(known.reserved ?? 0, known.signed) + granted
    do throws(ChannelError) {
      try await fund(granted)
      _ = try await service.topUp([(id, granted)])
      let channel = try await service.get(id)
      statement.opened(channel, for: torrent)
      mailbox.post(.toppedUp(id, deposit: channel.deposit.wei.low))
    } catch {
      own[id]?.reserved? -= granted
      logger.notice("a channel was not topped up", metadata: ["cause": "\(error)"])
      mailbox.post(.notToppedUp(id))
    }
  }

  /// Signs a voucher, as far as is allowed; over as much as before where that was lost in a crash.
  func pay(_ id: ChannelID, total: UInt128) async {
    await use(id)
    guard let signed = own[id]?.signed else { return mailbox.post(.notPaid(id, isFinal: true)) }
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
    own[id]?.signed = sum
    do throws(ChannelError) {
      let voucher = try await service.pay(id, total: sum)
      counters.vouchersSigned += 1
      statement.paid(id, total: sum)
      mailbox.post(.paid(voucher))
    } catch {
      purse.restore(amount)
      if own[id]?.signed == sum { own[id]?.signed = signed }
      logger.notice("a voucher was not signed", metadata: ["cause": "\(error)"])
      mailbox.post(.notPaid(id, isFinal: error.isFinal))
    }
  }

  /// Takes note of our newest voucher that a payee holds.
  func shown(_ voucher: SignedVoucher) async {
    do throws(ChannelError) {
      guard try await service.shown(voucher) else { return }
      learn(voucher.channelID, voucher.cumulativeAmount, voucher)
    } catch {
      // Anybody may show what is no voucher of ours.
      logger.debug("a voucher that was shown was not taken", metadata: ["cause": "\(error)"])
    }
  }

  /// Takes note of what an earlier session signed and forgot in a crash.
  ///
  /// The purse does not pay it again: the ceiling, which counts as spent, was above it. What it was
  /// paid for was billed, and is told with it.
  func learn(_ id: ChannelID, _ total: UInt128, _ voucher: SignedVoucher?) {
    statement.paid(id, total: total)
    guard var known = own[id], total > known.signed else { return }
    known.signed = total
    if total > known.base {
      if statement.owed(on: id) != nil {
        statement.moved(id, TradeFigures(billed: total - known.base))
      }
      known.base = total
    }
    own[id] = known
    mailbox.post(.known(id, total: total, voucher))
  }

  /// Asks for the close as the payer.
  func requestClose(_ id: ChannelID) async {
    // On the ledger a top-up takes back the request before it.
    guard raising[id] == nil else {
      closingThen.insert(id)
      return
    }
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
