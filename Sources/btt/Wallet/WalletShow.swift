internal import ArgumentParser
internal import JSON
internal import Keys
internal import Primitives

/// The command `btt wallet show`.
struct WalletShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what is stored of an account.",
    discussion: """
      With --public-key the key is opened, which takes its password and shows that it is the right \
      one.

      EXAMPLE
        btt wallet show 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
        btt wallet show 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --public-key
      """)

  @Argument(help: "The account.", transform: Arguments.address)
  var address: Address

  @Flag(help: "Open the key and show its public half.")
  var publicKey = false

  @OptionGroup var keystore: KeyStoreOptions
  @OptionGroup var password: PasswordOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard let store = try keystore.openExisting() else {
      throw KeyStoreError.noAccount(address, directory: try keystore.directory())
    }
    let account = try store.account(address)
    var json = account.json
    var text = account.text
    if publicKey {
      let password = try password.source.existing("Password of \(address): ")
      let key = try store.unlock(address, password: password).publicKey.description
      json["publicKey"] = .string(key)
      text += "\n" + Output.table([("public key", key)])
    }
    output.print(json, text: text)
  }
}
