internal import Foundation
internal import Keys
internal import Primitives
internal import Testing

@Suite struct KeyStoreTests {
  /// Runs `body` with a store in a new directory, which is removed afterwards.
  private func withStore(_ body: (KeyStore) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: root) }
    try body(KeyStore(directory: root.appending(path: "data/keystore").path))
  }

  private func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? NSNumber).intValue
  }

  private let date = Date(timeIntervalSince1970: 1_458_651_475.75)

  @Test func `names files as go-ethereum does, for the owner only`() throws {
    try withStore { store in
      let key = try PrivateKey(hex: EncryptedKeyTests.secret)
      let account = try store.add(key, password: "a", strength: .light, at: date)
      #expect(
        account.path == store.directory
          + "/UTC--2016-03-22T12-57-55.750000000Z--f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
      #expect(try mode(account.path) == 0o600)
      #expect(try mode(store.directory) == 0o700)
      #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory).count == 1)
    }
  }

  @Test func `lists by age and finds by address`() throws {
    try withStore { store in
      let old = try store.create(password: "a", strength: .light, at: date)
      let new = try store.create(password: "a", strength: .light, at: date + 1)
      #expect(try store.accounts() == [old, new])
      #expect(try store.account(new.address) == new)
      #expect(try KeyStore(directory: store.directory).accounts() == [old, new])
      let error = KeyStoreError.noAccount(.zero, directory: store.directory)
      #expect(throws: error) { try store.account(.zero) }
    }
  }

  @Test func `opens an account with its password only`() throws {
    try withStore { store in
      let address = try store.create(password: "a", strength: .light, at: date).address
      #expect(try store.unlock(address, password: "a").address == address)
      #expect(throws: KeyStoreError.wrongPassword(address)) {
        try store.unlock(address, password: "b")
      }
    }
  }

  @Test func `changes a password in the same file`() throws {
    try withStore { store in
      let account = try store.create(password: "a", strength: .light, at: date)
      try store.changePassword(of: account.address, from: "a", to: "b", strength: .light)
      #expect(try store.accounts() == [account])
      #expect(try mode(account.path) == 0o600)
      _ = try store.unlock(account.address, password: "b")
      #expect(throws: KeyStoreError.wrongPassword(account.address)) {
        try store.changePassword(of: account.address, from: "a", to: "c", strength: .light)
      }
    }
  }

  @Test func `takes a key file from another store, but no account twice`() throws {
    try withStore { first in
      try withStore { second in
        let account = try first.create(password: "a", strength: .light, at: date)
        let file = try first.export(
          account.address, password: "a", newPassword: "b", strength: .light)
        let moved = try second.add(
          keyFile: file, password: "b", newPassword: "c", strength: .light, at: date)
        #expect(moved.address == account.address)
        _ = try second.unlock(moved.address, password: "c")
        #expect(throws: KeyStoreError.accountExists(moved.address, path: moved.path)) {
          try second.add(
            keyFile: file, password: "b", newPassword: "c", strength: .light, at: date)
        }
      }
    }
  }

  @Test func `removes a key for one who knows the password`() throws {
    try withStore { store in
      let account = try store.create(password: "a", strength: .light, at: date)
      #expect(throws: KeyStoreError.wrongPassword(account.address)) {
        try store.remove(account.address, password: "b")
      }
      try store.remove(account.address, password: "a")
      #expect(try store.accounts().isEmpty)
    }
  }

  @Test func `leaves out what is no key, and names files that claim the same account`() throws {
    try withStore { store in
      let account = try store.create(password: "a", strength: .light, at: date)
      let directory = URL(filePath: store.directory)
      try Data("{}".utf8).write(to: directory.appending(path: "notes.txt"))
      try Data(count: 100_000).write(to: directory.appending(path: "large"))
      try Data().write(to: directory.appending(path: ".hidden"))
      try FileManager.default.createDirectory(
        at: directory.appending(path: "sub"), withIntermediateDirectories: false)
      #expect(try store.accounts() == [account])
      let copy = directory.appending(path: "copy").path
      try FileManager.default.copyItem(atPath: account.path, toPath: copy)
      let error = KeyStoreError.ambiguous(account.address, paths: [account.path, copy])
      #expect(throws: error) { try store.account(account.address) }
    }
  }

  @Test func `says which file of an account is damaged, and how`() throws {
    try withStore { store in
      let account = try store.create(password: "a", strength: .light, at: date)
      try Data("{".utf8).write(to: URL(filePath: account.path))
      let error = #expect(throws: KeyStoreError.self) { try store.account(account.address) }
      #expect(error == .corrupt("\(account.path): JSON ends inside a value (at byte 1)"))
      let stranger = PrivateKey.generate().address
      #expect(throws: KeyStoreError.noAccount(stranger, directory: store.directory)) {
        try store.account(stranger)
      }
    }
  }

  @Test func `says which file the system refuses`() throws {
    try withStore { store in
      try FileManager.default.removeItem(atPath: store.directory)
      let error = #expect(throws: KeyStoreError.self) { try store.accounts() }
      #expect(error?.description.contains("cannot list \(store.directory)") == true)
    }
  }
}
