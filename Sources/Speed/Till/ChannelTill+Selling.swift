internal import ChainTypes
internal import Logging
internal import PaymentChannels
internal import Primitives

extension ChannelTill {
  /// Looks a channel up that a buyer proved to be its own; one that is in no final block yet is
  /// waited for.
  func admit(_ descriptor: ChannelDescriptor) async {
    let id = descriptor.id
    guard descriptor.payee == account, descriptor.domain == domain else {
      return mailbox.post(.notAdmitted(id))
    }
    let channels = await service.list()
    guard let channel = channels.first(where: { $0.id == id }) else {
      visitors[id] = (descriptor, clock.now)
      return
    }
    guard channel.role == .payee, channel.hold == nil, channel.closeRequestedAt == nil else {
      return mailbox.post(.notAdmitted(id))
    }
    counters.channelsAdmitted += 1
    statement.opened(channel, for: torrent)
    let open = channels.lazy.filter { $0.role == .payee && $0.descriptor.payer == descriptor.payer }
    let history =
      open.reduce(0 as UInt128) { $0 + $1.paid.wei.low } + statement.closed(by: descriptor.payer)
    mailbox.post(
      .admitted(
        PayerStatement(
          channelID: id, deposit: channel.deposit.wei.low, paid: channel.paid.wei.low,
          delivered: channel.delivered.wei.low, history: history,
          voucher: try? await service.newestVoucher(id))))
  }

  /// Verifies a voucher and brings it to the disk.
  func receive(_ voucher: SignedVoucher, from peer: PeerID) async {
    let id = voucher.channelID
    do throws(ChannelError) {
      let credit = try await service.receive(voucher, from: peer)
      counters.vouchersReceived += 1
      statement.paid(id, total: credit.paid)
      mailbox.post(.received(id, paid: credit.paid, deposit: credit.deposit))
    } catch {
      switch error {
      case .notAbove, .superseded:
        // A newer one is here already, or on its way to the disk.
        guard let credit = try? await service.credit(id) else { fallthrough }
        mailbox.post(.received(id, paid: credit.paid, deposit: credit.deposit))
      default:
        counters.vouchersRefused += 1
        var isForged = false
        if case .badSignature = error { isForged = true }
        mailbox.post(.notReceived(id, from: peer, isForged: isForged))
      }
    }
  }

  /// Notes on disk that so much is delivered, before it is.
  func charge(_ id: ChannelID, upTo total: UInt128, window: UInt128) async {
    do throws(ChannelError) {
      try await service.setWindow(id, window)
      _ = try await service.charge(id, upTo: total)
      mailbox.post(.charged(id, upTo: total))
    } catch {
      mailbox.post(.notCharged(id))
    }
  }

  /// Forgives what is billed above a total.
  func writeOff(_ id: ChannelID, to total: UInt128) async {
    do throws(ChannelError) {
      try await service.writeOff(id, to: total)
    } catch {
      logger.notice("a debt was not written off", metadata: ["cause": "\(error)"])
    }
  }

  /// Closes a channel as its payee.
  func close(_ id: ChannelID) async {
    do throws(ChannelError) {
      _ = try await service.close(id)
    } catch {
      logger.notice("a channel was not closed", metadata: ["cause": "\(error)"])
    }
  }
}
