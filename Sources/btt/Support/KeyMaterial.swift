internal import Keys

/// A key in one of the forms in which people keep one.
enum KeyMaterial {
  case privateKey(PrivateKey)
  case mnemonic(Mnemonic)
  case keyFile(EncryptedKey)

  /// Tells by its shape what a text is; no error repeats any of it.
  init(text: String) throws {
    let words = text.split(whereSeparator: \.isWhitespace)
    if text.first(where: { !$0.isWhitespace }) == "{" {
      self = .keyFile(try EncryptedKey(json: Array(text.utf8)))
    } else if words.count > 1 {
      self = .mnemonic(try Mnemonic(phrase: text))
    } else if let word = words.first {
      self = .privateKey(try PrivateKey(hex: word))
    } else {
      throw CommandFailure(
        .invalidInput, "there is no key",
        next: "give a private key in hex, a mnemonic, or the text of a key file")
    }
  }

  /// The key: of a mnemonic the account with an index, of a file what its password opens.
  func key(index: UInt32, password: PasswordSource) throws -> PrivateKey {
    switch self {
    case .privateKey(let key): key
    case .mnemonic(let mnemonic): try PrivateKey(mnemonic: mnemonic, path: .ethereum(index))
    case .keyFile(let file):
      try file.decrypt(password: password.existing("Password of the key file: "))
    }
  }
}
