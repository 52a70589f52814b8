internal import BitTorrent
internal import NIOCore

/// One connection's buying: what was asked at which price, and what came of it.
struct BuyerState {
  /// Where buying stands.
  enum Phase {
    /// The seller knows no channel of ours here.
    case strange
    /// A channel is being opened.
    case opening
    /// Its proof is being signed.
    case proving
    /// The seller was shown a channel.
    case shown
    /// The seller takes vouchers of it.
    case ready
  }

  var phase = Phase.strange
  /// The newest genuine quote.
  var quote: SpeedQuote?
  /// The quote that requests are made at.
  var accepted: SpeedQuote?
  var channel: BuyingChannel?
  /// The first window that the seller spoke of.
  var window = SpeedExtension.firstWindow
  /// The newest that the seller told of the channel.
  var need: SpeedNeed?
  /// The seller gives us no window: what is asked is asked for nothing, until it is tried again.
  var hasNoCredit = false
  var triesAgainAt = NIODeadline.distantPast
  /// Channels that the seller did not know when they were shown.
  var refusals = 0
  /// Not bought from before then.
  var avoidUntil = NIODeadline.distantPast
  /// The seller's newest wrong data, or breach: nothing is bought from it again.
  var isBarred = false
  /// When bytes that cost something last came, or began to be asked for.
  var lastProgress = NIODeadline.distantPast
  /// Quotes that were looked at, for a bound on signatures.
  var quotesChecked = 0
  var quoteBudgetAt = NIODeadline.distantPast

  var barter = Barter()
  /// What the newest message after the first `accept` was: a receipt, saying this.
  var receiptBefore: UInt64?
  /// Bytes that proved right and had a price.
  var paidVerified = 0
  /// Bytes of them that are billed, after barter.
  var billed = 0
  /// Wei of this connection's bill.
  var spent: UInt128 = 0
  /// What channel and torrent know to be under way here, in wei.
  var counted: UInt128 = 0

  private struct Tag {
    /// The number of its price.
    var price: UInt32
    /// Whether the block is waited for; what was given up may still come.
    var isOpen = true
    /// When it was given up.
    var epoch: UInt8 = 0
  }

  /// Bytes of a piece that came at one price, and what of them costs something.
  struct Part {
    var price: UInt128
    var bytes: Int
    var billable: Int
    var value: UInt128 { Bill.cost(of: billable, at: price) }
  }

  // Prices of requests that are open or may still be answered.
  private var tags = BlockTable<Tag>()
  private var prices = PriceList()
  // Requests that were given up, counted and in runs.
  private var givenUp = 0
  private var epoch: UInt8 = 0
  private var openCount = 0
  // The sum of the prices of those that are open.
  private var openPrices: UInt128 = 0
  // What came of pieces that are not checked yet, in the order of its coming.
  private var tallies: [Int: [Part]] = [:]
  /// Its value in wei.
  private(set) var unverifiedValue: UInt128 = 0

  // Blocks that came again, and are not known to be right yet, the oldest first.
  private var copies: [(block: BlockRequest, part: Part)] = []

  // MARK: Requests

  /// A request goes out at the price that holds.
  mutating func requested(_ block: BlockRequest) {
    guard let accepted else {
      if let old = tags.take(block) { close(old) }
      return
    }
    let tag = Tag(price: prices.number(of: accepted.price, isFresh: tags.isEmpty))
    if let old = tags.put(tag, for: block) { close(old) }
    openCount += 1
    openPrices += accepted.price
    // Of what was given up only the newest may still be answered.
    if tags.count - openCount > 2 * Self.epochLength {
      let epoch = epoch
      tags.keep { $0.isOpen || $0.epoch == epoch || $0.epoch == epoch &- 1 }
    }
  }

  /// Whether anything that costs something is waited for.
  var isWaiting: Bool { openCount > 0 }

