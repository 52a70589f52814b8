internal import ArgumentParser
internal import ChainTypes
internal import Foundation
internal import JSON
internal import LedgerRPC
internal import Primitives

/// The command `btt block`.
struct ShowBlock: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "block",
    abstract: "Show a block.",
    discussion: """
      EXAMPLE
        btt block
        btt block 1000 --full
        btt block 0x8d3c… --json
      """)

  @Argument(help: "Block by number, hash or tag.", transform: Arguments.block)
  var block = BlockParameter.latest

  @Flag(help: "Show the transactions, not only how many there are.")
  var full = false

  @OptionGroup var rpc: RPCOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let found = try await rpc.withClient { client in
      if case .hash(let hash, _) = block {
        return try await client.call("eth_getBlockByHash", [.string(hash.hex), .bool(full)])
      }
      return try await client.call("eth_getBlockByNumber", [block.json, .bool(full)])
    }
    guard let object = found.objectValue else {
      throw CommandFailure(
        .notFound, "the node has no block \(block.json)",
        next: "btt block shows the newest that it has")
    }
    try output.print(object, text: text(object))
  }

  private func text(_ block: JSONObject) throws -> String {
    let transactions = try block.required("transactions", .array(.any))
    let seconds = try block.required("timestamp", .quantity64)
    let time = Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    var rows = [
      ("number", "\(try block.required("number", .quantity64))"),
      ("hash", try block.required("hash", .hash).hex),
      ("parent", try block.required("parentHash", .hash).hex), ("time", "\(time) (\(seconds))"),
      ("transactions", "\(transactions.count)"),
      (
        "gas used",
        "\(try block.required("gasUsed", .quantity64)) of "
          + "\(try block.required("gasLimit", .quantity64))"
      ),
    ]
    if let baseFee = try block.optional("baseFeePerGas", .quantity) {
      rows.append(("base fee", Amount(wei: baseFee).formatted(.gwei)))
    }
    rows += [
      ("state root", try block.required("stateRoot", .hash).hex),
      ("made by", try block.required("miner", .address).checksummed),
    ]
    if full { rows += try transactions.map { ("", try Self.line($0)) } }
    return Output.table(rows)
  }

  private static func line(_ transaction: JSONValue) throws -> String {
    guard let object = transaction.objectValue else { return "\(transaction)" }
    let receiver = try object.optional("to", .address)?.checksummed ?? "a new contract"
    let amount = Amount(wei: try object.required("value", .quantity))
    return "\(try object.required("hash", .hash)): \(try object.required("from", .address)) "
      + "sends \(amount) to \(receiver)"
  }
}
