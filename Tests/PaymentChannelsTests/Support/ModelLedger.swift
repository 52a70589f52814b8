internal import ChainTypes
internal import Keys
internal import Primitives

/// The channel module's rules in a few lines, with blocks, a pool and receipts, independent of the
/// real module; gas is free.
struct ModelLedger {
  struct Entry {
    var descriptor: ChannelDescriptor
    var state: ChannelState
  }

  let domain: ChannelDomain
  private(set) var head: LedgerHead
  private(set) var roomBlocks: UInt64 = 0
  private(set) var blocks: [LedgerBlock] = []
  private(set) var channels: [ChannelID: Entry] = [:]
  private(set) var vaults: [Address: ChannelVault] = [:]
  private(set) var balances: [Address: UInt128] = [:]
  private(set) var nonces: [Address: UInt64] = [:]
  private(set) var receipts: [Hash256: LedgerReceipt] = [:]
  private var pool: [Address: [UInt64: SignedTransaction]] = [:]
  /// The most ever settled on a channel, open or closed.
  private(set) var settled: [ChannelID: UInt128] = [:]
  /// What a block's gas costs its senders' books.
  var fees = LedgerFees(baseFee: 0, priorityFee: 0)

  init(chainID: UInt64 = 1_337, time: UInt64 = 1_700_000_000) {
    domain = ChannelDomain(chainID: chainID)
    head = LedgerHead(height: 0, hash: .zero, time: time)
  }

  mutating func fund(_ account: Address, _ amount: UInt128) {
    balances[account, default: 0] += amount
  }

  /// All money there is: it may only move.
  var total: UInt128 {
    balances.values.reduce(0, +) + vaults.values.reduce(0) { $0 + $1.balance }
      + channels.values.reduce(0) { $0 + $1.state.locked }
  }

  // MARK: - Pool and blocks

  mutating func submit(_ raw: [UInt8]) throws(LedgerClientError) -> Hash256 {
    guard let transaction = try? SignedTransaction(decoding: raw),
      let sender = try? transaction.recoverSender(),
      transaction.transaction.chainID == domain.chainID
    else { throw LedgerClientError(.refused, "no transaction of this chain") }
    let nonce = transaction.transaction.nonce
    guard nonce >= nonces[sender] ?? 0 else {
      throw LedgerClientError(.nonceTooLow, "nonce \(nonce) is used up")
    }
    if let waiting = pool[sender]?[nonce], waiting != transaction {
      guard transaction.transaction.maxFeePerGas >= waiting.transaction.maxFeePerGas else {
        throw LedgerClientError(.underpriced, "a higher fee waits")
      }
    }
    pool[sender, default: [:]][nonce] = transaction
    return transaction.hash
  }

  /// Loses what is in no block, as a restart does.
  mutating func forgetPool() { pool = [:] }

  var poolCount: Int { pool.values.reduce(0) { $0 + $1.count } }

  @discardableResult
  mutating func mine(time: UInt64, isFull: Bool = false) -> LedgerBlock {
    head = LedgerHead(
      height: head.height + 1,
      hash: Keccak256.hash(UInt256(head.height + 1).word), time: max(head.time, time))
    var events: [ChannelEvent] = []
    for sender in pool.keys.sorted() {
      while !isFull, let next = pool[sender]?.removeValue(forKey: nonces[sender] ?? 0) {
        nonces[sender, default: 0] += 1
        let before = self
        let done = execute(next.transaction, sender)
        if done == nil {
          let (nonces, pool) = (nonces, pool)
          let (head, receipts) = (head, receipts)
          self = before
          (self.nonces, self.pool, self.head, self.receipts) = (nonces, pool, head, receipts)
        }
        receipts[next.hash] = LedgerReceipt(
          transaction: next.hash, height: head.height, succeeded: done != nil, fee: 0,
          events: done ?? [])
        events += done ?? []
      }
    }
    if !isFull { roomBlocks += 1 }
    let block = LedgerBlock(head: head, events: events)
    blocks.append(block)
    return block
  }

