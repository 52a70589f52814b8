package import ChainTypes
internal import Primitives

extension ChannelEngine {
  /// How many quiet blocks pass before the place in the chain is written down.
  private static let quietBlocks: UInt64 = 256

  /// Takes note of a final block; blocks seen before change nothing.
  package mutating func apply(_ block: LedgerBlock, now: Duration) {
    guard block.head.height > meta.followed || head == nil else { return }
    var isMoved = false
    if block.head.height > meta.followed {
      for event in block.events { isMoved = apply(event, block.head, now) || isMoved }
      isMoved = isMoved || block.head.height % Self.quietBlocks == 0
      meta.followed = block.head.height
    }
    if block.head.height >= head?.height ?? 0 { head = block.head }
    expireReleases(at: block.head.time)
    if isMoved { putMeta() }
  }

  /// Takes note of what the ledger says of channels at one block, as when they are imported.
  package mutating func apply(_ ids: [ChannelID], _ channels: LedgerChannels) {
    for (id, state) in zip(ids, channels.states) {
      let height = channels.head.height
      guard let view = view(of: id), height >= view.height else { continue }
      if let state {
        set(ChannelView(state: state, height: height), of: id)
      } else {
        close(id, settled: view.state.settled)
      }
    }
  }

  /// Whether an event changed the books.
  private mutating func apply(
    _ event: ChannelEvent, _ head: LedgerHead, _ now: Duration
  ) -> Bool {
    if case .opened(let descriptor, let deposit) = event {
      return open(descriptor, deposit: deposit, head, now)
    }
    // What a view has from a newer block holds all older events already.
    guard let id = event.channelID, var view = view(of: id), head.height >= view.height else {
      return false
    }
    view.height = head.height
    switch event {
    case .toppedUp(_, _, let deposit):
      view.state.deposit = deposit
      view.state.closeRequest = nil
      updates.append(.toppedUp(id, deposit: deposit))
    case .settled(_, let paid, let settled):
      view.state.settled = settled
      payees[id]?.lastSettled = now
      // Only a voucher moves money: one above the ceiling was signed from a newer copy.
      if let book = payers[id], settled > book.ceiling, book.shown == nil {
        stop(id, shown: settled)
      }
      updates.append(.settled(id, paid: paid, settled: settled))
    case .closeRequested(_, let time, let roomBlocks):
      view.state.closeRequest = .init(time: time, roomBlocks: roomBlocks, height: head.height)
      updates.append(.closeRequested(id))
    case .closed(_, _, let settled, _):
      close(id, settled: settled)
      return true
    case .vaultDeposited, .vaultWithdrawn, .opened: return false
    }
    set(view, of: id)
    return true
  }

  private mutating func open(
    _ descriptor: ChannelDescriptor, deposit: UInt128, _ head: LedgerHead, _ now: Duration
  ) -> Bool {
    let id = descriptor.id
    let view = ChannelView(
      state: ChannelState(settled: 0, deposit: deposit), height: head.height)
    guard self.view(of: id) == nil else { return false }
    let role: ChannelRole
    if descriptor.payer == account.address {
      role = .payer
    } else if descriptor.payee == account.address, isWorthwhile(descriptor, deposit: deposit) {
      role = .payee
    } else {
      return false
    }
    add(ChannelRow(role: role, descriptor: descriptor), view: view, now: now)
    updates.append(.opened(id, role, deposit: deposit))
    return true
  }

  /// Whether a payee takes a channel into its books: opening one costs no consent, so that dust
  /// must cost nothing either.
  package func isWorthwhile(_ descriptor: ChannelDescriptor, deposit: UInt128) -> Bool {
    deposit >= configuration.minimumDeposit
      && descriptor.graceSeconds >= configuration.minimumGraceSeconds
      && descriptor.graceBlocks >= configuration.minimumGraceBlocks
      && channelCount < configuration.maximumChannels
  }

  private mutating func close(_ id: ChannelID, settled: UInt128) {
    remove(id)
    updates.append(.closed(id, settled: settled))
  }

