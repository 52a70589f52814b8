internal import BitTorrent
internal import NIOCore

/// One connection's selling: what was quoted, what was promised, what went out.
struct SellerState {
  /// The quotes that may be accepted, the newest last.
  var offered: [SpeedQuote] = []
  var nextQuote: UInt64 = 1
  /// The price clock's state of the newest quote.
  var generation: UInt64 = 0
  var isSigning = false
  /// The quote that requests are at.
  var accepted: SpeedQuote?
  /// The channel whose signer proved itself.
  var channel: SellingChannel?
  /// Paid mode has ended: what was asked for before still goes out, and is owed.
  var isLeaving = false
  /// The buyer needs the channel no more: it is closed when the last of it is out.
  var isChannelDone = false
  /// Proofs that were looked at, for a bound on signatures.
  var proofsChecked = 0
  var isBarred = false

  /// Requests that are admitted and not sent, with the numbers of their prices.
  private var promised = BlockTable<UInt32>()
  private var prices = PriceList()
  /// What was told of the channel last.
  var lastNeed: SpeedNeed?
  /// Whether requests are held back.
  var isHolding = false
  var barter = Barter()
  /// When a payer without a window may have one again.
  var welcomeAt = NIODeadline.distantPast
  /// Value delivered on this connection, in wei.
  var earned: UInt128 = 0

  /// Whether the connection has a paid slot.
  var isSeated = false
  var admittedInRound = 0
  var isIdleUntil = NIODeadline.distantPast
  /// The newest batch in which it had a paid slot and asked for something for nothing.
  var freeBatch: UInt64?
  /// What was sent by a moment that lies back: all of it should have come.
  var mark: (bytes: Int, at: NIODeadline)?
  var pace = DeliveryPace()

  /// Requests that are admitted and not sent.
  var promises: [BlockRequest] { promised.blocks }

  /// Whether any are.
  var hasPromises: Bool { !promised.isEmpty }

  /// Admits a request at a price; false where it is admitted already.
  mutating func promise(_ block: BlockRequest, at price: UInt128) -> Bool {
    guard promised[block] == nil else { return false }
    promised.put(prices.number(of: price, isFresh: promised.isEmpty), for: block)
    return true
  }

  /// A request was sent, or will not be; its price.
  mutating func takePromise(_ block: BlockRequest) -> UInt128? {
    promised.take(block).map { prices[$0] }
  }
}