  func blocks(after height: UInt64) -> ArraySlice<LedgerBlock> {
    blocks.dropFirst(Int(min(height, UInt64(blocks.count))))
  }

  // MARK: - The module

  /// The events of a call, or nil when it reverts.
  private mutating func execute(
    _ transaction: Transaction, _ sender: Address
  ) -> [ChannelEvent]? {
    guard transaction.to == domain.module,
      let selector = try? ABIReader.call(transaction.data).selector
    else { return nil }
    let functions = [
      ChannelModule.vaultDeposit, ChannelModule.vaultWithdraw, ChannelModule.open,
      ChannelModule.openMany, ChannelModule.topUp, ChannelModule.topUpMany,
      ChannelModule.settleMany, ChannelModule.close, ChannelModule.closeMutual,
      ChannelModule.requestClose, ChannelModule.withdraw,
    ]
    guard let function = functions.first(where: { $0.selector == selector }),
      let arguments = try? function.decodeCall(transaction.data)
    else { return nil }
    switch function.name {
    case "vaultDeposit":
      let amount = transaction.value.low
      guard balances[sender] ?? 0 >= amount else { return nil }
      balances[sender, default: 0] -= amount
      vaults[sender, default: .init(balance: 0, openCount: 0)].balance += amount
      return [.vaultDeposited(payer: sender, amount: amount, balance: vault(sender).balance)]
    case "vaultWithdraw":
      guard let amount = arguments.first?.amount, amount <= vault(sender).balance else {
        return nil
      }
      vaults[sender]?.balance -= amount
      balances[sender, default: 0] += amount
      return [.vaultWithdrawn(payer: sender, amount: amount, balance: vault(sender).balance)]
    case "open": return open(arguments, sender)
    case "openMany": return open(arguments.first?.members ?? [], sender)
    case "topUp": return topUp([arguments], sender)
    case "topUpMany": return topUp((arguments.first?.members ?? []).map(\.members), sender)
    case "settleMany":
      return (arguments.first?.members ?? []).flatMap { settle($0.members) }
    case "close":
      guard let (id, entry) = find(arguments.first), entry.descriptor.payee == sender,
        let capture = arguments[1].amount
      else { return nil }
      return end(id, entry, capture: capture, arguments[2], arguments[3])
    case "closeMutual":
      guard let (id, entry) = find(arguments.first), entry.descriptor.payer == sender,
        let capture = arguments[1].amount, let until = arguments[2].amount,
        head.time <= until, until <= head.time + 600, let signature = arguments[3].signature
      else { return nil }
      let release = SignedRelease(
        Release(channelID: id, capture: capture, validUntil: UInt64(until)), signature: signature)
      guard release.isSigned(by: entry.descriptor.payee, in: domain) else { return nil }
      return end(id, entry, capture: capture, arguments[4], arguments[5])
    case "requestClose":
      guard let (id, entry) = find(arguments.first), entry.descriptor.payer == sender else {
        return nil
      }
      guard entry.state.closeRequest == nil else { return [] }
      let time = UInt32(head.time)
      channels[id]?.state.closeRequest = .init(
        time: time, roomBlocks: roomBlocks, height: head.height)
      return [.closeRequested(id, at: time, roomBlocks: roomBlocks)]
    case "withdraw":
      guard let (id, entry) = find(arguments.first), entry.descriptor.payer == sender,
        let request = entry.state.closeRequest,
        head.time >= UInt64(request.time) + UInt64(entry.descriptor.graceSeconds),
        roomBlocks - request.roomBlocks >= UInt64(entry.descriptor.graceBlocks)
          || head.height - request.height >= 4 * UInt64(entry.descriptor.graceBlocks)
      else { return nil }
      return end(id, entry, capture: entry.state.settled, .uint(0), .bytes([]))
    default: return nil
    }
  }

  func vault(_ payer: Address) -> ChannelVault {
    vaults[payer] ?? ChannelVault(balance: 0, openCount: 0)
  }

