internal import TestSupport
internal import Testing

@Suite("btt --help", .timeLimit(.minutes(1))) struct HelpTests {
  private let btt: BTTProcess

  init() throws { btt = try BTTProcess() }

  @Test(
    "every command shows an example, on standard output",
    arguments: [
      [], ["wallet"], ["wallet", "new"], ["wallet", "import"], ["wallet", "list"],
      ["wallet", "show"], ["wallet", "sign"], ["wallet", "verify"], ["wallet", "export"],
      ["wallet", "password"], ["send"], ["balance"], ["tx"], ["block"], ["rpc"], ["convert"],
      ["devnet"], ["node"], ["node", "init"], ["node", "run"], ["node", "config"],
      ["node", "verify"],
      ["node", "export"], ["node", "import"],
      ["torrent"], ["torrent", "create"], ["torrent", "show"], ["torrent", "verify"],
      ["torrent", "magnet"], ["torrent", "seed"], ["torrent", "get"],
      ["vault"], ["vault", "deposit"], ["vault", "withdraw"], ["vault", "show"],
      ["channel"], ["channel", "open"], ["channel", "open-many"], ["channel", "top-up"],
      ["channel", "list"], ["channel", "show"], ["channel", "pay"], ["channel", "receive"],
      ["channel", "settle"], ["channel", "close"], ["channel", "release"],
      ["channel", "request-close"],
      ["channel", "withdraw"], ["channel", "watch"], ["channel", "export"],
      ["channel", "import"], ["channel", "adopt"],
      ["voucher"], ["voucher", "sign"], ["voucher", "verify"], ["voucher", "decode"],
    ])
  func showsExample(command: [String]) async throws {
    let result = try await btt.run(command + ["--help"])
    #expect(result.status == 0)
    #expect(result.errors.isEmpty)
    #expect(result.output.contains("EXAMPLE\n  btt "))
    #expect(result.output.contains("USAGE: btt"))
  }

  @Test("no option takes a secret from the command line")
  func takesNoSecret() async throws {
    for command in [["wallet", "new"], ["wallet", "import"], ["wallet", "sign"], ["send"]] {
      for option in ["--password", "--private-key", "--mnemonic-phrase"] {
        let result = try await btt.run(command + ["\(option)=secret"])
        #expect(result.status == 2)
      }
    }
  }

  @Test("the version is told")
  func version() async throws {
    let result = try await btt.run("--version")
    #expect(result.status == 0)
    #expect(result.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }
}
