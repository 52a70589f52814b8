internal import Foundation
internal import JSON
internal import Keys
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("btt wallet", .timeLimit(.minutes(2))) struct WalletTests {
  private let btt: BTTProcess

  init() throws {
    btt = try BTTProcess()
    #expect(FileManager.default.isExecutableFile(atPath: BTTProcess.executable.path))
  }

  private func importDevnetKey(password: String = "new") async throws {
    let result = try await btt.run(
      "wallet", "import", "--light-kdf",
      environment: ["BTT_PRIVATE_KEY": DevnetKey.privateKey, "BTT_PASSWORD": password])
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test("new makes a key that only its owner can read and only its password opens")
  func new() async throws {
    let result = try await btt.run(
      "wallet", "new", "--light-kdf", "--json", environment: ["BTT_PASSWORD": "secret"])
    #expect(result.status == 0)
    #expect(result.errors.isEmpty)
    let address = try Address(
      checksummed: try #require(try result.json["address"]?.stringValue))
    let path = try #require(try result.json["path"]?.stringValue)
    #expect(path.hasPrefix(btt.keystore))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let key = try EncryptedKey(json: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    #expect(try key.decrypt(password: "secret").address == address)
    #expect(throws: KeyStoreError.wrongPassword(address)) { try key.decrypt(password: "Secret") }
  }

  @Test("new takes the standard work unless it is told to be light")
  func standardWork() async throws {
    let password = try btt.file("password", "secret\nnot part of it\n")
    let result = try await btt.run("wallet", "new", "--password-file", password, "--json")
    let path = try #require(try result.json["path"]?.stringValue)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains(#""n":262144"#))
    let opened = try await btt.run(
      "wallet", "sign", "--hash", String(repeating: "11", count: 32),
      environment: ["BTT_PASSWORD": "secret"])
    #expect(opened.status == 0)
  }

  @Test("new shows the words once, apart from the result, and they lead to the key")
  func newMnemonic() async throws {
    let result = try await btt.run(
      "wallet", "new", "--mnemonic", "--words", "24", "--index", "2", "--light-kdf", "--json",
      environment: ["BTT_PASSWORD": "secret"])
    #expect(result.status == 0)
    let line = try #require(
      result.errors.split(separator: "\n").first { $0.split(separator: " ").count == 24 })
    let key = try PrivateKey(mnemonic: Mnemonic(phrase: String(line)), path: .ethereum(2))
    #expect(try result.json["address"]?.stringValue == key.address.checksummed)
    #expect(try result.json["derivationPath"] == "m/44'/60'/0'/0/2")
    #expect(result.output.split(separator: " ").count < 12)
  }

  @Test("import takes a private key, a mnemonic and a key file, and tells them apart")
  func importForms() async throws {
    let cases: [(key: String, arguments: [String], address: String)] = [
      (DevnetKey.privateKey, [], DevnetKey.address),
      (String(DevnetKey.privateKey.dropFirst(2)) + "\n", [], DevnetKey.address),
      (DevnetKey.mnemonic + "\n", ["--index", "3"], DevnetKey.fourthAddress),
      (DevnetKey.keyFile, [], DevnetKey.address),
    ]
    for (index, (key, arguments, address)) in cases.enumerated() {
      let file = try btt.file("key\(index)", key)
      let result = try await btt.run(
        ["wallet", "import", "--key-file", file, "--light-kdf", "--json"] + arguments,
        environment: [
          "BTT_KEYSTORE": btt.directory.path("keys\(index)"), "BTT_PASSWORD": "new",
          "BTT_KEY_PASSWORD": DevnetKey.keyFilePassword,
        ])
      #expect(result.status == 0, "\(index): \(result.errors)")
      #expect(try result.json["address"]?.stringValue == address)
    }
  }

  @Test("import reads standard input for the file -")
  func importStandardInput() async throws {
    let result = try await btt.run(
      "wallet", "import", "--key-file", "-", "--light-kdf", "--json",
      environment: ["BTT_PASSWORD": "new"], input: DevnetKey.mnemonic)
    #expect(try result.json["address"]?.stringValue == DevnetKey.address)
  }

  @Test("an account is not imported twice")
  func importTwice() async throws {
    try await importDevnetKey()
    let again = try await btt.run(
      "wallet", "import", "--json",
      environment: ["BTT_PRIVATE_KEY": DevnetKey.privateKey, "BTT_PASSWORD": "new"])
    #expect(again.status == 1)
    #expect(try again.error["code"] == "key-exists")
  }

  @Test("list and show tell address and file, and looking makes no directory")
  func listAndShow() async throws {
    let empty = try await btt.run("wallet", "list", "--json")
    #expect(try empty.json["accounts"] == [])
    #expect(!FileManager.default.fileExists(atPath: btt.keystore))
    try await importDevnetKey()
    let list = try await btt.run("wallet", "list", "--json")
    let account = try #require(try list.json["accounts"]?[0])
    #expect(account["address"]?.stringValue == DevnetKey.address)
    let show = try await btt.run("wallet", "show", DevnetKey.address, "--json")
    #expect(try show.json == account)
    let text = try await btt.run("wallet", "show", DevnetKey.address)
    #expect(text.words.contains(Substring(DevnetKey.address)))
    let stranger = try await btt.run("wallet", "show", DevnetKey.fourthAddress, "--json")
    #expect(stranger.status == 1)
    #expect(try stranger.error["code"] == "no-key")
  }

  @Test("signatures are those of eth-account")
  func signs() async throws {
    try await importDevnetKey()
    let typedData = try btt.file("typed.json", DevnetKey.typedData)
    let cases = [
      (["--message", "hello wörld"], DevnetKey.textSignature, "message"),
      (["--message-hex", "0x00ff"], DevnetKey.bytesSignature, "message"),
      (["--typed-data", typedData], DevnetKey.typedDataSignature, "typedData"),
      (["--hash", String(repeating: "11", count: 32)], DevnetKey.hashSignature, "hash"),
    ]
    for (payload, signature, kind) in cases {
      let result = try await btt.run(
        ["wallet", "sign", "--json", "--from", DevnetKey.address] + payload,
        environment: ["BTT_PASSWORD": "new"])
      #expect(try result.json["signature"]?.stringValue == signature, "\(payload)")
      #expect(try result.json["kind"]?.stringValue == kind)
      #expect(try result.json["address"]?.stringValue == DevnetKey.address)
      let verified = try await btt.run(
        ["wallet", "verify", DevnetKey.address, "--signature", signature] + payload)
      #expect(verified.status == 0)
    }
    let other = try await btt.run(
      "wallet", "verify", DevnetKey.address, "--signature", DevnetKey.textSignature, "--message",
      "hello world")
    #expect(other.status == 1)
  }

  @Test("an account that was named must be the key's own")
  func signsOnlyAsNamed() async throws {
    let result = try await btt.run(
      "wallet", "sign", "--message", "x", "--devnet", "--from", DevnetKey.fourthAddress, "--json")
    #expect(result.status == 1)
    #expect(try result.error["code"] == "no-key")
  }

  @Test("which of several keys signs must be said")
  func signsOnlyWhenClear() async throws {
    try await importDevnetKey()
    let second = try await btt.run(
      "wallet", "new", "--light-kdf", environment: ["BTT_PASSWORD": "x"])
    #expect(second.status == 0)
    let result = try await btt.run("wallet", "sign", "--message", "x")
    #expect(result.status == 2)
    #expect(result.errors.contains("--from"))
  }

  @Test("export writes a new file under its own password, and overwrites none")
  func exports() async throws {
    try await importDevnetKey()
    let out = btt.directory.path("out.json")
    let passwords = ["BTT_PASSWORD": "new", "BTT_NEW_PASSWORD": "third"]
    let result = try await btt.run(
      "wallet", "export", DevnetKey.address, "--out", out, "--light-kdf", environment: passwords)
    #expect(result.status == 0, "\(result.errors)")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: out)))
    #expect(
      try EncryptedKey(json: bytes).decrypt(password: "third").address.checksummed
        == DevnetKey.address)
    let again = try await btt.run(
      "wallet", "export", DevnetKey.address, "--out", out, "--light-kdf", "--json",
      environment: passwords)
    #expect(again.status == 1)
    #expect(try again.error["code"] == "file")
    #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: out))) == bytes)
  }

  @Test("export shows the key itself only to one who asks for it in so many words")
  func reveals() async throws {
    try await importDevnetKey()
    let asked = try await btt.run(
      "wallet", "export", DevnetKey.address, "--reveal-private-key",
      environment: ["BTT_PASSWORD": "new"])
    #expect(asked.output == DevnetKey.privateKey + "\n")
    let unasked = try await btt.run(
      "wallet", "export", DevnetKey.address, environment: ["BTT_PASSWORD": "new"])
    #expect(unasked.status == 2)
  }

  @Test("password puts a key under another password")
  func changesPassword() async throws {
    try await importDevnetKey(password: "old")
    let changed = try await btt.run(
      "wallet", "password", DevnetKey.address, "--light-kdf",
      environment: ["BTT_PASSWORD": "old", "BTT_NEW_PASSWORD": "newer"])
    #expect(changed.status == 0, "\(changed.errors)")
    for (password, status) in [("old", 1 as Int32), ("newer", 0)] {
      let result = try await btt.run(
        "wallet", "show", DevnetKey.address, "--public-key",
        environment: ["BTT_PASSWORD": password])
      #expect(result.status == status)
    }
  }
}
