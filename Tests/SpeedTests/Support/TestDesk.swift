import ChainTypes
import Keys
import PaymentChannels
import Primitives
import Speed
import Synchronization

/// A desk that does at once what it is told, with the books' rules and real signatures.
final class TestDesk: ChannelDesk {
  struct State {
    var paid: [ChannelID: UInt128] = [:]
    var vouchers: [ChannelID: SignedVoucher] = [:]
    var billed: [ChannelID: UInt128] = [:]
    /// Signed in truth.
    var signed: [ChannelID: UInt128] = [:]
    /// What of it a crash made the books forget.
    var known: [ChannelID: UInt128] = [:]
    var history: [Address: UInt128] = [:]
    /// Deposits as this desk sees them, where it is behind.
    var deposits: [ChannelID: UInt128] = [:]
    var orders: [DeskOrder] = []
    var isLedgerDown = false
    var isSpendingOff = false
    var closed: [ChannelID] = []
    var windows: [ChannelID: UInt128] = [:]
    var firstVoucher: SignedVoucher?
    var voucherCount = 0
  }

  /// How its owner cheats.
  enum Cheat: Hashable {
    /// After so many vouchers it signs no more, and does not say so.
    case stopsSigning(after: Int)
    /// Its first voucher is its last.
    case repeatsFirst
    /// It never lets anything be delivered.
    case chargesNothing
  }

  let key: PrivateKey
  let ledger: TestLedger
  let mailbox = DeskMailbox()
  let books = Mutex(State())
  // Set once, before anything is ordered.
  nonisolated(unsafe) var cheat: Cheat?
  /// When what became of an order is told; at once if nil.
  nonisolated(unsafe) var later: ((DeskOrder, DeskEvent) -> Void)?

  init(_ ledger: TestLedger, key number: UInt32) throws {
    self.ledger = ledger
    let tail = withUnsafeBytes(of: (number + 1).bigEndian) { Array($0) }
    key = try PrivateKey(bytes: [UInt8](repeating: 7, count: 28) + tail)
  }

  var account: Address { key.address }
  var domain: ChannelDomain { ledger.domain }

  func paid(_ id: ChannelID) -> UInt128 { books.withLock { $0.paid[id] ?? 0 } }
  /// Signed in all, on all channels.
  var spent: UInt128 { books.withLock { $0.signed.values.reduce(0, +) } }
  /// Paid to this account by vouchers, on all channels.
  var income: UInt128 { books.withLock { $0.paid.values.reduce(0, +) } }
  var orders: [DeskOrder] { books.withLock { $0.orders } }

  func submit(_ order: DeskOrder) {
    books.withLock { $0.orders.append(order) }
    if case .open(let wishes) = order {
      for wish in wishes { tell(order, open(wish)) }
    } else if let event = answer(order) {
      tell(order, event)
    }
  }

  private func tell(_ order: DeskOrder, _ event: DeskEvent) {
    if let later { later(order, event) } else { mailbox.post(event) }
  }

  private func answer(_ order: DeskOrder) -> DeskEvent? {
    switch order {
    case .sign(let digest, _, let ticket):
      return .signed(ticket: ticket, try? key.sign(digest))
    case .topUp(let id, let amount):
      guard !books.withLock({ $0.isLedgerDown || $0.isSpendingOff }) else {
        return .notToppedUp(id)
      }
      return .toppedUp(id, deposit: ledger.topUp(id, by: amount))
    case .pay(let id, let total): return pay(id, total)
    case .admit(let descriptor): return admit(descriptor)
    case .receive(let voucher, let peer): return receive(voucher, peer)
    case .charge(let id, let total, let window):
      return books.withLock { books in
        guard cheat != .chargesNothing, total <= (books.paid[id] ?? 0) + window else {
          return .notCharged(id)
        }
        books.billed[id] = max(books.billed[id] ?? 0, total)
        books.windows[id] = window
        return .charged(id, upTo: total)
      }
    case .close(let id):
      ledger.close(id, paying: paid(id))
      books.withLock { $0.closed.append(id) }
      return .closing(id)
    case .writeOff(let id, let total):
      books.withLock { $0.billed[id] = total }
      return nil
    case .shown(let voucher): return shown(voucher)
    case .requestClose, .open: return nil
    }
  }

