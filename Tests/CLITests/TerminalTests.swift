#if canImport(Glibc)
  internal import Foundation
  internal import Glibc
  internal import Keys
  internal import JSON
  internal import TestSupport
  internal import Testing

  @Suite("A secret typed at a terminal", .timeLimit(.minutes(2))) struct TerminalTests {
    /// A run at a terminal of its own.
    private struct Session {
      var status: Int32
      var errors: String
      /// What the terminal showed of what was typed.
      var echo: [UInt8]
      var echoesAfterwards: Bool
    }

    private let btt: BTTProcess

    init() throws { btt = try BTTProcess() }

    /// Types each answer once its prompt is there.
    @concurrent
    private func run(_ arguments: [String], _ answers: [(prompt: String, text: String)])
      async throws -> Session
    {
      var main: Int32 = -1
      var child: Int32 = -1
      try #require(openpty(&main, &child, nil, nil, nil) == 0)
      defer {
        close(main)
        close(child)
      }
      let process = Process()
      let errors = Pipe()
      process.executableURL = BTTProcess.executable
      process.arguments = arguments
      process.environment = btt.environment
      process.standardInput = FileHandle(fileDescriptor: child, closeOnDealloc: false)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = errors
      try process.run()
      var seen = Data()
      for (prompt, text) in answers {
        while !String(decoding: seen, as: UTF8.self).hasSuffix(prompt) {
          let chunk = errors.fileHandleForReading.availableData
          if chunk.isEmpty { break }
          seen += chunk
        }
        _ = Array(text.utf8).withUnsafeBytes { write(main, $0.baseAddress, $0.count) }
      }
      seen += errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      var attributes = termios()
      try #require(tcgetattr(child, &attributes) == 0)
      try #require(fcntl(main, F_SETFL, O_NONBLOCK) == 0)
      var echo = [UInt8](repeating: 0, count: 4096)
      let count = read(main, &echo, echo.count)
      return Session(
        status: process.terminationStatus, errors: String(decoding: seen, as: UTF8.self),
        echo: Array(echo.prefix(max(0, count))),
        echoesAfterwards: attributes.c_lflag & tcflag_t(ECHO) != 0)
    }

    @Test("is not shown, can be corrected, and is asked for twice")
    func readsSecret() async throws {
      let session = try await run(
        ["wallet", "new", "--light-kdf"],
        [("new key: ", "secreü\u{7f}t\n"), ("again: ", "wrong\u{15}secret\n")])
      #expect(session.status == 0, "\(session.errors)")
      #expect(session.echo.isEmpty)
      #expect(session.echoesAfterwards)
      let list = try await btt.run("wallet", "list", "--json")
      let path = try #require(try list.json["accounts"]?[0]?["path"]?.stringValue)
      let key = try EncryptedKey(json: [UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
      #expect(throws: Never.self) { try key.decrypt(password: "secret") }
    }

    @Test("that differs the second time is not taken")
    func differs() async throws {
      let session = try await run(
        ["wallet", "new", "--light-kdf"], [("new key: ", "secret\n"), ("again: ", "secrit\n")])
      #expect(session.status == 1)
      #expect(session.errors.contains("differ"))
      let list = try await btt.run("wallet", "list", "--json")
      #expect(try list.json["accounts"] == [])
    }

    @Test("can be broken off, which leaves the terminal as it was", arguments: ["\u{3}", "\u{4}"])
    func cancels(key: String) async throws {
      let session = try await run(["wallet", "new"], [("new key: ", key)])
      #expect(session.status == 1)
      #expect(session.errors.contains("cancelled"))
      #expect(session.echoesAfterwards)
    }

    @Test("money is sent only on consent", arguments: ["y\n", "\n", "no\n"])
    func confirms(answer: String) async throws {
      let node = try await FakeNode()
      let session = try await run(
        ["send", DevnetKey.fourthAddress, "0.5", "--devnet", "--rpc", node.url],
        [("[y/N] ", answer)])
      await node.stop()
      #expect(session.errors.contains("0.5 BTT"))
      #expect(session.status == (answer == "y\n" ? 0 : 1))
      #expect(node.sent.count == (answer == "y\n" ? 1 : 0))
    }
  }
#endif