  private func find(_ value: ABIValue?) -> (ChannelID, Entry)? {
    guard let value, let entry = channels.first(where: { $0.value.descriptor.abiValue == value })
    else { return nil }
    return (entry.key, entry.value)
  }

  private mutating func open(_ terms: [ABIValue], _ payer: Address) -> [ChannelEvent]? {
    var events: [ChannelEvent] = []
    for term in terms {
      let values = term.members
      guard values.count == 6, case .address(let payee) = values[0],
        case .address(let signer) = values[1], case .fixedBytes(let salt) = values[2],
        let seconds = values[3].amount, let blocks = values[4].amount,
        let deposit = values[5].amount, payee != payer, deposit > 0,
        deposit <= vault(payer).balance
      else { return nil }
      let descriptor = ChannelDescriptor(
        payer: payer, payee: payee, signer: signer, salt: Hash256(salt) ?? .zero,
        graceSeconds: UInt32(seconds), graceBlocks: UInt32(blocks),
        openCount: vault(payer).openCount, chainID: domain.chainID)
      vaults[payer]?.openCount += 1
      vaults[payer]?.balance -= deposit
      channels[descriptor.id] = Entry(
        descriptor: descriptor, state: ChannelState(settled: 0, deposit: deposit))
      events.append(.opened(descriptor, deposit: deposit))
    }
    return events
  }

  private mutating func topUp(_ items: [[ABIValue]], _ payer: Address) -> [ChannelEvent]? {
    var events: [ChannelEvent] = []
    for item in items {
      guard let (id, entry) = find(item.first), entry.descriptor.payer == payer,
        let amount = item.last?.amount, amount <= vault(payer).balance
      else { return nil }
      vaults[payer]?.balance -= amount
      channels[id]?.state.deposit += amount
      channels[id]?.state.closeRequest = nil
      events.append(.toppedUp(id, amount: amount, deposit: entry.state.deposit + amount))
    }
    return events
  }

  private mutating func settle(_ item: [ABIValue]) -> [ChannelEvent] {
    guard item.count == 3, let (id, entry) = find(item[0]),
      let amount = voucher(id, entry, item[1], item[2]), amount > entry.state.settled
    else { return [] }
    let paid = amount - entry.state.settled
    channels[id]?.state.settled = amount
    settled[id] = amount
    balances[entry.descriptor.payee, default: 0] += paid
    return [.settled(id, paid: paid, settled: amount)]
  }

  /// What a voucher is good for.
  private func voucher(
    _ id: ChannelID, _ entry: Entry, _ amount: ABIValue, _ signature: ABIValue
  ) -> UInt128? {
    guard let amount = amount.amount, let signature = signature.signature else { return nil }
    let signed = SignedVoucher(
      Voucher(channelID: id, cumulativeAmount: amount), signature: signature)
    guard signed.isSigned(by: entry.descriptor.voucherSigner, in: domain) else { return nil }
    return min(amount, entry.state.deposit)
  }

  private mutating func end(
    _ id: ChannelID, _ entry: Entry, capture: UInt128, _ amount: ABIValue, _ signature: ABIValue
  ) -> [ChannelEvent]? {
    let state = entry.state
    guard capture >= state.settled, capture <= state.deposit else { return nil }
    if capture > state.settled {
      guard let most = voucher(id, entry, amount, signature), capture <= most else { return nil }
    }
    let paid = capture - state.settled
    balances[entry.descriptor.payee, default: 0] += paid
    vaults[entry.descriptor.payer]?.balance += state.deposit - capture
    channels[id] = nil
    settled[id] = capture
    return [.closed(id, paid: paid, settled: capture, refund: state.deposit - capture)]
  }
}

extension ABIValue {
  fileprivate var amount: UInt128? {
    guard case .uint(let value) = self, value.high == 0 else { return nil }
    return value.low
  }

  fileprivate var members: [ABIValue] {
    switch self {
    case .tuple(let values), .array(let values): values
    default: []
    }
  }

  fileprivate var signature: Signature? {
    guard case .bytes(let bytes) = self else { return nil }
    return try? Signature(bytes: bytes)
  }
}
