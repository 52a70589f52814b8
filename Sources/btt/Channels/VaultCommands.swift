internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import PaymentChannels
internal import Primitives

/// The command `btt vault deposit`.
struct VaultDeposit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deposit", abstract: "Move money from the account to its vault.",
    discussion: """
      EXAMPLE
        btt vault deposit 100 --genesis genesis.json
      """)

  @Argument(help: "The amount.", transform: Arguments.amount)
  var amount: Amount
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let wei = try ChannelArguments.wei(amount)
    let receipt = try await books.withLedger { try await $0.depositToVault(wei) }
    output.print(receipt.json, text: Output.table(receipt.rows))
  }
}

/// The command `btt vault withdraw`.
struct VaultWithdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "Move money from the vault to the account.",
    discussion: """
      EXAMPLE
        btt vault withdraw
        btt vault withdraw 2.5
      """)

  @Argument(help: "The amount; all of it when it is left out.", transform: Arguments.amount)
  var amount: Amount?
  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let wanted = try amount.map(ChannelArguments.wei)
    let receipt = try await books.withLedger { service in
      let all = try await service.vault().balance
      return try await service.withdrawFromVault(wanted ?? all)
    }
    output.print(receipt.json, text: Output.table(receipt.rows))
  }
}

/// The command `btt vault show`.
struct VaultShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what the vault holds.",
    discussion: """
      EXAMPLE
        btt vault show --json
      """)

  @OptionGroup var books: ChannelOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let (account, vault) = try await books.withBooks(key: false) { service in
      (service.account, try await service.vault())
    }
    let balance = Amount(wei: UInt256(vault.balance))
    output.print(
      [
        "account": .string(account.checksummed), "balance": .string(balance.wei.description),
        "openCount": JSONValue(vault.openCount),
      ],
      text: Output.table([
        ("account", account.checksummed), ("in the vault", "\(balance)"),
        ("channels opened", "\(vault.openCount)"),
      ]))
  }
}
