internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import PaymentChannels
internal import Primitives

/// What a payer chooses for the channels it opens.
struct ChannelTermsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Seconds between a close request and the withdrawal (default: 86400, within the chain's bounds).",
      valueName: "seconds"))
  var grace: UInt32?

  @Option(
    help: ArgumentHelp(
      "Blocks with room in that time (default: 600, within the chain's bounds).",
      valueName: "blocks"))
  var graceBlocks: UInt32?

  @Option(
    help: ArgumentHelp("Account whose key signs the vouchers.", valueName: "address"),
    transform: Arguments.address)
  var voucherSigner: Address?

  @Flag(help: "Move what the vault lacks from the account to it first.")
  var fund = false

  /// Opens channels and tells of them.
  func open(
    _ deposits: [(payee: Address, deposit: UInt128)], _ books: ChannelOptions
  ) async throws -> [ChannelDescriptor] {
    try await books.withLedger { service in
      let bounds = try await service.graceBounds()
      let terms = deposits.map { payee, deposit in
        ChannelTerms(
          payee: payee, signer: voucherSigner ?? .zero,
          graceSeconds: grace
            ?? min(max(86_400, bounds.seconds.lowerBound), bounds.seconds.upperBound),
          graceBlocks: graceBlocks
            ?? min(max(600, bounds.blocks.lowerBound), bounds.blocks.upperBound),
          deposit: deposit)
      }
      if fund {
        let wanted = deposits.reduce(UInt256.zero) { $0 &+ UInt256($1.deposit) }
        let has = try await service.vault().balance
        if let missing = wanted.subtracting(UInt256(has)), !missing.isZero {
          _ = try await service.depositToVault(try ChannelArguments.wei(Amount(wei: missing)))
        }
      }
      return try await service.open(terms)
    }
  }
}

extension [ChannelDescriptor] {
  fileprivate var json: JSONObject {
    [
      "channels": .array(
        map { channel in
          var object = channel.json
          object["channelId"] = .string(channel.id.description)
          return .object(object)
        })
    ]
  }

  fileprivate var text: String {
    Output.table(map { ($0.id.description, "to \($0.payee.checksummed)") })
  }
}

/// The command `btt channel open`.
struct ChannelOpen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "Open a channel to a payee from the vault.",
    discussion: """
      EXAMPLE
        btt channel open 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --deposit 10
      """)

  @Argument(help: "The payee.", transform: Arguments.address)
  var payee: Address
  @Option(
    help: ArgumentHelp("What is locked for the payee.", valueName: "amount"),
    transform: Arguments.amount)
  var deposit: Amount
  @OptionGroup(title: "Terms") var terms: ChannelTermsOptions
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let wei = try ChannelArguments.wei(deposit)
    let channels = try await terms.open([(payee, wei)], books)
    output.print(channels.json, text: channels.text)
  }
}

/// The command `btt channel open-many`.
struct ChannelOpenMany: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open-many",
    abstract: "Open up to 256 channels in one transaction, all or none.",
    discussion: """
      Each line of the file is a payee and a deposit; empty lines and what follows a # are skipped.

      EXAMPLE
        btt channel open-many payees.txt
        echo "0x70997970C51812dc3A010C7d01b50e0d17dc79C8 2.5" | btt channel open-many -
      """)

  @Argument(help: "File with a payee and a deposit on each line; - is standard input.")
  var file: String
  @OptionGroup(title: "Terms") var terms: ChannelTermsOptions
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let text = String(decoding: try Files.read(file), as: UTF8.self)
    var deposits: [(payee: Address, deposit: UInt128)] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let words = line.prefix { $0 != "#" }.split(
        maxSplits: 1, whereSeparator: { $0.isWhitespace || $0 == "," })
      guard let first = words.first else { continue }
      guard words.count == 2 else {
        throw CommandFailure(
          .invalidInput, "line \(index + 1) of \(file) is not a payee and a deposit")
      }
      let amount = try Amount(parsing: words[1].trimming(while: \.isWhitespace))
      deposits.append(
        (try Arguments.address(String(first)), try ChannelArguments.wei(amount)))
    }
    let channels = try await terms.open(deposits, books)
    output.print(channels.json, text: channels.text)
  }
}

extension Substring {
  fileprivate func trimming(while isDropped: (Character) -> Bool) -> String {
    var rest = drop(while: isDropped)
    while let last = rest.last, isDropped(last) { rest.removeLast() }
    return String(rest)
  }
}

/// The command `btt channel top-up`.
struct ChannelTopUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top-up",
    abstract: "Raise a channel's deposit from the vault, which takes back a close request.",
    discussion: """
      EXAMPLE
        btt channel top-up 0x5f1a22c0 5
      """)

  @Argument(help: "The channel.")
  var channel: String
  @Argument(help: "The amount.", transform: Arguments.amount)
  var amount: Amount
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let wei = try ChannelArguments.wei(amount)
    let receipt = try await books.withLedger { service in
      try await service.topUp([(id: try await service.find(channel).id, amount: wei)])
    }
    output.print(receipt.json, text: Output.table(receipt.rows))
  }
}
