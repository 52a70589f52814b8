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
  private nonisolated let orders: AsyncStream<DeskOrder>
  private nonisolated let orderContinuation: AsyncStream<DeskOrder>.Continuation

  var purse: Purse
  private var budgets: [SHA1Hash: UInt128] = [:]
  /// What channels were opened or found for last, for the statement.
  var torrent = SHA1Hash.zero
  /// Vouchers that are being signed or wait to be, of the channels that we pay through.
  var payments: [ChannelID: Payments] = [:]
  /// Channels of others that wait to be seen in a final block, and since when.
  var visitors: [ChannelID: (descriptor: ChannelDescriptor, since: Duration)] = [:]
  private var lastAnswer: Duration

  /// What is to be signed on a channel.
  struct Payments {
    var signed: UInt128
    var isBusy = false
    var next: UInt128?
  }

  /// A till over the channels of a service, which somebody runs; `signers` are the account's key
  /// and the voucher signer's.
  public init(
    service: ChannelService, ledger: any LedgerClient, signers: [any ChannelSigner],
    statement: Statement, clock: any ChannelClock = SystemChannelClock(), logger: Logger
  ) {
    account = service.account
    domain = service.domain
    self.service = service
    self.ledger = ledger
    self.statement = statement
    self.clock = clock
    self.logger = logger
    self.signers = Dictionary(signers.map { ($0.address, $0) }) { first, _ in first }
    (orders, orderContinuation) = AsyncStream.makeStream()
    purse = Purse(spent: statement.books.ceiling)
    lastAnswer = clock.now
  }

  // MARK: - Spending

  /// Allows to spend `budget` wei in all for a torrent.
  ///
  /// What was spent for it in earlier sessions counts, and so does what may have been signed before
  /// a crash.
  ///
  /// - Returns: what counts as spent of it.
  @discardableResult
  public func allow(_ budget: UInt128, for torrent: SHA1Hash) -> UInt128 {
    let books = statement.books
    if books.unaccounted > 0 { statement.append(.spent(torrent, books.unaccounted)) }
    let spent = statement.books.spent[torrent] ?? 0
    let left = budget > spent ? budget - spent : 0
    purse.allow(left, insteadOf: budgets[torrent] ?? 0)
    budgets[torrent] = left
    self.torrent = torrent
    return spent
  }

  /// Turns spending on or off, at once and for all torrents.
  public func setSpending(_ isSpending: Bool) { purse.isSpending = isSpending }

  // MARK: - Running

  /// Takes an order; see `ChannelDesk`.
  public nonisolated func submit(_ order: DeskOrder) { orderContinuation.yield(order) }

  /// Does what is ordered, until the task is cancelled.
  public func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.follow() }
      group.addTask { await self.watch() }
      for await order in orders { group.addTask { await self.carryOut(order) } }
      group.cancelAll()
    }
  }

  /// Writes down exactly what was spent; to be called once no market orders anything any more.
  public func close() {
    if purse.ceiling != purse.spent { statement.append(.limit(total: purse.spent)) }
    statement.flush(durably: true)
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
    for await update in service.updates() { await note(update) }
  }

  private func note(_ update: ChannelUpdate) async {
    switch update {
    case .opened(let id, let role, _):
      if role == .payee, let visitor = visitors.removeValue(forKey: id) {
        await admit(visitor.descriptor)
      }
    case .toppedUp, .paid, .stopped, .unresolved: break
    case .settled(let id, let amount, let total):
      statement.append(.settled(id, amount: amount, total: total), durably: true)
    case .closeRequested(let id): mailbox.post(.closing(id))
    case .closed(let id, let total):
      statement.append(.closed(id, total: total), durably: true)
      mailbox.post(.closing(id))
      payments[id] = nil
    case .transaction(let kind, let hash, let succeeded):
      statement.append(
        .transaction(kind: kind.name, hash, succeeded: succeeded), durably: true)
    }
  }

  /// Looks every second whether the ledger answers, and whose time is up.
  private func watch() async {
    while !Task.isCancelled {
      do throws(LedgerClientError) {
        _ = try await ledger.head()
        lastAnswer = clock.now
      } catch {
        logger.debug("the ledger does not answer", metadata: ["cause": "\(error)"])
      }
      mailbox.post(.ledgerAge(clock.now - lastAnswer))
      for (id, visitor) in visitors where clock.now - visitor.since >= Self.patience {
        visitors[id] = nil
        mailbox.post(.notAdmitted(id))
      }
      statement.flush()
      guard (try? await clock.sleep(for: .seconds(1))) != nil else { return }
    }
  }

  /// How long a channel that was shown may take to be seen in a final block.
  private static let patience = Duration.seconds(15)
}
