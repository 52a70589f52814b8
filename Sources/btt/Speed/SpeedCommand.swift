internal import ArgumentParser
internal import JSON
internal import Speed

/// The command `btt speed`.
struct SpeedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "speed",
    abstract: "Show what was bought and sold for torrents, and what the ledger paid.",
    discussion: """
      The figures come from the statement that every paid transfer writes beside its books, so that \
      they can be read while it runs, without a node and without a key.

      EXAMPLE
        btt speed status
        btt speed peers --csv > peers.csv
        btt speed history --last 20 --json
      """,
    subcommands: [
      SpeedStatus.self, SpeedEarnings.self, SpeedSpending.self, SpeedPeers.self,
      SpeedHistory.self,
    ])
}

/// The command `btt speed status`.
struct SpeedStatus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the sums: spent, earned, settled, still open.",
    discussion: """
      EXAMPLE
        btt speed status
        btt speed status --statement ./node/channels/0x….statement --json
      """)

  @OptionGroup var source: StatementOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let books = try source.sums()
    let (spent, earned) = (books.total(isPaidByUs: true), books.total(isPaidByUs: false))
    let open = books.accounts.values.count { !$0.isClosed }
    let transactions = books.transactions.sorted { $0.key < $1.key }
    output.print(
      [
        "spent": .object(spent.json), "earned": .object(earned.json),
        "openChannels": JSONValue(open),
        "transactions": .object(
          JSONObject(
            transactions.map { kind, count in
              (
                kind,
                ["succeeded": JSONValue(count.succeeded), "failed": JSONValue(count.failed)]
              )
            })),
      ],
      text: Output.grid(
        [
          ["", "delivered", "verified", "billed", "paid", "settled", "peers"],
          ["bought"] + spent.cells + ["\(books.peers.count { $0.party.isPaidByUs })"],
          ["sold"] + earned.cells + ["\(books.peers.count { !$0.party.isPaidByUs })"],
        ])
        + "\n\(open) channels open; ledger transactions: "
        + (transactions.isEmpty
          ? "none"
          : transactions.map { kind, count in
            "\(kind) \(count.succeeded)" + (count.failed > 0 ? " (\(count.failed) failed)" : "")
          }.joined(separator: ", ")))
  }
}

/// The command `btt speed earnings`.
struct SpeedEarnings: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "earnings", abstract: "Show who paid you, for what, and what is settled.",
    discussion: """
      EXAMPLE
        btt speed earnings --csv
      """)

  @OptionGroup var source: StatementOptions
  @OptionGroup var output: OutputOptions
  @Flag(help: "Print comma-separated values.") var csv = false

  func run() async throws {
    try PeerTable(source.sums().peers.filter { !$0.party.isPaidByUs }).print(output, csv: csv)
  }
}

/// The command `btt speed spending`.
struct SpeedSpending: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spending", abstract: "Show whom you paid, for what, and what is settled.",
    discussion: """
      EXAMPLE
        btt speed spending --json
      """)

  @OptionGroup var source: StatementOptions
  @OptionGroup var output: OutputOptions
  @Flag(help: "Print comma-separated values.") var csv = false

  func run() async throws {
    try PeerTable(source.sums().peers.filter { $0.party.isPaidByUs }).print(output, csv: csv)
  }
}

/// The command `btt speed peers`.
struct SpeedPeers: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peers",
    abstract: "Show each peer: delivered, verified, billed, paid, settled.",
    discussion: """
      EXAMPLE
        btt speed peers
      """)

  @OptionGroup var source: StatementOptions
  @OptionGroup var output: OutputOptions
  @Flag(help: "Print comma-separated values.") var csv = false

  func run() async throws {
    try PeerTable(source.sums().peers).print(output, csv: csv)
  }
}
