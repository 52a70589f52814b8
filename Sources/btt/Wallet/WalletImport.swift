internal import ArgumentParser
internal import JSON
internal import Keys

/// The command `btt wallet import`.
struct WalletImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Store a key from elsewhere.",
    discussion: """
      The key is a private key in hex, a mnemonic, or the text of a key file; which of them is \
      told by its shape. It comes from --key-file (- is standard input), from BTT_PRIVATE_KEY or \
      BTT_MNEMONIC, or from a prompt.

      EXAMPLE
        btt wallet import
        btt wallet import --key-file UTC--2026-01-02T15-04-05.000000000Z--f39fd6e5…
        BTT_MNEMONIC="$(cat words.txt)" btt wallet import --index 3
      """)

  @Option(
    help: ArgumentHelp("File with the key; - is standard input.", valueName: "file"),
    completion: .file())
  var keyFile: String?

  @Option(
    help: ArgumentHelp(
      "File with the password of an encrypted key (environment: BTT_KEY_PASSWORD).",
      valueName: "file"),
    completion: .file())
  var keyPasswordFile: String?

  @Option(help: ArgumentHelp("Which account of a mnemonic.", valueName: "index"))
  var index: UInt32 = 0

  @OptionGroup var new: NewKeyOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard index < DerivationPath.hardened else {
      throw ValidationError("--index is below 2147483648")
    }
  }

  func run() throws {
    let oldPassword = PasswordSource(
      file: keyPasswordFile, option: "--key-password-file", variable: .keyPassword)
    let key = try KeyMaterial(text: text()).key(index: index, password: oldPassword)
    let account = try new.store(key)
    output.print(account.json, text: account.text)
  }

  private func text() throws -> String {
    if let keyFile {
      let bytes = try Files.read(keyFile, limit: EncryptedKey.maximumFileSize)
      return String(decoding: bytes, as: UTF8.self)
    }
    if let text = Environment.privateKey.value ?? Environment.mnemonic.value { return text }
    guard Terminal.isInteractive else {
      throw CommandFailure(
        .noKey, "no key, and no terminal to ask for it",
        next: "give --key-file FILE, or set BTT_PRIVATE_KEY or BTT_MNEMONIC")
    }
    return try Terminal.readSecret("Private key, mnemonic, or text of a key file: ")
  }
}
