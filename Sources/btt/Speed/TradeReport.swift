internal import BitTorrent
internal import ChainTypes
internal import Foundation
internal import JSON
internal import Primitives
internal import Speed

/// Tells how a torrent's trade goes: paid and free rates, spent, earned, gain.
struct TradeReport {
  /// How it stands; nil while nothing is known.
  private(set) var now: SpeedStatistics?
  private var rates = Rates()
  private var since = ContinuousClock.now

  /// Bytes a second, each for money and for nothing.
  private struct Rates {
    var paidIn: Int64 = 0
    var freeIn: Int64 = 0
    var paidOut: Int64 = 0
    var freeOut: Int64 = 0
  }

  /// Notes how it stands.
  mutating func note(_ next: SpeedStatistics) {
    let seconds = (ContinuousClock.now - since) / .seconds(1)
    guard let last = now, seconds >= 0.4 else {
      if now == nil { (now, since) = (next, .now) }
      return
    }
    func rate(_ counter: KeyPath<SpeedStatistics, Int>) -> Int64 {
      Int64(Double(max(next[keyPath: counter] - last[keyPath: counter], 0)) / seconds)
    }
    rates = Rates(
      paidIn: rate(\.paidBytesIn), freeIn: rate(\.freeBytesIn), paidOut: rate(\.paidBytesOut),
      freeOut: rate(\.freeBytesOut))
    (now, since) = (next, .now)
  }

  /// What follows in a line on the figures of the transfer.
  var text: String {
    guard let now else { return "" }
    var parts: [String] = []
    if now.spent > 0 || now.locked > 0 {
      let gain =
        now.gain.map { String(format: "gain %+.0f %%", $0 * 100) } ?? "gain: not measured"
      parts.append(
        "paid \(TransferReport.size(rates.paidIn))/s, free \(TransferReport.size(rates.freeIn))/s, "
          + "spent \(SpeedAmount.text(now.spent)), \(gain)")
      if now.hasStoppedForGain { parts.append("paying has stopped: it brings nothing") }
    }
    if let price = now.price {
      parts.append(
        "sold \(TransferReport.size(rates.paidOut))/s, free \(TransferReport.size(rates.freeOut))/s,"
          + " earned \(SpeedAmount.text(now.earned)), price \(SpeedAmount.text(price))/MiB")
    }
    return parts.isEmpty ? "" : "; " + parts.joined(separator: "; ")
  }

  private static func json(_ row: SpeedPeerRow) -> JSONObject {
    var object: JSONObject = [
      "address": .string("\(row.address)"), "delivered": JSONValue(row.delivered),
      "received": JSONValue(row.received), "verified": JSONValue(row.verified),
      "billed": JSONValue(row.billed), "spent": .string("\(row.spent)"),
      "paid": .string("\(row.paid)"), "earned": .string("\(row.earned)"),
      "income": .string("\(row.income)"), "window": JSONValue(row.window),
    ]
    object["payee"] = row.payee.map { .string($0.checksummed) }
    object["payer"] = row.payer.map { .string($0.checksummed) }
    object["buyingChannel"] = row.buyingChannel.map { .string($0.description) }
    object["sellingChannel"] = row.sellingChannel.map { .string($0.description) }
    return object
  }

  /// The figures for programs; amounts in wei as decimal texts.
  var json: JSONObject? {
    guard let now else { return nil }
    var object: JSONObject = [
      "paidBytesIn": JSONValue(now.paidBytesIn), "freeBytesIn": JSONValue(now.freeBytesIn),
      "paidBytesOut": JSONValue(now.paidBytesOut), "freeBytesOut": JSONValue(now.freeBytesOut),
      "paymentBytesIn": JSONValue(now.paymentBytesIn),
      "paymentBytesOut": JSONValue(now.paymentBytesOut), "paidRateIn": JSONValue(rates.paidIn),
      "freeRateIn": JSONValue(rates.freeIn),
      "paidRateOut": JSONValue(rates.paidOut), "freeRateOut": JSONValue(rates.freeOut),
      "spent": .string("\(now.spent)"), "locked": .string("\(now.locked)"),
      "earned": .string("\(now.earned)"),
    ]
    object["peers"] = .array(now.peers.map { .object(Self.json($0)) })
    object["price"] = now.price.map { .string("\($0)") }
    object["gain"] = now.gain.flatMap { JSONValue(exactly: $0) }
    return object
  }
}
