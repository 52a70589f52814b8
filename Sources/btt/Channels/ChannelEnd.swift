internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import PaymentChannels
internal import Primitives

/// The command `btt channel close`.
struct ChannelClose: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "Close a channel: what is paid goes to the payee, the rest back to the payer.",
    discussion: """
      A payee closes alone. A payer closes at once with the payee's consent, which btt channel \
      release writes; without it, see btt channel request-close.

      EXAMPLE
        btt channel close 0x5f1a22c0
        btt channel close 0x5f1a22c0 --mutual release.json
      """)

  @Argument(help: "The channel.")
  var channel: String
  @Option(
    help: ArgumentHelp("As the payer: file with the payee's release.", valueName: "file"),
    completion: .file())
  var mutual: String?
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let release = try mutual.map { file in
      try ReleaseDocument(json: try JSONValue.parse(try Files.read(file)))
    }
    let receipt = try await books.withLedger { service in
      let id = try await service.find(channel).id
      guard let release else { return try await service.close(id) }
      guard release.channelID == id else {
        throw CommandFailure(.invalidInput, "the release is one of channel \(release.channelID)")
      }
      return try await service.closeMutually(release)
    }
    output.print(receipt.json, text: Output.table(receipt.rows))
  }
}

/// The command `btt channel release`.
struct ChannelRelease: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "Consent, as the payee, to a close by the payer at once.",
    discussion: """
      The payer then pays for the transaction, with btt channel close --mutual. Until the channel \
      is closed or the time is over, it takes no voucher and gives no credit.

      EXAMPLE
        btt channel release 0x5f1a22c0 --out release.json
      """)

  @Argument(help: "The channel.")
  var channel: String
  @Option(
    help: ArgumentHelp("How long the payer may use it, 1 to 600.", valueName: "seconds"))
  var validFor: UInt64 = 300
  @Option(help: ArgumentHelp("File to write to; printed when left out.", valueName: "file"))
  var out: String?
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...Release.maximumValidity).contains(validFor) else {
      throw ValidationError("--valid-for is a number of seconds from 1 to 600")
    }
  }

  func run() async throws {
    let document = try await books.withBooks { service in
      try await service.releaseDocument(try await service.find(channel).id, validFor: validFor)
    }
    if let out { try Files.replace(out, JSONValue.object(document.json).serialized + [0x0a]) }
    let capture = Amount(wei: UInt256(document.release.release.capture))
    output.print(
      document.json,
      text: out == nil
        ? JSONValue.object(document.json).description
        : "\(capture) in all for this payee, until \(document.release.release.validUntil)")
  }
}

/// The command `btt channel request-close`.
struct ChannelRequestClose: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "request-close",
    abstract: "Ask for the rest of a channel as its payer; the payee has the grace time to cash.",
    discussion: """
      Afterwards btt channel withdraw takes back the rest, or btt channel watch does by itself.

      EXAMPLE
        btt channel request-close 0x5f1a22c0
      """)

  @Argument(help: "The channel.")
  var channel: String
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let (receipt, summary) = try await books.withLedger { service in
      let summary = try await service.find(channel)
      return (try await service.requestClose(summary.id), summary)
    }
    output.print(
      receipt.json,
      text: Output.table(
        receipt.rows + [
          (
            "next",
            "btt channel withdraw \(channel) after \(summary.descriptor.graceSeconds) s and "
              + "\(summary.descriptor.graceBlocks) blocks with room"
          )
        ]))
  }
}

/// The command `btt channel withdraw`.
struct ChannelWithdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw",
    abstract: "Take back the rest of a channel into the vault after the grace time.",
    discussion: """
      EXAMPLE
        btt channel withdraw 0x5f1a22c0
      """)

  @Argument(help: "The channel.")
  var channel: String
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let receipt = try await books.withLedger { service in
      try await service.withdraw(try await service.find(channel).id)
    }
    let refund = receipt.events.compactMap { event -> Amount? in
      if case .closed(_, _, _, let refund) = event { Amount(wei: UInt256(refund)) } else { nil }
    }.first
    var json = receipt.json
    json["refund"] = refund.map { .string($0.wei.description) }
    output.print(
      json,
      text: Output.table(receipt.rows + (refund.map { [("back in the vault", "\($0)")] } ?? [])))
  }
}

/// The command `btt channel watch`.
struct ChannelWatch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Follow the ledger: cash by policy, answer close requests, tell what happens.",
    discussion: """
      SIGINT or SIGTERM ends it in order. With vouchers of others, it settles those too when their \
      payer asks for the close.

      EXAMPLE
        btt channel watch
        btt channel watch --guard voucher.json --json
      """)

  @Option(
    name: .customLong("guard"),
    help: ArgumentHelp("File with another's voucher to guard; may be repeated.", valueName: "file"),
    completion: .file())
  var guarded: [String] = []
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let documents = try guarded.map(ChannelArguments.voucher)
    let signals = StopSignals()
    let stops = signals.stream
    try await books.withBooks { service in
      let updates = service.updates()
      for document in documents {
        guard let descriptor = document.descriptor else {
          throw CommandFailure(.invalidInput, "the voucher to guard tells nothing of its channel")
        }
        try await service.watch(descriptor, document.voucher)
      }
      output.print(
        ["event": "watching", "account": .string(service.account.checksummed)],
        text: "watching the channels of \(service.account.checksummed)")
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await service.run() }
        group.addTask {
          for await update in updates { output.print(update.json, text: update.line) }
        }
        for await _ in stops { break }
        group.cancelAll()
      }
    }
    withExtendedLifetime(signals) {}
  }
}

extension ChannelUpdate {
  /// A line for people.
  fileprivate var line: String {
    func btt(_ wei: UInt128) -> Amount { Amount(wei: UInt256(wei)) }
    return switch self {
    case .opened(let id, let role, let deposit): "\(id) opened, as \(role.name), \(btt(deposit))"
    case .toppedUp(let id, let deposit): "\(id) deposit raised to \(btt(deposit))"
    case .paid(let id, let total): "\(id) paid \(btt(total)) in all"
    case .settled(let id, let paid, let settled):
      "\(id) settled \(btt(paid)), \(btt(settled)) in all"
    case .closeRequested(let id): "\(id) close requested"
    case .closed(let id, let settled): "\(id) closed, \(btt(settled)) settled in all"
    case .stopped(let id, let shown):
      "\(id) stopped: a voucher over \(btt(shown)) shows that the books are old; see channel adopt"
    case .transaction(let kind, let hash, let succeeded):
      "\(hash) \(kind.name) \(succeeded ? "is done" : "failed")"
    case .unresolved(let kind, let hash):
      "\(hash) \(kind.name): its nonce is used up, and the node shows no receipt; still looking"
    }
  }
}
