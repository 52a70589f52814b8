internal import ArgumentParser
internal import Foundation

/// The command `btt demo`.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Show paid downloads at work: one that pays, three that don't, and the books.",
    discussion: """
      Everything runs in this program and on loopback: a ledger with one node, two wallets, a \
      tracker, a seeder whose upload is limited and four fifths for sale, one leecher that pays \
      and three that do not, each with a sixteenth of the seeder's upload of its own. At the end \
      the numbers are held against each other, and the program fails where one does not hold. \
      Nothing is left behind.

      EXAMPLE
        btt demo
        btt demo --with transmission
        btt demo --size 128 --rate 8192
      """)

  @Option(help: ArgumentHelp("MiB of payload, 8 to 4096.", valueName: "MiB"))
  var size = 64

  @Option(
    help: ArgumentHelp("The seeder's upload limit, 512 to 1048576.", valueName: "KiB/s"))
  var rate = 4_096

  @Option(
    name: .customLong("with"),
    help: ArgumentHelp(
      "Another program as one of those that do not pay: transmission.", valueName: "program"))
  var other: OtherProgram?

  enum OtherProgram: String, ExpressibleByArgument, CaseIterable {
    case transmission
  }

  func validate() throws {
    guard (8...4_096).contains(size) else {
      throw ValidationError("--size is a number of MiB from 8 to 4096")
    }
    guard (512...1 << 20).contains(rate) else {
      throw ValidationError("--rate is a number of KiB a second from 512 to 1048576")
    }
  }

  func run() async throws {
    let signals = StopSignals()
    defer { withExtendedLifetime(signals) {} }
    let folder = try Files.createTemporaryDirectory("btt-demo")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let demo = Demo(
      folder: folder, payload: size << 20, uploadRate: rate << 10,
      hasTransmission: other == .transmission)
    let stops = signals.stream
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await demo.run() }
      group.addTask {
        for await _ in stops {
          throw CommandFailure(.cancelled, "the demo was stopped before its end")
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
