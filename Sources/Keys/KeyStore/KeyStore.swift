public import Primitives

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// A directory of encrypted keys in the layout of go-ethereum.
///
/// Every call reads the directory anew, so that files that others put there or take away are seen.
/// Those that encrypt or decrypt take about a second, and block.
public struct KeyStore: Sendable {
  /// An account and the file that holds its key.
  public struct Account: Hashable, Sendable {
    /// The account.
    public let address: Address
    /// The file's path.
    public let path: String
    let name: String
  }

  /// The path of the directory.
  public let directory: String

  /// The store in a directory, which is made, readable to its owner only, unless it is there.
  public init(directory: String) throws(KeyStoreError) {
    self.directory = directory
    try SecretFile.makeDirectory(directory)
  }

  // MARK: - Accounts

  /// The accounts by file name, which is to say by age; files that are no keys are left out.
  public func accounts() throws(KeyStoreError) -> [Account] {
    var accounts: [Account] = []
    for name in try SecretFile.names(in: directory) {
      let path = directory + "/" + name
      guard let text = try? SecretFile.read(path, limit: EncryptedKey.maximumFileSize),
        let key = try? EncryptedKey(json: text),
        let address = key.address ?? Self.address(inName: name)
      else { continue }
      accounts.append(Account(address: address, path: path, name: name))
    }
    return accounts
  }

  /// The one file of an account.
  public func account(_ address: Address) throws(KeyStoreError) -> Account {
    let found = try accounts().filter { $0.address == address }
    guard let account = found.first else { throw try damage(of: address) }
    guard found.count == 1 else { throw .ambiguous(address, paths: found.map(\.path)) }
    return account
  }

  /// Why an account has no file: none bears its name, or the one that does is no key file.
  private func damage(of address: Address) throws(KeyStoreError) -> KeyStoreError {
    for name in try SecretFile.names(in: directory) where Self.address(inName: name) == address {
      let path = directory + "/" + name
      do throws(KeyStoreError) {
        let text = try SecretFile.read(path, limit: EncryptedKey.maximumFileSize)
        _ = try EncryptedKey(json: text)
      } catch {
        if case .corrupt(let what) = error { return .corrupt("\(path): \(what)") }
        if case .unsupported(let what) = error { return .unsupported("\(path): \(what)") }
        return error
      }
    }
    return .noAccount(address, directory: directory)
  }

  /// The key of an account.
  public func unlock(_ address: Address, password: String) throws(KeyStoreError) -> PrivateKey {
    try unlock(account(address), password: password)
  }

  private func unlock(_ account: Account, password: String) throws(KeyStoreError) -> PrivateKey {
    let text = try SecretFile.read(account.path, limit: EncryptedKey.maximumFileSize)
    let key = try EncryptedKey(json: text).decrypt(password: password)
    guard key.address == account.address else {
      throw .addressMismatch(file: account.address, key: key.address)
    }
    return key
  }

  // MARK: - Changes

  /// Adds a new key.
  ///
  /// `date` becomes part of the file's name.
  @discardableResult
  public func create(
    password: String, strength: EncryptedKey.Strength = .standard, at date: Date
  ) throws(KeyStoreError) -> Account {
    try add(.generate(), password: password, strength: strength, at: date)
  }

  /// Adds a key; refused when the account has a file already.
  ///
  /// `date` becomes part of the file's name.
  @discardableResult
  public func add(
    _ key: PrivateKey, password: String, strength: EncryptedKey.Strength = .standard,
    at date: Date
  ) throws(KeyStoreError) -> Account {
    let address = key.address
    if let present = try accounts().first(where: { $0.address == address }) {
      throw .accountExists(address, path: present.path)
    }
    let encrypted = try EncryptedKey(key, password: password, strength: strength)
    let name = Self.fileName(address, at: date)
    try SecretFile.write(encrypted.json, named: name, in: directory)
    return Account(address: address, path: directory + "/" + name, name: name)
  }

  /// Adds the key of a key file from elsewhere, under a password of its own here.
  ///
  /// `date` becomes part of the file's name.
  @discardableResult
  public func add(
    keyFile text: [UInt8], password: String, newPassword: String,
    strength: EncryptedKey.Strength = .standard, at date: Date
  ) throws(KeyStoreError) -> Account {
    let key = try EncryptedKey(json: text).decrypt(password: password)
    return try add(key, password: newPassword, strength: strength, at: date)
  }

  /// The text of a key file for elsewhere, under a password of its own.
  public func export(
    _ address: Address, password: String, newPassword: String,
    strength: EncryptedKey.Strength = .standard
  ) throws(KeyStoreError) -> [UInt8] {
    let key = try unlock(address, password: password)
    return try EncryptedKey(key, password: newPassword, strength: strength).json
  }

  /// Puts an account's key under another password, in the same file.
  public func changePassword(
    of address: Address, from password: String, to newPassword: String,
    strength: EncryptedKey.Strength = .standard
  ) throws(KeyStoreError) {
    let account = try account(address)
    let key = try unlock(account, password: password)
    let encrypted = try EncryptedKey(key, password: newPassword, strength: strength)
    try SecretFile.write(encrypted.json, named: account.name, in: directory)
  }

  /// Deletes an account's file, for one who knows its password.
  public func remove(_ address: Address, password: String) throws(KeyStoreError) {
    let account = try account(address)
    _ = try unlock(account, password: password)
    try SecretFile.remove(named: account.name, in: directory)
  }

  // MARK: - File names

  /// The name that go-ethereum gives: `UTC--2006-01-02T15-04-05.999999999Z--<address>`.
  static func fileName(_ address: Address, at date: Date) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents(
      [.year, .month, .day, .hour, .minute, .second, .nanosecond], from: date)
    func digits(_ number: Int?, _ width: Int) -> String {
      let text = String(number ?? 0)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let day = "\(digits(parts.year, 4))-\(digits(parts.month, 2))-\(digits(parts.day, 2))"
    let time = "\(digits(parts.hour, 2))-\(digits(parts.minute, 2))-\(digits(parts.second, 2))"
    let hex = Hex.encode(address.bytes, prefix: false)
    return "UTC--\(day)T\(time).\(digits(parts.nanosecond, 9))Z--\(hex)"
  }

  private static func address(inName name: String) -> Address? {
    try? Address(hex: name.suffix(40))
  }
}