  /// A request was given up; should it be answered all the same, that costs what it did.
  mutating func gaveUp(_ block: BlockRequest) {
    guard var tag = tags[block] else { return }
    close(tag)
    (tag.isOpen, tag.epoch) = (false, epoch)
    givenUp += 1
    if givenUp % Self.epochLength == 0 { epoch &+= 1 }
    tags.put(tag, for: block)
  }

  /// A block came; its price.
  mutating func takePrice(of block: BlockRequest) -> UInt128? {
    guard let tag = tags.take(block) else { return nil }
    close(tag)
    return prices[tag.price]
  }

  private mutating func close(_ tag: Tag) {
    guard tag.isOpen else { return }
    openCount -= 1
    openPrices -= prices[tag.price]
  }

  /// Nothing that is under way costs anything any more.
  mutating func forgetRequests() {
    tags = BlockTable()
    (openCount, openPrices) = (0, 0)
  }

  /// What is under way or not checked yet may cost so much.
  var ahead: UInt128 {
    Bill.cost(of: BlockRequest.blockLength, at: openPrices) + unverifiedValue
  }

  // MARK: Pieces

  /// A block came of a piece that is not checked yet.
  mutating func hold(_ piece: Int, _ part: Part) {
    // In place: a copy for each block would cost more than the rest of it.
    let value = tallies[piece, default: []].add(part)
    unverifiedValue += value
  }

  /// The value in wei of what came of pieces that are not checked yet, and whose blocks are not
  /// `judged` one by one.
  func unverifiedValue(except judged: Set<Int>) -> UInt128 {
    guard !judged.isEmpty else { return unverifiedValue }
    return tallies.reduce(0) { sum, tally in
      judged.contains(tally.key) ? sum : tally.value.reduce(sum) { $0 + $1.value }
    }
  }

  /// A block came that was here already; it is paid for if it proves right.
  mutating func holdCopy(_ block: BlockRequest, _ part: Part) {
    if copies.count >= Self.greatestCopies { copies.removeFirst() }
    copies.append((block, part))
  }

  /// A copy proved right.
  mutating func takeCopy(_ block: BlockRequest) -> Part? {
    copies.firstIndex { $0.block == block }.map { copies.remove(at: $0).part }
  }

  /// Whether blocks without a price must be noted too, as it is not told which of a piece proved
  /// right.
  var isHolding: Bool { accepted != nil || !tallies.isEmpty }

  /// So many bytes of a piece were checked, the oldest; what of them had a price.
  mutating func take(_ piece: Int, _ bytes: Int) -> [Part] {
    guard var tally = tallies.removeValue(forKey: piece) else { return [] }
    for part in tally { unverifiedValue -= min(unverifiedValue, part.value) }
    var taken: [Part] = []
    var left = bytes
    while left > 0, var part = tally.first {
      let count = min(left, part.bytes)
      // Of one price, what costs something is told first.
      let billable = min(part.billable, count)
      taken.append(Part(price: part.price, bytes: count, billable: billable))
      left -= count
      part.bytes -= count
      part.billable -= billable
      if part.bytes > 0 { tally[0] = part } else { tally.removeFirst() }
    }
    for part in tally { unverifiedValue += part.value }
    if !tally.isEmpty { tallies[piece] = tally }
    if tallies.isEmpty { unverifiedValue = 0 }
    return taken
  }

  /// A piece was wrong: nothing more of it is paid.
  mutating func drop(_ piece: Int) {
    for part in tallies.removeValue(forKey: piece) ?? [] {
      unverifiedValue -= min(unverifiedValue, part.value)
    }
    if tallies.isEmpty { unverifiedValue = 0 }
  }

  private static let epochLength = 2_048
  private static let greatestCopies = 256
}

extension [BuyerState.Part] {
  /// Adds what came last; returns by how much that raises the value.
  fileprivate mutating func add(_ part: BuyerState.Part) -> UInt128 {
    guard let last = indices.last, self[last].price == part.price else {
      append(part)
      return part.value
    }
    let before = self[last].value
    self[last].bytes += part.bytes
    self[last].billable += part.billable
    return self[last].value - before
  }
}
