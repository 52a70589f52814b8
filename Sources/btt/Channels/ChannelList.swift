internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import PaymentChannels
internal import Primitives

/// The command `btt channel list`.
struct ChannelList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Show the channels: delivered, paid, settled, locked.",
    discussion: """
      Delivered is what was served or bought, paid what vouchers promise, settled what the ledger \
      has paid out, locked what it still holds. Net is what cashing a channel alone would bring \
      now after its fee; the last line is about cashing all at once.

      EXAMPLE
        btt channel list
        btt channel list --from 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --json
      """)

  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let (channels, quote) = try await books.withBooks(key: false) { service in
      let quote = try await service.quote()
      return (await service.list(), quote)
    }
    output.print(
      ["channels": .array(channels.map { .object($0.json) }), "quote": .object(quote.json)],
      text: text(channels, quote))
  }

  private func text(_ channels: [ChannelSummary], _ quote: SettlementQuote) -> String {
    guard !channels.isEmpty else { return "no channels" }
    let header = [
      "channel", "role", "with", "delivered", "paid", "settled", "locked", "net", "",
    ]
    let rows = channels.map { channel in
      [
        "\(channel.id.description.prefix(14))…", channel.role.name,
        Self.other(channel).checksummed, Self.short(channel.delivered), Self.short(channel.paid),
        Self.short(channel.settled), Self.short(channel.locked), Self.short(channel.net),
        channel.remark,
      ]
    }
    return Output.grid([header] + rows)
      + "\ncashing now: \(quote.channels) channels, \(quote.gross) less a fee of about "
      + "\(quote.fee), net \(quote.net)"
  }

  private static func other(_ channel: ChannelSummary) -> Address {
    channel.role == .payer ? channel.descriptor.payee : channel.descriptor.payer
  }

  private static func short(_ amount: Amount) -> String { AmountUnit.btt.number(amount) }
}

/// The command `btt channel show`.
struct ChannelShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show all that the books say of a channel.",
    discussion: """
      EXAMPLE
        btt channel show 0x5f1a22c0
      """)

  @Argument(help: "The channel.")
  var channel: String
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let summary = try await books.withBooks(key: false) { try await $0.find(channel) }
    let descriptor = summary.descriptor
    var rows = [
      ("channel", summary.id.description), ("role", summary.role.name),
      ("payer", descriptor.payer.checksummed), ("payee", descriptor.payee.checksummed),
      ("voucher signer", descriptor.voucherSigner.checksummed),
      ("grace", "\(descriptor.graceSeconds) s and \(descriptor.graceBlocks) blocks with room"),
      ("deposit", "\(summary.deposit)"), ("delivered", "\(summary.delivered)"),
      ("paid", "\(summary.paid)"), ("settled", "\(summary.settled)"),
      ("locked", "\(summary.locked)"), ("net if cashed now", "\(summary.net)"),
    ]
    if summary.role == .payer { rows.append(("signing ceiling", "\(summary.ceiling)")) }
    if !summary.remark.isEmpty { rows.append(("remark", summary.remark)) }
    output.print(summary.json, text: Output.table(rows))
  }
}

extension ChannelSummary {
  /// What is out of the ordinary.
  var remark: String {
    var remarks: [String] = []
    if let closeRequestedAt {
      let end = UInt64(closeRequestedAt) + UInt64(descriptor.graceSeconds)
      remarks.append("close requested, grace until \(end)")
    }
    switch hold {
    case .released(let until): remarks.append("released until \(until)")
    case .closing: remarks.append("closing")
    case .oldStore: remarks.append("old copy: adopt it to go on")
    case nil: break
    }
    return remarks.joined(separator: ", ")
  }
}

extension SettlementQuote {
  /// The JSON form; amounts are wei in decimal texts.
  var json: JSONObject {
    [
      "channels": JSONValue(channels), "gross": .string(gross.wei.description),
      "fee": .string(fee.wei.description), "net": .string(net.wei.description),
    ]
  }
}
