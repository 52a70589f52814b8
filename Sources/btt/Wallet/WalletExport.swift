internal import ArgumentParser
internal import JSON
internal import Keys
internal import Primitives

/// The command `btt wallet export`.
struct WalletExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a key out for another wallet.",
    discussion: """
      The key is written to a new key file under a password of its own. With \
      --reveal-private-key it is printed as it is: whoever sees it has the money.

      EXAMPLE
        btt wallet export 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --out key.json
      """)

  @Argument(help: "The account.", transform: Arguments.address)
  var address: Address

  @Option(help: ArgumentHelp("File to write.", valueName: "file"), completion: .file())
  var out: String?

  @Flag(help: "Print the private key, unencrypted, on standard output.")
  var revealPrivateKey = false

  @Flag(help: "Encrypt the file with 4 MiB of work instead of 256 MiB.")
  var lightKdf = false

  @OptionGroup var keystore: KeyStoreOptions
  @OptionGroup var password: PasswordOptions
  @OptionGroup var newPassword: NewPasswordOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (out != nil) != revealPrivateKey else {
      throw ValidationError("give either --out FILE or --reveal-private-key")
    }
  }

  func run() throws {
    guard let store = try keystore.openExisting() else {
      throw KeyStoreError.noAccount(address, directory: try keystore.directory())
    }
    _ = try store.account(address)
    let password = try password.source.existing("Password of \(address): ")
    let key = try store.unlock(address, password: password)
    guard let out else {
      let secret = key.withUnsafeBytes { Hex.encode($0) }
      return output.print(
        ["address": .string(address.checksummed), "privateKey": .string(secret)], text: secret)
    }
    let exported = try EncryptedKey(
      key, password: newPassword.source.new("Password for the file: "),
      strength: lightKdf ? .light : .standard)
    try Files.create(out, exported.json)
    output.print(
      ["address": .string(address.checksummed), "path": .string(out)],
      text: Output.table([("address", address.checksummed), ("file", out)]))
  }
}
