internal import ArgumentParser
internal import JSON
internal import Keys

/// The command `btt wallet new`.
struct WalletNew: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make a key.",
    discussion: """
      With --mnemonic, the key is derived from new words at m/44'/60'/0'/0/INDEX; they are printed \
      once, on standard error, and kept nowhere.

      EXAMPLE
        btt wallet new
        btt wallet new --mnemonic --words 24
        btt wallet new --password-file secret.txt --json
      """)

  @Flag(help: "Derive the key from new words, and print them to be written down.")
  var mnemonic = false

  @Option(help: ArgumentHelp("How many words: 12, 15, 18, 21 or 24.", valueName: "count"))
  var words = 12

  @Option(help: ArgumentHelp("Which account of the words.", valueName: "index"))
  var index: UInt32 = 0

  @OptionGroup var new: NewKeyOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard words.isMultiple(of: 3), (12...24).contains(words) else {
      throw ValidationError("--words is 12, 15, 18, 21 or 24")
    }
    guard index < DerivationPath.hardened else {
      throw ValidationError("--index is below 2147483648")
    }
    guard mnemonic || (words == 12 && index == 0) else {
      throw ValidationError("--words and --index go with --mnemonic")
    }
  }

  func run() throws {
    guard mnemonic else {
      let account = try new.store(.generate())
      return output.print(account.json, text: account.text)
    }
    let mnemonic = try Mnemonic.generate(wordCount: words)
    let path = DerivationPath.ethereum(index)
    let account = try new.store(PrivateKey(mnemonic: mnemonic, path: path))
    Output.note(
      """
      Write these words down and keep them safe: whoever has them has the money, and they are \
      not shown again.

        \(mnemonic.phrase)

      """)
    var json = account.json
    json["derivationPath"] = .string(path.description)
    output.print(json, text: account.text + "\n" + Output.table([("path", path.description)]))
  }
}
