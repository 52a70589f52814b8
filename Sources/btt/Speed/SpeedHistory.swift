internal import ArgumentParser
internal import ChainTypes
internal import Foundation
internal import JSON
internal import Metainfo
internal import Primitives
internal import Speed

/// The command `btt speed history`.
struct SpeedHistory: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show the statement line by line, with a receipt for each settlement.",
    discussion: """
      EXAMPLE
        btt speed history --last 50
        btt speed history --csv > history.csv
      """)

  @OptionGroup var source: StatementOptions
  @OptionGroup var output: OutputOptions
  @Flag(help: "Print comma-separated values.") var csv = false
  @Option(help: ArgumentHelp("Only the newest lines.", valueName: "count"))
  var last: Int?

  func validate() throws {
    guard last.map({ $0 >= 1 }) ?? true else { throw ValidationError("--last is at least 1") }
  }

  func run() async throws {
    var entries = try source.entries()
    if let last { entries = entries.suffix(last) }
    if csv {
      // Each kind of line has columns of its own: all of them stand beside each other.
      let names = [
        "time", "event", "channel", "peer", "role", "torrent", "deposit", "delivered", "verified",
        "billed", "paid", "amount", "total", "kind", "transaction", "succeeded",
      ]
      let rows = entries.map { entry in
        let object = entry.json
        return names.map { name in
          object[name].map { $0.stringValue ?? $0.description } ?? ""
        }
      }
      return Output.write(CSV.text([names] + rows))
    }
    output.print(
      ["entries": .array(entries.map { .object($0.json) })],
      text: Output.grid(
        entries.map { entry in
          [Self.time(entry.time), entry.event.name] + Self.text(entry.event)
        }))
  }

  private static func time(_ seconds: UInt64) -> String {
    Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
  }

  private static func text(_ event: StatementEvent) -> [String] {
    let channel = event.channel.map { "\($0.description.prefix(14))…" } ?? ""
    let rest: String
    switch event {
    case .opened(_, let party, let deposit, _, let torrent):
      rest =
        "\(party.isPaidByUs ? "to" : "from") \(party.address.checksummed), deposit "
        + "\(SpeedAmount.text(deposit)), for \(torrent.hex)"
    case .moved(_, let figures):
      rest =
        "\(TransferReport.size(Int64(clamping: figures.delivered))) delivered, "
        + "\(SpeedAmount.text(figures.billed)) billed, \(SpeedAmount.text(figures.paid)) paid"
    case .limit(let total): rest = "at most \(SpeedAmount.text(total)) signed away"
    case .spent(let torrent, let amount):
      rest = "\(SpeedAmount.text(amount)) spent for \(torrent.hex)"
    case .settled(_, let amount, let total):
      rest = "the ledger paid \(SpeedAmount.text(amount)), \(SpeedAmount.text(total)) in all"
    case .closed(_, let total): rest = "closed; the ledger paid \(SpeedAmount.text(total)) in all"
    case .transaction(let kind, let hash, let succeeded):
      rest = "\(kind) \(succeeded ? "succeeded" : "failed"), \(hash.hex)"
    }
    return [channel, rest]
  }
}
