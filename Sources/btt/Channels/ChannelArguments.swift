internal import ChainTypes
internal import Foundation
internal import JSON
internal import PaymentChannels
internal import Primitives

/// Readers of what channel commands take.
enum ChannelArguments {
  /// The wei of an amount, which channels hold in 128 bits.
  static func wei(_ amount: Amount) throws -> UInt128 {
    guard amount.wei.high == 0 else {
      throw CommandFailure(.invalidInput, "\(amount) is more than there is")
    }
    return amount.wei.low
  }

  /// A voucher in a file, on standard input for `-`, or as the argument itself.
  static func voucher(_ argument: String) throws -> VoucherDocument {
    let isText = argument.first { !$0.isWhitespace } == "{"
    let bytes = isText ? Array(argument.utf8) : try Files.read(argument)
    return try VoucherDocument(json: try JSONValue.parse(bytes))
  }

  /// A channel's id, or as many of its first digits as tell it from the others.
  static func id(_ text: String, in channels: [ChannelSummary]) throws -> ChannelID {
    let wanted = (text.hasPrefix("0x") ? text : "0x" + text).lowercased()
      .trimmingCharacters(in: ["…", "."])
    let matches = channels.filter { $0.id.description.hasPrefix(wanted) }
    guard let match = matches.first, wanted.count >= 6 else {
      throw CommandFailure(
        .notFound, "these books have no open channel \(text)",
        next: "btt channel list shows them; give six digits of the id at least")
    }
    guard matches.count == 1 else {
      throw CommandFailure(
        .usage, "\(matches.count) channels begin with \(text)", next: "give more of the id")
    }
    return match.id
  }
}

extension ChannelService {
  /// The channel whose id begins with a text.
  func find(_ text: String) throws -> ChannelSummary {
    let channels = list()
    let id = try ChannelArguments.id(text, in: channels)
    return try get(id)
  }
}

extension LedgerReceipt {
  /// The transaction, for programs.
  var json: JSONObject {
    [
      "transaction": .string(transaction.hex), "block": JSONValue(height),
      "fee": .string(fee.description),
    ]
  }

  /// The transaction, for people.
  var rows: [(String, String)] {
    [("transaction", transaction.hex), ("block", "\(height)"), ("fee", "\(Amount(wei: fee))")]
  }
}
