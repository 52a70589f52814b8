internal import BitTorrent
internal import ChainTypes
internal import Keys
internal import NIOCore
internal import PaymentChannels
internal import Primitives

/// All that torrents of a session share in the market: the desk, channels, the price, who may owe.
///
/// It is confined to the session's event loop, like the strategies that use it. What the desk posts
/// is taken in by whichever of them has its turn.
public final class SpeedAccounts {
  /// Where money matters are done.
  public let desk: any ChannelDesk
  /// Where the desk posts.
  public let mailbox: DeskMailbox
  /// What all torrents have in common.
  public let configuration: SpeedConfiguration

  /// The price that is asked, while anything is sold.
  public internal(set) var priceClock: PriceClock?
  var credit: CreditOffice
  var now = NIODeadline.uptimeNanoseconds(0)
  var random: any RandomNumberGenerator
  var selling: [ChannelID: SellingChannel] = [:]
  var buying: [ChannelID: BuyingChannel] = [:]
  /// Channels of ours of which more came in the batch that is being taken in.
  var grown: [BuyingChannel] = []
  var byPayee: [Address: ChannelID] = [:]
  var byPayer: [Address: [ChannelID]] = [:]
  var openings: [Address: Opening] = [:]
  var openingsDue: NIODeadline?
  var noLedgerUntil = NIODeadline.distantPast
  /// Channels of ours that are not used any more and not gone from the ledger yet.
  var returning: [ChannelID: BuyingChannel] = [:]
  /// Payees who sent what was wrong: nothing is bought from them again, on whatever connection.
  private(set) var barredPayees: Set<Address> = []
  /// Seconds since 1970 at the moment that the monotonic clock calls 0.
  var unixOffset: Int64
  /// How old the newest was that is known of the ledger, and when; nil before anything was told.
  var ledgerAge: (age: TimeAmount, at: NIODeadline)?
  /// Connections that wait for a channel to be looked up.
  var admissions: [ChannelID: [(connection: SpeedConnection, descriptor: ChannelDescriptor)]] = [:]
  /// The torrents, in the order of their coming.
  var markets: [SpeedMarket] = []
  /// The number of the next of them.
  var nextMarket: UInt64 = 0
  /// How long a voucher takes to reach the disk, the slowest of late.
  var syncTime: TimeAmount = .milliseconds(2)
  /// How long vouchers took until there was credit for them.
  var voucherWaits = WaitHistogram()
  var receivingSince: [ChannelID: NIODeadline] = [:]
  private var tickets: [UInt64: (Signature?) -> Void] = [:]
  private var nextTicket: UInt64 = 0
  /// The number of the newest connection of all torrents.
  var nextConnection: UInt64 = 0
  private var nextTick = NIODeadline.distantPast
  private var nextRound = NIODeadline.distantPast
  private var isProcessing = false

  /// A channel that is to be opened, and who waits for it.
  struct Opening {
    var wish: ChannelWish
    var market: SpeedMarket
    var waiting: [SpeedConnection]
    var isOrdered = false
  }

  /// Accounts at a desk; `random` makes nonces.
  public init(
    desk: any ChannelDesk, mailbox: DeskMailbox, configuration: SpeedConfiguration,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) {
    self.desk = desk
    self.mailbox = mailbox
    self.configuration = configuration
    self.random = random
    unixOffset = configuration.unixOffset
    priceClock = configuration.selling.map { PriceClock(floor: $0.floorPrice) }
    credit = CreditOffice(configuration.selling ?? SellingTerms(floorPrice: 0))
  }

  // MARK: Time

  func unixTime(at moment: NIODeadline) -> UInt64 {
    let seconds = Int64(clamping: moment.uptimeNanoseconds / 1_000_000_000)
    return UInt64(clamping: unixOffset.addingReportingOverflow(seconds).partialValue)
  }

  func advance(to moment: NIODeadline) { now = max(now, moment) }

