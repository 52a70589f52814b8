internal import ArgumentParser
internal import JSON
internal import Keys
internal import Primitives

/// The command `btt wallet password`.
struct WalletPassword: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "password",
    abstract: "Put a key under another password.",
    discussion: """
      EXAMPLE
        btt wallet password 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
      """)

  @Argument(help: "The account.", transform: Arguments.address)
  var address: Address

  @Flag(help: "Encrypt the file with 4 MiB of work instead of 256 MiB.")
  var lightKdf = false

  @OptionGroup var keystore: KeyStoreOptions
  @OptionGroup var password: PasswordOptions
  @OptionGroup var newPassword: NewPasswordOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard let store = try keystore.openExisting() else {
      throw KeyStoreError.noAccount(address, directory: try keystore.directory())
    }
    let account = try store.account(address)
    let old = try password.source.existing("Password of \(address): ")
    // The old one is checked before a new one is asked for.
    _ = try store.unlock(address, password: old)
    let new = try newPassword.source.new("New password: ")
    try store.changePassword(
      of: address, from: old, to: new, strength: lightKdf ? .light : .standard)
    output.print(account.json, text: account.text)
  }
}
