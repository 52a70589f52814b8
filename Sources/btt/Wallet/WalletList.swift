internal import ArgumentParser
internal import JSON
internal import Keys
internal import Primitives

/// The command `btt wallet list`.
struct WalletList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the accounts that have a key here.",
    discussion: """
      EXAMPLE
        btt wallet list
        btt wallet list --json | jq -r '.accounts[].address'
      """)

  @OptionGroup var keystore: KeyStoreOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let directory = try keystore.directory()
    let accounts = try keystore.openExisting()?.accounts() ?? []
    if accounts.isEmpty, !output.asJSON {
      Output.note("no key in \(directory): make one with btt wallet new")
      return
    }
    output.print(
      ["keystore": .string(directory), "accounts": .array(accounts.map { .object($0.json) })],
      text: Output.table(accounts.map { ($0.address.checksummed, $0.path) }))
  }
}
