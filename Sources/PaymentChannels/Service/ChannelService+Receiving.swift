public import ChainTypes

extension ChannelService {
  /// How many vouchers are verified before others get the actor: a batch of theirs is written
  /// while the next are verified.
  private static let turnLimit = 32
  /// How many callers are looked at in one turn.
  private static let admissionLimit = 1_024

  /// Takes a voucher: when the call returns, it is on disk and buys credit.
  @concurrent public nonisolated func receive(
    _ voucher: SignedVoucher, from peer: PeerID
  ) async throws(ChannelError) -> PayeeCredit {
    switch await inbox.enter(voucher, from: peer) {
    case .told(let answer):
      inbox.tellOthers()
      return try answer.get()
    case .first: return try await leadFirst(voucher, from: peer)
    case .lead: return try await lead(voucher, from: peer)
    case .write: return try await write(voucher)
    }
  }

  private func leadFirst(
    _ voucher: SignedVoucher, from peer: PeerID
  ) async throws(ChannelError) -> PayeeCredit {
    do throws(ChannelError) {
      try engine.offer(voucher, from: peer, now: clock.now)
    } catch {
      handOver()
      throw error
    }
    return try await lead(voucher, from: peer)
  }

  /// Verifies by turns what comes, until this caller's voucher is verified too.
  ///
  /// Then another one leads, and this one writes. So a flood of vouchers costs one signature for
  /// each channel and turn.
  private func lead(
    _ voucher: SignedVoucher, from peer: PeerID
  ) async throws(ChannelError) -> PayeeCredit {
    let slot = VoucherIntake.Slot(peer: peer, channel: voucher.channelID)
    var own: VoucherVerdict?
    repeat {
      // Those who are on their way come into the same turn.
      await Task.yield()
      admit()
      for verdict in engine.verifyVouchers(limit: Self.turnLimit) {
        if verdict.slot == slot { own = verdict }
        for entry in voucherWaiters.removeValue(forKey: verdict.slot) ?? [] {
          if verdict.refutes(entry.voucher) {
            inbox.answer(entry, .failure(.badSignature(verdict.slot.channel)))
          } else {
            answer(entry)
          }
        }
      }
      inbox.tell()
    } while own == nil
    handOver()
    // Others' vouchers may wait for the disk although this one does not.
    defer { electWriter() }
    if own?.refutes(voucher) ?? false { throw .badSignature(voucher.channelID) }
    return try await written(voucher)
  }

  private func write(_ voucher: SignedVoucher) async throws(ChannelError) -> PayeeCredit {
    isWriterElected = false
    defer { electWriter() }
    return try await written(voucher)
  }

  private func written(_ voucher: SignedVoucher) async throws(ChannelError) -> PayeeCredit {
    try await complete { engine throws(ChannelError) in
      try engine.received(voucher.channelID, amount: voucher.cumulativeAmount)
    }
  }

  /// Takes the vouchers of those who came into the line; refusals that cost nothing are told.
  private func admit() {
    let now = clock.now
    for entry in inbox.take(limit: Self.admissionLimit) {
      do throws(ChannelError) {
        try engine.offer(entry.voucher, from: entry.peer, now: now)
        voucherWaiters[entry.slot, default: []].append(entry)
      } catch {
        inbox.answer(entry, .failure(error))
      }
    }
    inbox.tell()
  }

  /// Lets the one who waits longest lead; nobody, when nobody waits.
  private func handOver() {
    repeat {
      admit()
      if let slot = engine.intake.next, var waiters = voucherWaiters[slot], !waiters.isEmpty {
        let leader = waiters.removeFirst()
        voucherWaiters[slot] = waiters.isEmpty ? nil : waiters
        leader.continuation.resume(returning: .lead)
        return
      }
    } while !inbox.leave()
  }

  /// Answers somebody whose voucher is verified, at once or when it is on disk.
  func answer(_ entry: VoucherInbox.Entry) {
    do throws(ChannelError) {
      let (id, amount) = (entry.voucher.channelID, entry.voucher.cumulativeAmount)
      switch try engine.received(id, amount: amount) {
      case .done(let credit): inbox.answer(entry, .success(credit))
      case .wait(let generation):
        commitWaiters.append(CommitWaiter(generation: generation, who: .voucher(entry)))
      }
    } catch {
      inbox.answer(entry, .failure(error))
    }
  }
}