  package func view(of id: ChannelID) -> ChannelView? { payees[id]?.view ?? payers[id]?.view }

  private mutating func set(_ view: ChannelView, of id: ChannelID) {
    payees[id]?.view = view
    payers[id]?.view = view
    put(ChannelTables.views, id, view.row)
  }

  /// Releases that no block can use any more free their channels.
  private mutating func expireReleases(at time: UInt64) {
    for (id, book) in payees {
      // The hold itself must be on disk, or the signature may not exist yet.
      if case .release(_, let until) = book.hold.current, time > until,
        book.hold.generation <= synced
      {
        thaw(id)
      }
    }
  }

  // MARK: - What is due

  /// The vouchers to cash now, for one transaction; all that pay for themselves once any is due.
  ///
  /// With `everything`, nothing need be due: the owner asked, or shuts down.
  package func settlements(
    now: Duration, fee: UInt128, itemFee: UInt128, limit: Int, everything: Bool = false,
    only: Set<ChannelID>? = nil
  ) -> [ChannelSettlement] {
    let settling = outbox.settling
    var isDue = everything
    var candidates: [Candidate] = []
    for (id, book) in payees where only?.contains(id) ?? true {
      // Once the store has failed, nothing is on its way to it any more: the newest counts.
      let newest = commit.failure == nil ? book.voucher.synced(synced) : book.voucher.current
      guard let voucher = newest, !book.view.isClosed else { continue }
      if case .close = book.hold.current { continue }
      let state = book.view.state
      let isClosing = state.closeRequest != nil
      let settled = max(state.settled, settling[id] ?? 0)
      let amount = min(voucher.cumulativeAmount, state.deposit)
      guard amount > settled else { continue }
      // A watcher's fee is a service to the payee, due only in danger.
      guard book.role == .payee ? amount - settled > itemFee : isClosing else { continue }
      let position = SettlementPolicy.Position(
        unsettled: amount - settled, settled: settled, deposit: state.deposit,
        age: now - book.lastSettled, isClosing: isClosing, fee: isClosing ? itemFee : fee)
      isDue =
        isDue || book.role == .watcher
        || SettlementPolicy.reason(position, configuration) != nil
      let item = ChannelSettlement(
        channel: book.descriptor, cumulativeAmount: voucher.cumulativeAmount,
        signature: voucher.signature)
      candidates.append(
        Candidate(id: id, gain: amount - settled, isUrgent: isClosing, item: item))
    }
    guard isDue else { return [] }
    // Those in danger first, then those worth most; the rest goes with the next one.
    candidates.sort { left, right in
      if left.isUrgent != right.isUrgent { return left.isUrgent }
      return left.gain != right.gain ? left.gain > right.gain : left.id < right.id
    }
    return candidates.prefix(max(0, limit)).map(\.item)
  }

  private struct Candidate {
    var id: ChannelID
    var gain: UInt128
    var isUrgent: Bool
    var item: ChannelSettlement
  }

  /// Channels whose rest the payer can take back, at a block after `roomBlocks` ones with room.
  package func withdrawals(at head: LedgerHead, roomBlocks: UInt64) -> [ChannelDescriptor] {
    payers.values.filter { book in
      guard let request = book.view.state.closeRequest, !book.view.isClosed,
        outbox.pending(.withdraw, book.id) == nil
      else { return false }
      return Self.isGraceOver(book.descriptor, request, at: head, roomBlocks: roomBlocks)
    }.map(\.descriptor)
  }

  /// The ledger's rule: both times are over, or four times the blocks of any kind.
  package static func isGraceOver(
    _ channel: ChannelDescriptor, _ request: ChannelState.CloseRequest, at head: LedgerHead,
    roomBlocks: UInt64
  ) -> Bool {
    guard head.time >= UInt64(request.time) + UInt64(channel.graceSeconds) else { return false }
    let blocks = UInt64(channel.graceBlocks)
    if roomBlocks >= request.roomBlocks, roomBlocks - request.roomBlocks >= blocks { return true }
    return head.height >= request.height
      && head.height - request.height >= ChannelModule.graceBlocksFactor * blocks
  }
}