  /// The process dies: of what it signed the books know only what is in `known`.
  func forget(keeping share: UInt128) {
    books.withLock { books in
      for (id, signed) in books.signed { books.known[id] = signed * share / 16 }
    }
  }

  /// Tells of the channels that are open, as a new process finds them.
  func announce() {
    for entry in ledger.entries(payer: account) where !entry.isClosed {
      let id = entry.descriptor.id
      let signed = books.withLock { $0.known[id] ?? $0.signed[id] ?? 0 }
      mailbox.post(
        .opened(entry.descriptor, deposit: entry.deposit, signed: signed, owed: signed))
    }
  }

  private func shown(_ voucher: SignedVoucher) -> DeskEvent? {
    let (id, amount) = (voucher.channelID, voucher.cumulativeAmount)
    guard voucher.isSigned(by: account, in: domain) else { return nil }
    return books.withLock { books in
      guard let known = books.known[id], amount > known else { return nil }
      books.known[id] = amount
      return .known(id, total: amount, voucher)
    }
  }

  private func open(_ wish: ChannelWish) -> DeskEvent {
    guard !books.withLock({ $0.isLedgerDown || $0.isSpendingOff }) else {
      return .notOpened(payee: wish.payee)
    }
    let channel = ledger.open(
      payer: account, payee: wish.payee, deposit: wish.deposit, grace: wish.graceSeconds)
    return .opened(channel, deposit: wish.deposit, signed: 0, owed: 0)
  }

  private func pay(_ id: ChannelID, _ total: UInt128) -> DeskEvent? {
    guard let entry = ledger.entry(id), total <= entry.deposit,
      !books.withLock({ $0.isSpendingOff }),
      let voucher = try? Voucher(channelID: id, cumulativeAmount: total)
        .signed(by: key, in: domain)
    else { return .notPaid(id, isFinal: true) }
    return books.withLock { books in
      if let known = books.known[id] {
        guard total >= known else { return .notPaid(id, isFinal: false) }
        books.known[id] = total
      }
      let first = books.firstVoucher ?? voucher
      books.firstVoucher = first
      books.voucherCount += 1
      if cheat == .repeatsFirst { return .paid(first) }
      if case .stopsSigning(let count) = cheat, books.voucherCount > count { return nil }
      books.signed[id] = max(books.signed[id] ?? 0, total)
      return .paid(voucher)
    }
  }

  private func admit(_ descriptor: ChannelDescriptor) -> DeskEvent {
    let id = descriptor.id
    guard let entry = ledger.entry(id), entry.descriptor == descriptor, !entry.isClosed else {
      return .notAdmitted(id)
    }
    return books.withLock { books in
      .admitted(
        PayerStatement(
          channelID: id, deposit: entry.deposit, paid: books.paid[id] ?? 0,
          delivered: books.billed[id] ?? 0, window: books.windows[id] ?? 0,
          history: books.history[descriptor.payer] ?? 0,
          voucher: books.vouchers[id]))
    }
  }

  private func receive(_ voucher: SignedVoucher, _ peer: PaymentChannels.PeerID) -> DeskEvent {
    let id = voucher.channelID
    guard let entry = ledger.entry(id),
      voucher.isSigned(by: entry.descriptor.voucherSigner, in: domain)
    else { return .notReceived(id, from: peer, isForged: true) }
    return books.withLock { books in
      let amount = voucher.cumulativeAmount
      let deposit = books.deposits[id] ?? entry.deposit
      guard amount > books.paid[id] ?? 0, amount <= deposit, !entry.isClosed else {
        return .notReceived(id, from: peer, isForged: false)
      }
      let payer = entry.descriptor.payer
      books.history[payer, default: 0] += amount - (books.paid[id] ?? 0)
      books.paid[id] = amount
      books.vouchers[id] = voucher
      return .received(id, paid: amount, deposit: deposit)
    }
  }
}
