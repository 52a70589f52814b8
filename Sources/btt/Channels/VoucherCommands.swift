internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import Keys
internal import PaymentChannels
internal import Primitives

/// The command `btt voucher sign`.
struct VoucherSign: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a voucher outside the books.",
    discussion: """
      The books do not learn of it, and will take themselves for an old copy when it comes back to \
      them: for tests, and for keys that are kept apart.

      EXAMPLE
        btt voucher sign 0x5f1a…(64 digits) 2.5 --chain-id 1337 --devnet
      """)

  @Argument(
    help: "The channel's id.", transform: { text in try ChannelID(hex: text) })
  var channel: ChannelID
  @Argument(help: "All that is paid on it.", transform: Arguments.amount)
  var total: Amount
  @Option(help: ArgumentHelp("The chain.", valueName: "id"))
  var chainId: UInt64
  @OptionGroup(title: "Whose key") var signer: SignerOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let domain = ChannelDomain(chainID: chainId)
    let voucher = try Voucher(
      channelID: channel, cumulativeAmount: try ChannelArguments.wei(total)
    ).signed(by: try signer.key(), in: domain)
    let document = VoucherDocument(domain: domain, descriptor: nil, voucher: voucher)
    output.print(document.json, text: JSONValue.object(document.json).description)
  }
}

/// The command `btt voucher verify`.
struct VoucherVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check who signed a voucher.",
    discussion: """
      EXAMPLE
        btt voucher verify voucher.json
        btt voucher verify - --by 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 < voucher.json
      """)

  @Argument(help: "The voucher: a file, - for standard input, or its text.")
  var voucher: String
  @Option(
    help: ArgumentHelp(
      "Who must have signed; the channel's signer when the voucher tells of its channel.",
      valueName: "address"), transform: Arguments.address)
  var by: Address?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let document = try ChannelArguments.voucher(voucher)
    let signer = try document.voucher.recoverSigner(in: document.domain)
    let wanted = by ?? document.descriptor?.voucherSigner
    guard wanted == nil || wanted == signer else {
      throw CommandFailure(
        .invalidInput, "the voucher is signed by \(signer), not by \(wanted ?? .zero)",
        next: "ask the payer for a voucher of this channel")
    }
    output.print(
      [
        "valid": true, "signer": .string(signer.checksummed),
        "checked": .bool(wanted != nil),
      ],
      text: wanted == nil
        ? "signed by \(signer); give --by to say who should have" : "valid, signed by \(signer)")
  }
}

/// The command `btt voucher decode`.
struct VoucherDecode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode", abstract: "Show what a voucher says.",
    discussion: """
      EXAMPLE
        btt voucher decode voucher.json
      """)

  @Argument(help: "The voucher: a file, - for standard input, or its text.")
  var voucher: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let document = try ChannelArguments.voucher(voucher)
    let signed = document.voucher
    var json = document.json
    json["digest"] = .string(signed.voucher.digest(in: document.domain).hex)
    json["signer"] = (try? signed.recoverSigner(in: document.domain)).map {
      .string($0.checksummed)
    }
    var rows = [
      ("channel", signed.channelID.description),
      ("paid in all", "\(Amount(wei: UInt256(signed.cumulativeAmount)))"),
      ("chain id", "\(document.domain.chainID)"), ("module", "\(document.domain.module)"),
      ("digest", signed.voucher.digest(in: document.domain).hex),
    ]
    if let signer = try? signed.recoverSigner(in: document.domain) {
      rows.append(("signed by", signer.checksummed))
    }
    if let channel = document.descriptor {
      rows += [("payer", channel.payer.checksummed), ("payee", channel.payee.checksummed)]
    }
    output.print(json, text: Output.table(rows))
  }
}
