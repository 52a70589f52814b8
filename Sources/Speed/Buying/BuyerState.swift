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
  /// The seller gives us no window: what is asked is asked for nothing.
  var hasNoCredit = false
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

  /// Bytes that were paid for although a copy of them had come.
  var duplicates = 0
  /// Bytes that proved right, had a price, and are billed.
  var billed = 0
  /// Bytes that proved right and had a price.
  var paidVerified = 0
  /// What the seller had of us when the first quote was accepted; nil before its receipt.
  var givenBase: UInt64?
  /// Wei of this connection's bill.
  var spent: UInt128 = 0

  private struct Tag {
    var price: UInt128
    var number: Int
  }
  // Prices of requests that are open or may still be answered.
  private var tags: [BlockRequest: Tag] = [:]
  private var number = 0
  // Bytes that came of pieces that are not checked yet, by price.
  private var tallies: [Int: [(price: UInt128, bytes: Int)]] = [:]
  /// Their value in wei.
  private(set) var unverifiedValue: UInt128 = 0

  /// A request goes out at the price that holds.
  mutating func requested(_ block: BlockRequest) {
    guard let accepted else {
      tags[block] = nil
      return
    }
    number += 1
    tags[block] = Tag(price: accepted.price, number: number)
    // What was given up long ago is not answered any more.
    if tags.count > Self.greatestTags {
      let oldest = number - Self.greatestTags / 2
      tags = tags.filter { $0.value.number > oldest }
    }
  }

  /// Whether anything that costs something is under way.
  var isWaiting: Bool { !tags.isEmpty }

  /// A block came; its price.
  mutating func takePrice(of block: BlockRequest) -> UInt128? {
    tags.removeValue(forKey: block)?.price
  }

  /// Nothing that is under way costs anything any more.
  mutating func forgetRequests() { tags = [:] }

  /// What is under way may cost so much.
  var openValue: UInt128 {
    guard let accepted else { return 0 }
    return Bill.cost(of: tags.count * BlockRequest.blockLength, at: accepted.price)
  }

  /// Bytes of a piece that is not checked yet.
  mutating func hold(_ piece: Int, _ bytes: Int, at price: UInt128) {
    unverifiedValue += Bill.cost(of: bytes, at: price)
    var tally = tallies[piece] ?? []
    if let last = tally.indices.last, tally[last].price == price {
      tally[last].bytes += bytes
    } else {
      tally.append((price, bytes))
    }
    tallies[piece] = tally
  }

  /// A piece was checked: what of it had a price.
  mutating func take(_ piece: Int) -> [(price: UInt128, bytes: Int)] {
    let tally = tallies.removeValue(forKey: piece) ?? []
    if tallies.isEmpty { unverifiedValue = 0 }
    for (price, bytes) in tally where unverifiedValue > 0 {
      unverifiedValue -= min(unverifiedValue, Bill.cost(of: bytes, at: price))
    }
    return tally
  }

  private static let greatestTags = 4_096
}
