internal import ArgumentParser
internal import Keys
internal import Primitives

/// Whose key signs.
struct SignerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Account that signs; not needed where there is only one.", valueName: "address"),
    transform: Arguments.address)
  var from: Address?

  @Option(
    help: ArgumentHelp(
      "File with a private key, a mnemonic or an encrypted key, instead of the key store.",
      valueName: "file"),
    completion: .file())
  var keyFile: String?

  @Flag(help: "Use an account of the devnet's mnemonic, which everybody knows.")
  var devnet = false

  @Option(help: ArgumentHelp("Which account of the mnemonic.", valueName: "index"))
  var mnemonicIndex: UInt32 = 0

  @OptionGroup var keystore: KeyStoreOptions
  @OptionGroup var password: PasswordOptions

  /// The mnemonic of the accounts that a devnet funds.
  static let devnetMnemonic = "test test test test test test test test test test test junk"

  func validate() throws {
    if devnet, keyFile != nil {
      throw ValidationError("--devnet and --key-file name two keys: give one of them")
    }
    guard mnemonicIndex < DerivationPath.hardened else {
      throw ValidationError("--mnemonic-index is below 2147483648")
    }
  }

  /// The key; an account that was named must be its own.
  func key() throws -> PrivateKey {
    let key: PrivateKey
    if devnet {
      key = try material(Self.devnetMnemonic)
    } else if let keyFile {
      key = try material(String(decoding: Files.read(keyFile), as: UTF8.self))
    } else if let text = Environment.privateKey.value ?? Environment.mnemonic.value {
      key = try material(text)
    } else {
      return try storedKey()
    }
    if let from, from != key.address {
      throw CommandFailure(
        .noKey, "the key that was given is that of \(key.address), not of \(from)",
        next: "correct --from, or take the key away to use the key store")
    }
    return key
  }

  /// The account, without a password where the key store has only one.
  func address() throws -> Address {
    if devnet || keyFile != nil || Environment.privateKey.value != nil
      || Environment.mnemonic.value != nil
    {
      return try key().address
    }
    guard let store = try keystore.openExisting() else { return try key().address }
    return try from ?? onlyAccount(of: store)
  }

  private func material(_ text: String) throws -> PrivateKey {
    try KeyMaterial(text: text).key(index: mnemonicIndex, password: password.source)
  }

  private func storedKey() throws -> PrivateKey {
    guard let store = try keystore.openExisting() else {
      throw CommandFailure(
        .noKey, "there is no key store at \(try keystore.directory())",
        next: "make a key with btt wallet new, or name the directory with --keystore")
    }
    let account = try from ?? onlyAccount(of: store)
    _ = try store.account(account)
    let password = try password.source.existing("Password of \(account): ")
    return try store.unlock(account, password: password)
  }

  private func onlyAccount(of store: KeyStore) throws -> Address {
    let accounts = try store.accounts()
    guard let account = accounts.first else {
      throw CommandFailure(
        .noKey, "no key in \(store.directory)", next: "make one with btt wallet new")
    }
    guard accounts.count == 1 else {
      throw CommandFailure(
        .usage, "\(store.directory) has \(accounts.count) keys: it is not clear which signs",
        next: "name one with --from; btt wallet list shows them")
    }
    return account.address
  }
}
