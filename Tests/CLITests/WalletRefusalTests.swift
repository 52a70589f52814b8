internal import Foundation
internal import JSON
internal import TestSupport
internal import Testing

@Suite("btt wallet, given what is wrong", .timeLimit(.minutes(2))) struct WalletRefusalTests {
  private let btt: BTTProcess

  init() throws { btt = try BTTProcess() }

  /// A key store with the devnet's first key under `pässwörd`.
  private func storeKeyFile(_ text: String = DevnetKey.keyFile) throws {
    try FileManager.default.createDirectory(
      atPath: btt.keystore, withIntermediateDirectories: false)
    let name = "UTC--2026-01-02T15-04-05.000000000Z--\(DevnetKey.address.dropFirst(2).lowercased())"
    try Data(text.utf8).write(to: URL(fileURLWithPath: btt.keystore + "/" + name))
  }

  @Test("a wrong password is told as such")
  func wrongPassword() async throws {
    try storeKeyFile()
    let right = try await btt.run(
      "wallet", "sign", "--message", "hello wörld",
      environment: ["BTT_PASSWORD": DevnetKey.keyFilePassword])
    #expect(right.output == DevnetKey.textSignature + "\n")
    let wrong = try await btt.run(
      "wallet", "sign", "--message", "x", "--json", environment: ["BTT_PASSWORD": "password"])
    #expect(wrong.status == 1)
    #expect(wrong.output.isEmpty)
    #expect(try wrong.error["code"] == "wrong-password")
    #expect(try wrong.error["message"]?.stringValue?.contains(DevnetKey.address) == true)
  }

  @Test("a corrupt key file is named, with what is wrong in it")
  func corruptFile() async throws {
    try storeKeyFile(String(DevnetKey.keyFile.dropLast(40)))
    let result = try await btt.run(
      "wallet", "sign", "--message", "x", "--from", DevnetKey.address, "--json",
      environment: ["BTT_PASSWORD": "x"])
    #expect(result.status == 1)
    #expect(try result.error["code"] == "bad-key-file")
    #expect(try result.error["message"]?.stringValue?.contains(btt.keystore) == true)
    let list = try await btt.run("wallet", "list", "--json")
    #expect(list.status == 0)
  }

  @Test("without a terminal nobody is asked: the ways to give a password are named")
  func noTerminal() async throws {
    let result = try await btt.run("wallet", "new")
    #expect(result.status == 1)
    #expect(result.errors.hasPrefix("error: no password"))
    #expect(result.errors.contains("BTT_PASSWORD"))
    let keyless = try await btt.run("wallet", "import", "--json")
    #expect(try keyless.error["code"] == "no-key")
  }

  @Test("an empty password is none")
  func emptyPassword() async throws {
    let file = try btt.file("password", "\n")
    let result = try await btt.run("wallet", "new", "--password-file", file, "--json")
    #expect(result.status == 1)
    #expect(try result.error["code"] == "invalid-input")
  }

  @Test("a file that is not there is named, with the cause")
  func missingFile() async throws {
    let result = try await btt.run("wallet", "import", "--key-file", "/nowhere/key", "--json")
    #expect(result.status == 1)
    #expect(try result.error["code"] == "file")
    #expect(try result.error["message"] == "cannot open /nowhere/key: No such file or directory")
  }

  @Test(
    "no part of what was to be a key is repeated",
    arguments: [
      "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff8",
      "zc0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
      "tast test test test test test test test test test test junk",
      "junk test test test test test test test test test test test",
      "test test test",
      #"{"version": 3, "crypto": "ac0974bec39a17e3"}"#,
    ])
  func repeatsNoSecret(key: String) async throws {
    for flags in [[], ["--json"]] {
      let result = try await btt.run(
        ["wallet", "import"] + flags,
        environment: ["BTT_PRIVATE_KEY": key, "BTT_PASSWORD": "correct horse"])
      #expect(result.status == 1)
      #expect(result.output.isEmpty)
      for secret in ["0974bec3", "tast", "junk", "test", "horse"] {
        #expect(!result.errors.contains(secret))
      }
    }
  }

  @Test("no output but that of export shows a secret")
  func showsNoSecret() async throws {
    let environment = [
      "BTT_PRIVATE_KEY": DevnetKey.privateKey, "BTT_PASSWORD": "correct horse",
      "BTT_NEW_PASSWORD": "battery staple",
    ]
    let commands = [
      ["wallet", "import", "--light-kdf"], ["wallet", "import"], ["wallet", "list"],
      ["wallet", "show", DevnetKey.address, "--public-key"],
      ["wallet", "sign", "--message", "x"],
      ["wallet", "export", DevnetKey.address, "--light-kdf", "--out", btt.directory.path("out")],
      ["wallet", "password", DevnetKey.address, "--light-kdf"],
    ]
    for command in commands {
      let result = try await btt.run(command, environment: environment)
      for secret in ["0974bec3", "horse", "staple"] {
        #expect(!(result.output + result.errors).contains(secret), "\(command)")
      }
    }
  }

  @Test(
    "what makes no sense is wrong usage",
    arguments: [
      ["wallet", "frob"], ["wallet", "new", "--words", "13", "--mnemonic"],
      ["wallet", "new", "--words", "24"], ["wallet", "show"], ["wallet", "show", "0x12"],
      ["wallet", "show", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267"],
      ["wallet", "sign"], ["wallet", "sign", "--message", "x", "--message-hex", "00"],
      ["wallet", "sign", "--hash", "0x11"], ["wallet", "sign", "--message-hex", "0x1"],
      ["wallet", "export", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"],
    ])
  func usage(arguments: [String]) async throws {
    let result = try await btt.run(arguments)
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.hasPrefix("error: "))
    let asJSON = try await btt.run(arguments + ["--json"])
    #expect(asJSON.status == 2)
    #expect(try asJSON.error["code"] == "usage")
  }
}
