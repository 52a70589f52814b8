internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import PaymentChannels
internal import Primitives

/// The command `btt channel pay`.
struct ChannelPay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pay",
    abstract: "Sign a voucher for a payee.",
    discussion: """
      The voucher is printed, written to --out, or handed to the payee's node with --to. It \
      promises all that was paid before and this amount; the payee needs the newest one only.

      EXAMPLE
        btt channel pay 0x5f1a22c0 0.25 --out voucher.json
        btt channel pay 0x5f1a22c0 10 --total --to https://seller.example:8545
      """)

  @Argument(help: "The channel.")
  var channel: String
  @Argument(help: "The amount.", transform: Arguments.amount)
  var amount: Amount
  @Flag(help: "The amount is all that is paid on the channel, and not what comes on top.")
  var total = false
  @Option(help: ArgumentHelp("File to write the voucher to.", valueName: "file"))
  var out: String?
  @Option(help: ArgumentHelp("JSON-RPC address of the payee's node.", valueName: "url"))
  var to: String?
  @Option(
    help: ArgumentHelp("File with the token that the payee's node asks for.", valueName: "file"),
    completion: .file())
  var toTokenFile: String?
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let wei = try ChannelArguments.wei(amount)
    let document = try await books.withBooks { service in
      let summary = try await service.find(channel)
      let before = total ? 0 : try ChannelArguments.wei(summary.paid)
      let (sum, overflow) = before.addingReportingOverflow(wei)
      let voucher = try await service.pay(summary.id, total: overflow ? .max : sum)
      return VoucherDocument(
        domain: service.domain, descriptor: summary.descriptor, voucher: voucher)
    }
    if let out { try Files.replace(out, JSONValue.object(document.json).serialized + [0x0a]) }
    let paid = Amount(wei: UInt256(document.voucher.cumulativeAmount))
    guard let to else {
      let text = JSONValue.object(document.json).description
      return output.print(document.json, text: out == nil ? text : "\(paid) paid in all")
    }
    let credit = try await hand(document, to: to)
    output.print(
      ["voucher": .object(document.json), "answer": credit], text: "\(paid) paid in all")
  }

  private func hand(_ document: VoucherDocument, to url: String) async throws -> JSONValue {
    var configuration = JSONRPCClientConfiguration(endpoint: url)
    configuration.bearerToken = try toTokenFile.map(Files.firstLine)
    do {
      return try await JSONRPCClient.withClient(configuration) { client in
        try await client.call("btt_channelReceive", [.object(document.json)])
      }
    } catch {
      var failure = CommandFailure(error)
      failure.message = "the voucher is signed, and did not reach the payee: " + failure.message
      failure.nextStep =
        "hand it over again: btt channel pay \(channel) "
        + "\(document.voucher.cumulativeAmount)wei --total --to URL"
      throw failure
    }
  }
}

/// The command `btt channel receive`.
struct ChannelReceive: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receive",
    abstract: "Take a voucher: when the command is done, it is checked and on disk.",
    discussion: """
      A payer gives the newest voucher of its own that the payee shows, which tells whether the \
      payer's books are an old copy.

      EXAMPLE
        btt channel receive voucher.json
        btt channel receive - < voucher.json
      """)

  @Argument(help: "The voucher: a file, - for standard input, or its text.")
  var voucher: String
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let document = try ChannelArguments.voucher(voucher)
    let id = document.voucher.channelID
    let isOwn = document.descriptor?.payer == (try books.books.signer.address())
    let paid = Amount(wei: UInt256(document.voucher.cumulativeAmount))
    guard !isOwn else {
      try await books.withBooks(key: false) { _ = try await $0.shown(document.voucher) }
      return output.print(
        ["channelId": .string(id.description), "paid": .string(paid.wei.description)],
        text: "\(paid) paid in all, which these books know")
    }
    let credit = try await books.withBooks(key: false) { service in
      try await service.receive(document, from: PeerID(0))
    }
    output.print(
      credit.json,
      text: Output.table([
        ("channel", id.description), ("paid", "\(paid)"),
        ("deposit", "\(Amount(wei: UInt256(credit.deposit)))"),
      ]))
  }
}

/// The command `btt channel settle`.
struct ChannelSettle: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settle",
    abstract: "Cash vouchers in one transaction; an empty account pays the fee from what it gets.",
    discussion: """
      EXAMPLE
        btt channel settle
        btt channel settle 0x5f1a22c0 --json
      """)

  @Argument(help: "The channels; all that are worth their fee when none is named.")
  var channels: [String] = []
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let paid = try await books.withLedger { service in
      var ids: Set<ChannelID> = []
      for channel in channels { ids.insert(try await service.find(channel).id) }
      return try await service.settle(ids.isEmpty ? nil : ids)
    }
    output.print(
      ["paid": .string((paid ?? .zero).wei.description)],
      text: paid.map { "the ledger paid \($0)" } ?? "nothing is worth its fee")
  }
}

extension PayeeCredit {
  /// The JSON form; amounts are wei in decimal texts.
  var json: JSONObject {
    [
      "channelId": .string(channelID.description), "paid": .string(String(paid)),
      "delivered": .string(String(delivered)), "credit": .string(String(credit)),
      "deposit": .string(String(deposit)),
    ]
  }
}
