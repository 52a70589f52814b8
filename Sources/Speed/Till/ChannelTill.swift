public import ChainTypes
internal import Keys
public import Logging
public import Metainfo
public import PaymentChannels
public import Primitives

/// The desk of a session: does with the channels of one key what its markets order.
///
/// Markets live on an event loop and wait for nothing; the till signs, verifies, writes and asks
/// the ledger, and posts what came of it to their mailbox. Whatever they order, it signs away no
/// more than was allowed.
public actor ChannelTill: ChannelDesk {
  /// The account that pays and is paid.
  public nonisolated let account: Address
  /// Where its channels are.
  public nonisolated let domain: ChannelDomain
  /// What was bought, sold and settled.
  public nonisolated let statement: Statement
  /// Where it posts.
  public nonisolated let mailbox = DeskMailbox()

  /// What the till did since it was made.
  public struct Counters: Hashable, Sendable {
    /// Vouchers signed.
    public var vouchersSigned = 0
    /// Vouchers received that were right.
    public var vouchersReceived = 0
    /// Vouchers refused.
    public var vouchersRefused = 0
    /// Channels opened.
    public var channelsOpened = 0
    /// Channels of others that were admitted.
    public var channelsAdmitted = 0
  }

  /// What the till did since it was made.
  public internal(set) var counters = Counters()

  let service: ChannelService
  let ledger: any LedgerClient
  let clock: any ChannelClock
  let logger: Logger
  private let signers: [Address: any ChannelSigner]
  /// From the beginning, so that nothing is missed between that and `run`.
  private nonisolated let updates: AsyncStream<ChannelUpdate>
  private nonisolated let orders: AsyncStream<DeskOrder>
  private nonisolated let orderContinuation: AsyncStream<DeskOrder>.Continuation

  var purse: Purse
  private var budgets: [SHA1Hash: UInt128] = [:]
  /// What had been spent for torrents when they were first allowed to spend.
  private var spentBefore: [SHA1Hash: UInt128] = [:]
  /// What an earlier session may have signed and told of no torrent, by the torrent that it was for.
  private var unaccounted: [SHA1Hash: UInt128]?
  /// What channels were opened or found for last, for the statement.
  var torrent = SHA1Hash.zero
  /// The channels that we pay through, and may use.
  var own: [ChannelID: OwnChannel] = [:]
  /// What is set aside for channels that are being opened.
  var opening: UInt128 = 0
  /// Orders about channels that wait for the one before them.
  private var queues: [ChannelID: [DeskOrder]] = [:]
  /// Top-ups by channel that are ordered and not done, and which of these are to be closed then.
  var raising: [ChannelID: Int] = [:]
  var closingThen: Set<ChannelID> = []
  /// Channels of others that wait to be seen in a final block, and since when.
  var visitors: [ChannelID: (descriptor: ChannelDescriptor, since: Duration)] = [:]
  /// Whether the ledger makes blocks by the clock, so that an old one tells that news are missing.
  private let hasClock: Bool
  /// When the books last had all that the ledger tells.
  private var caughtUp: Duration

  /// A till over the channels of a service, which somebody runs.
  ///
  /// `signers` are the account's key and the voucher signer's. With `hasClock` the ledger is one
  /// that makes blocks by the clock: where its newest is old, no credit is given.
  public init(
    service: ChannelService, ledger: any LedgerClient, hasClock: Bool,
    signers: [any ChannelSigner], statement: Statement,
    clock: any ChannelClock = SystemChannelClock(), logger: Logger
  ) {
    account = service.account
    domain = service.domain
    self.service = service
    self.ledger = ledger
    self.hasClock = hasClock
    self.statement = statement
    self.clock = clock
    self.logger = logger
    self.signers = Dictionary(signers.map { ($0.address, $0) }) { first, _ in first }
    (orders, orderContinuation) = AsyncStream.makeStream()
    updates = service.ledgerUpdates()
    let books = statement.books
    purse = Purse(spent: books.ceiling, billed: books.spentInAll)
    caughtUp = clock.now
  }

  // MARK: - Spending

  /// Allows to spend `budget` wei in all for a torrent.
  ///
  /// What was spent for it in earlier sessions counts, and so does what may have been signed before
  /// a crash.
  public func allow(_ budget: UInt128, for torrent: SHA1Hash) async {
    if unaccounted == nil {
      let channels = await service.list()
      if unaccounted == nil { unaccounted = attribute(to: channels) }
    }
    if spentBefore[torrent] == nil {
      account(for: torrent, within: budget)
      spentBefore[torrent] = statement.spent(for: torrent)
    }
    let spent = spentBefore[torrent] ?? 0
    let left = budget > spent ? budget - spent : 0
    purse.allow(left, insteadOf: budgets[torrent] ?? 0)
    budgets[torrent] = left
    self.torrent = torrent
  }

  /// Whose it is what may have been signed before a crash: of the torrents whose channels were in
  /// use last, as far as their ceilings reach; the rest is the newest one's, or anybody's.
  private func attribute(to channels: [ChannelSummary]) -> [SHA1Hash: UInt128] {
    let books = statement.books
    var rest = books.unaccounted
    var shares: [SHA1Hash: UInt128] = [:]
    let used = channels.filter { $0.role == .payer }.compactMap { channel in
      books.accounts[channel.id].map { (account: $0, ceiling: channel.ceiling.wei.low) }
    }.sorted { $0.account.lastUsed > $1.account.lastUsed }
    for (account, ceiling) in used where ceiling > account.promised {
      let share = min(rest, ceiling - account.promised)
      shares[account.torrent, default: 0] += share
      rest -= share
    }
    if rest > 0 { shares[used.first?.account.torrent ?? .zero, default: 0] += rest }
    return shares
  }

  /// Takes a torrent's share of it from its budget; what does not fit there is the next one's.
  private func account(for torrent: SHA1Hash, within budget: UInt128) {
    let share = (unaccounted?[torrent] ?? 0) + (unaccounted?[.zero] ?? 0)
    let spent = statement.spent(for: torrent)
    let taken = min(share, budget > spent ? budget - spent : 0)
    unaccounted?[torrent] = nil
    unaccounted?[.zero] = share - taken
    if taken > 0 { statement.append(.spent(torrent, taken)) }
  }

  /// Turns spending on or off, at once and for all torrents.
  public func setSpending(_ isSpending: Bool) { purse.isSpending = isSpending }

  // MARK: - Running

  /// Takes an order; see `ChannelDesk`.
  public nonisolated func submit(_ order: DeskOrder) { orderContinuation.yield(order) }

  /// Does what is ordered, until the task is cancelled.
  public func run() async {
    await withDiscardingTaskGroup { group in
      await announceOpen()
      group.addTask { await self.follow() }
      group.addTask { await self.watch() }
      for await order in orders {
        // What is ordered about the books of one channel is done in order.
        if let id = order.channelInOrder {
          guard queues[id] == nil else {
            queues[id]?.append(order)
            continue
          }
          queues[id] = []
          group.addTask { await self.carryOut(order, thenAllOf: id) }
        } else {
          if case .topUp(let id, _) = order { raising[id, default: 0] += 1 }
          group.addTask { await self.carryOut(order) }
        }
      }
      group.cancelAll()
    }
  }

  /// Writes down exactly what was spent; to be called once no market orders anything any more.
  public func close() {
    if purse.ceiling != purse.spent { statement.append(.limit(total: purse.spent)) }
    statement.flush(durably: true)
  }

  private func carryOut(_ order: DeskOrder, thenAllOf id: ChannelID) async {
    await carryOut(order)
    while let queue = queues[id], let next = queue.first {
      queues[id]?.removeFirst()
      await carryOut(next)
    }
    queues[id] = nil
  }

  private nonisolated func carryOut(_ order: DeskOrder) async {
    switch order {
    case .sign(let digest, let address, let ticket):
      mailbox.post(.signed(ticket: ticket, try? signers[address]?.sign(digest)))
    case .open(let wishes): await open(wishes)
    case .topUp(let id, let amount): await topUp(id, by: amount)
    case .pay(let id, let total): await pay(id, total: total)
    case .shown(let voucher): await shown(voucher)
    case .requestClose(let id): await requestClose(id)
    case .admit(let descriptor): await admit(descriptor)
    case .receive(let voucher, let peer): await receive(voucher, from: peer)
    case .charge(let id, let total, let window): await charge(id, upTo: total, window: window)
    case .writeOff(let id, let total): await writeOff(id, to: total)
    case .close(let id): await close(id)
    }
  }

  // MARK: - What happens by itself

  /// Takes in what the ledger and the books tell.
  private func follow() async {
    for await update in updates { await note(update) }
  }

  private func note(_ update: ChannelUpdate) async {
    switch update {
    case .opened(let id, let role, _):
      if role == .payee, let visitor = visitors.removeValue(forKey: id) {
        await admit(visitor.descriptor)
      }
    case .toppedUp(let id, let deposit):
      // Of our own it is told when the order is done.
      if own[id] == nil { mailbox.post(.toppedUp(id, deposit: deposit)) }
    case .paid, .stopped, .unresolved: break
    case .settled(let id, let amount, let total):
      statement.append(.settled(id, amount: amount, total: total), durably: true)
      learn(id, total, nil)
    case .closeRequested(let id): mailbox.post(.closing(id))
    case .closed(let id, let total):
      statement.append(.closed(id, total: total), durably: true)
      own[id] = nil
      mailbox.post(.closed(id))
    case .transaction(let kind, let hash, let succeeded):
      statement.append(
        .transaction(kind: kind.name, hash, succeeded: succeeded), durably: true)
    }
  }

  /// Looks every second how old the news of the ledger are, and whose time is up.
  private func watch() async {
    var rounds = 0
    while !Task.isCancelled {
      await look()
      if rounds % 60 == 0 { await giveBackIdle() }
      rounds += 1
      statement.flush()
      guard (try? await clock.sleep(for: .seconds(1))) != nil else { return }
    }
  }

  private func look() async {
    var news = caughtUp
    do throws(LedgerClientError) {
      let head = try await ledger.head()
      if await service.followedHeight >= head.height { caughtUp = clock.now }
      news = hasClock ? min(caughtUp, .seconds(Int64(clamping: head.time))) : caughtUp
    } catch {
      logger.debug("the ledger does not answer", metadata: ["cause": "\(error)"])
    }
    mailbox.post(.ledgerAge(max(clock.now - news, .zero)))
    for (id, visitor) in visitors where clock.now - visitor.since >= Self.patience {
      visitors[id] = nil
      mailbox.post(.notAdmitted(id))
    }
  }

  /// Asks for the close of channels that an earlier session left open and nobody uses again.
  private func giveBackIdle() async {
    let now = UInt64(max(clock.now.components.seconds, 0))
    for (id, account) in statement.books.accounts
    where account.party.isPaidByUs && !account.isClosed && own[id] == nil
      && account.lastUsed + Self.idleSeconds <= now
    {
      guard let channel = try? await service.get(id), channel.closeRequestedAt == nil else {
        continue
      }
      submit(.requestClose(id))
    }
  }

  private static let idleSeconds: UInt64 = 600

  /// How long a channel that was shown may take to be seen in a final block.
  private static let patience = Duration.seconds(15)
}

extension DeskOrder {
  /// The channel whose orders are carried out one after the other, for those that change its book.
  ///
  /// To raise a deposit takes the ledger's time, in which vouchers are signed against what there is.
  fileprivate var channelInOrder: ChannelID? {
    switch self {
    case .pay(let id, _), .charge(let id, _, _), .writeOff(let id, _), .close(let id),
      .requestClose(let id):
      id
    case .shown(let voucher): voucher.channelID
    case .sign, .open, .topUp, .admit, .receive: nil
    }
  }
}
