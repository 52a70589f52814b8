internal import ArgumentParser
internal import Foundation
internal import JSON
internal import Keys
internal import Primitives

/// Where a new key goes, and under what.
struct NewKeyOptions: ParsableArguments {
  @OptionGroup var keystore: KeyStoreOptions
  @OptionGroup var password: PasswordOptions

  @Flag(
    help: """
      Encrypt with 4 MiB of work instead of 256 MiB: fast, and easy to guess passwords against.
      """)
  var lightKdf = false

  var strength: EncryptedKey.Strength { lightKdf ? .light : .standard }

  /// Asks for the password and stores the key, unless its account has one stored.
  func store(_ key: PrivateKey) throws -> KeyStore.Account {
    let store = try keystore.open()
    let address = key.address
    if let present = try store.accounts().first(where: { $0.address == address }) {
      throw KeyStoreError.accountExists(address, path: present.path)
    }
    let password = try password.source.new("Password for the new key: ")
    return try store.add(key, password: password, strength: strength, at: Date())
  }
}

extension KeyStore.Account {
  /// The object for programs.
  var json: JSONObject { ["address": .string(address.checksummed), "path": .string(path)] }

  /// The lines for people.
  var text: String { Output.table([("address", address.checksummed), ("file", path)]) }
}
