internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import PaymentChannels
internal import Primitives

/// The command `btt channel export`.
struct ChannelExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write all channels to a file, for books on another machine.",
    discussion: """
      Safe to copy for a payee: vouchers bring money to it alone. A payer's channels come stopped \
      where they are imported, and go on after btt channel adopt.

      EXAMPLE
        btt channel export --out channels.json
      """)

  @Option(help: ArgumentHelp("File to write to; printed when left out.", valueName: "file"))
  var out: String?
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let archive = try await books.withBooks(key: false) { await $0.export() }
    guard let out else { return Output.write(archive.json.description) }
    try Files.replace(out, archive.json.serialized + [0x0a])
    output.print(
      ["channels": JSONValue(archive.entries.count), "file": .string(out)],
      text: "\(archive.entries.count) channels written to \(out)")
  }
}

/// The command `btt channel import`.
struct ChannelImport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Take in the channels of an export that are still open.",
    discussion: """
      EXAMPLE
        btt channel import channels.json
      """)

  @Argument(help: "The file; - is standard input.", completion: .file())
  var file: String
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let archive = try ChannelArchive(
      json: try JSONValue.parse(try Files.read(file, limit: 64 << 20)))
    let count = try await books.withBooks(key: false) { try await $0.merge(archive) }
    output.print(
      ["open": JSONValue(count), "of": JSONValue(archive.entries.count)],
      text: "\(count) of \(archive.entries.count) channels are open and in the books")
  }
}

/// The command `btt channel adopt`.
struct ChannelAdopt: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adopt",
    abstract: "Go on paying from books that are an old copy, or came from elsewhere.",
    discussion: """
      Ask the payee for the newest voucher it holds, and give it: a payment below it were lost. \
      Without a channel, the key is only taken over from the books that used it last.

      EXAMPLE
        btt channel adopt
        btt channel adopt 0x5f1a22c0 --newest voucher.json
        btt channel adopt 0x5f1a22c0 --total 3.5
      """)

  @Argument(help: "The channel.")
  var channel: String?
  @Option(
    help: ArgumentHelp("The newest voucher that the payee holds.", valueName: "file"),
    completion: .file())
  var newest: String?
  @Option(
    help: ArgumentHelp("Its amount, where the payee only tells that.", valueName: "amount"),
    transform: Arguments.amount)
  var total: Amount?
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if channel == nil, newest != nil || total != nil {
      throw ValidationError("--newest and --total go with a channel")
    }
    if newest != nil, total != nil {
      throw ValidationError("--newest and --total say the same: give one of them")
    }
  }

  func run() async throws {
    let document = try newest.map(ChannelArguments.voucher)
    let wei = try document?.voucher.cumulativeAmount ?? total.map(ChannelArguments.wei) ?? 0
    let summary = try await books.withBooks(key: false, takeOver: true) { service in
      guard let channel else { return nil as ChannelSummary? }
      let summary = try await service.find(channel)
      if let document {
        guard document.voucher.channelID == summary.id,
          document.voucher.isSigned(by: summary.descriptor.voucherSigner, in: service.domain)
        else {
          throw CommandFailure(.invalidInput, "the voucher is not one of channel \(summary.id)")
        }
      }
      try await service.adopt(summary.id, upTo: wei)
      return try await service.get(summary.id)
    }
    guard let summary else {
      return output.print(["adopted": .array([])], text: "the key is used by these books now")
    }
    output.print(summary.json, text: "\(summary.id) goes on above \(summary.paid)")
  }
}
