internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import Primitives

/// The command `btt tx`.
struct ShowTransaction: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tx",
    abstract: "Show a transaction and what became of it.",
    discussion: """
      EXAMPLE
        btt tx 0x8d3c…
        btt tx 0x8d3c… --json | jq -r .status
      """)

  @Argument(help: "The transaction's hash.", transform: Arguments.hash)
  var hash: Hash256

  @OptionGroup var rpc: RPCOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let (found, receipt) = try await rpc.withClient { client in
      let found = try await client.call("eth_getTransactionByHash", [.string(hash.hex)])
      return (found.objectValue, try await client.receipt(of: hash))
    }
    guard let transaction = found else {
      throw CommandFailure(
        .notFound, "the node knows no transaction \(hash)",
        next: "check the hash, and that the node is on the right chain and has caught up")
    }
    let status = receipt.map { $0.succeeded ? "success" : "failed" } ?? "pending"
    let json: JSONObject = [
      "hash": .string(hash.hex), "status": .string(status), "transaction": .object(transaction),
      "receipt": receipt.map { .object($0.json) } ?? .null,
    ]
    try output.print(json, text: Self.text(transaction, receipt, status: status))
  }

  private static func text(
    _ transaction: JSONObject, _ receipt: TransactionReceipt?, status: String
  ) throws -> String {
    let sender = try transaction.required("from", .address)
    let receiver = try transaction.optional("to", .address)
    let value = Amount(wei: try transaction.required("value", .quantity))
    let data = try transaction.optional("input", .data) ?? []
    var rows = [
      ("status", status), ("from", sender.checksummed),
      ("to", receiver?.checksummed ?? "none: it creates a contract"), ("amount", "\(value)"),
      ("nonce", "\(try transaction.required("nonce", .quantity64))"),
    ]
    if let type = try transaction.optional("type", .quantity64) { rows.append(("type", "\(type)")) }
    if !data.isEmpty { rows.append(("data", Hex.encode(data))) }
    if let receipt {
      rows += [
        ("block", "\(receipt.blockNumber) \(receipt.blockHash)"),
        ("gas used", "\(receipt.gasUsed)"), ("fee", "\(receipt.fee)"),
      ]
    }
    return Output.table(rows)
  }
}