  /// Takes in what the desk has posted, and does what is due, in the turn of one market.
  func process(for market: SpeedMarket) {
    guard !isProcessing else { return }
    isProcessing = true
    defer { isProcessing = false }
    for event in mailbox.take() { handle(event) }
    placeOpenings()
    if now >= nextTick {
      nextTick = now + .milliseconds(250)
      tickSelling()
      tickBuying()
    }
    if now >= nextRound {
      nextRound = now + configuration.round
      endRound()
    }
    for other in markets where other !== market && other.hasOutput { other.wake?() }
  }

  private func endRound() {
    guard var clock = priceClock else { return }
    var (demand, slots) = (0, 0)
    for market in markets where market.isSelling {
      demand += market.demand
      slots += market.slotsForSale
    }
    clock.round(demand: demand, slots: slots)
    priceClock = clock
    for market in markets { market.roundEnded() }
  }

  // MARK: Signing

  /// Has a digest signed; `body` is called with nil when it was not.
  func sign(_ digest: Hash256, by signer: Address, then body: @escaping (Signature?) -> Void) {
    nextTicket += 1
    tickets[nextTicket] = body
    desk.submit(.sign(digest, by: signer, ticket: nextTicket))
  }

  private func handle(_ event: DeskEvent) {
    switch event {
    case .signed(let ticket, let signature): tickets.removeValue(forKey: ticket)?(signature)
    case .opened(let descriptor, let deposit, let signed, let owed):
      opened(descriptor, deposit: deposit, signed: signed, owed: owed)
    case .notOpened(let payee): notOpened(payee)
    case .toppedUp(let id, let deposit):
      if let channel = selling[id], deposit > channel.deposit {
        channel.deposit = deposit
        // What was held back for it, or refused, may come now.
        for connection in channel.users {
          connection.tellNeed(once: true)
          connection.reconsider()
        }
      }
      guard let channel = buying[id] ?? returning[id] else { return }
      channel.toppingUp = 0
      channel.deposit = max(channel.deposit, deposit)
      // Who found no room any more goes on.
      for connection in channel.users { connection.market.offersChanged() }
    case .notToppedUp(let id):
      let channel = buying[id] ?? returning[id]
      channel?.toppingUp = 0
      channel?.noTopUpUntil = now + configuration.ledgerRetry
    case .paid(let voucher): paid(voucher)
    case .known(let id, let total, let voucher): known(id, total, voucher)
    case .notPaid(let id, let isFinal): notPaid(id, isFinal: isFinal)
    case .admitted(let statement): admitted(statement)
    case .notAdmitted(let id):
      for (connection, _) in admissions.removeValue(forKey: id) ?? [] {
        connection.refuseChannel(id)
      }
    case .received(let id, let paid, let deposit): received(id, paid: paid, deposit: deposit)
    case .notReceived(let id, let peer, let isForged):
      refused(id, from: peer.rawValue, isForged: isForged)
    case .charged(let id, let total): charged(id, upTo: total)
    case .notCharged(let id): charged(id, upTo: nil)
    case .closing(let id): closing(id)
    case .closed(let id):
      closing(id)
      returning[id] = nil
    // A ledger that stands still is older than any that counts, long before the bound.
    case .ledgerAge(let age): ledgerAge = (TimeAmount(min(age, .seconds(1 << 32))), now)
    }
  }

  private func closing(_ id: ChannelID) {
    if let channel = selling[id] {
      channel.isClosing = true
      for connection in channel.users { connection.stopSelling(.channelClosing) }
      selling[id] = nil
      byPayer[channel.payer]?.removeAll { $0 == id }
      if byPayer[channel.payer]?.isEmpty == true { byPayer[channel.payer] = nil }
    }
    if let channel = buying[id] {
      channel.isOver = true
      channel.isStopped = true
      for connection in channel.users { connection.stopBuying(.channelClosing, tells: true) }
      forget(channel)
    }
  }

  /// Buys nothing from a payee again.
  func bar(_ payee: Address) {
    // Who has so many names may have the first of them back.
    if barredPayees.count >= Self.greatestBarred { barredPayees = [] }
    barredPayees.insert(payee)
  }

  private static let greatestBarred = 16_384

  func nonce() -> Hash256 {
    let words = (random.next(), random.next(), random.next(), random.next())
    return withUnsafeBytes(of: words) { Hash256(Array($0)) ?? .zero }
  }
}
