internal import ArgumentParser
internal import ChainTypes
internal import JSON
internal import Keys
internal import LedgerRPC
internal import Primitives

/// The command `btt send`.
struct Send: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Send money, or call a contract.",
    discussion: """
      The node says chain, nonce, gas and fees; the transaction is signed here, so that the key \
      never leaves this machine. Amounts without a unit are BTT, prices of gas without one gwei.

      EXAMPLE
        btt send 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 1.5
        btt send 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 "250 mBTT" --yes --json
        btt send 0x7099…79C8 10 --devnet --mnemonic-index 2 --yes
      """)

  @Argument(help: "The receiver.", transform: Arguments.address)
  var to: Address

  @Argument(help: "The amount: 1.5, \"250 mBTT\", \"1000 wei\".", transform: Arguments.amount)
  var amount: Amount

  @OptionGroup(title: "Transaction") var transaction: TransactionOptions
  @OptionGroup(title: "Whose key") var signer: SignerOptions
  @OptionGroup(title: "Node") var rpc: RPCOptions

  @Flag(help: "Do not wait until the transaction is in a block.")
  var noWait = false

  @Option(help: ArgumentHelp("Seconds to wait for a block.", valueName: "seconds"))
  var waitTimeout = 120

  @Flag(name: .shortAndLong, help: "Do not ask before sending.")
  var yes = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...86_400).contains(waitTimeout) else {
      throw ValidationError("--wait-timeout is a number of seconds from 1 to 86400")
    }
  }

  func run() async throws {
    guard yes || Terminal.isInteractive else {
      throw CommandFailure(
        .usage, "there is no terminal to ask whether to send", next: "add --yes to send unasked")
    }
    // Where the sender is known, what the node refuses is told before a password is asked for.
    let known = signer.from
    let key = known == nil ? try signer.key() : nil
    try await rpc.withClient { client in
      let sender = key?.address ?? known ?? .zero
      let filled = try await TransactionFiller(client: client)
        .fill(transaction.request(from: sender, to: to, amount: amount))
      try confirm(filled, sender: sender)
      let signingKey = try key ?? signer.key()
      let signed = try SignedTransaction(signing: filled.transaction, with: signingKey)
      try await submit(signed, client)
      try await report(signed, sender: sender, client)
    }
  }

  private func confirm(_ filled: TransactionFiller.Filled, sender: Address) throws {
    if yes { return }
    Output.note(
      Output.table([
        ("from", "\(sender), which has \(filled.balance)"), ("to", "\(to)"),
        ("amount", "\(amount)"), ("fee", "at most \(filled.maximumFee)"),
        ("nonce", "\(filled.transaction.nonce)"),
        ("chain", filled.transaction.chainID.map { "\($0)" } ?? "any"),
      ]))
    guard Terminal.confirm("Send?") else {
      throw CommandFailure(.cancelled, "cancelled: nothing was sent")
    }
  }

  private func submit(_ signed: SignedTransaction, _ client: JSONRPCClient) async throws {
    let raw = JSONValue.string(Hex.encode(signed.encoded))
    do throws(JSONRPCClientError) {
      let hash = try await client.call("eth_sendRawTransaction", [raw], returning: .hash)
      guard hash == signed.hash else {
        throw .malformedReply(
          endpoint: "the node", reason: "it answers with hash \(hash) for \(signed.hash)")
      }
    } catch {
      if case .rpc(let cause) = error {
        // It was sent before, and is on its way.
        if cause.message.contains("already known") { return }
        throw error
      }
      var failure = CommandFailure(error)
      failure.message += "; transaction \(signed.hash) may have been sent all the same"
      failure.nextStep = "see whether it was: btt tx \(signed.hash)"
      throw failure
    }
  }

  private func report(
    _ signed: SignedTransaction, sender: Address, _ client: JSONRPCClient
  ) async throws {
    var json: JSONObject = [
      "hash": .string(signed.hash.hex), "from": .string(sender.checksummed),
      "to": .string(to.checksummed), "value": .string(amount.wei.description),
      "nonce": JSONValue(signed.transaction.nonce),
    ]
    if noWait {
      json["status"] = "sent"
      return output.print(json, text: signed.hash.hex)
    }
    guard
      let receipt = try await client.waitForReceipt(
        of: signed.hash, timeout: .seconds(waitTimeout))
    else {
      throw CommandFailure(
        .timeout, "transaction \(signed.hash) was sent, and is in no block after \(waitTimeout) s",
        next: "look again with btt tx \(signed.hash); to hurry it, send with --nonce "
          + "\(signed.transaction.nonce) and a fee at least 10 % higher")
    }
    json["status"] = receipt.succeeded ? "success" : "failed"
    json["blockNumber"] = JSONValue(receipt.blockNumber)
    json["blockHash"] = .string(receipt.blockHash.hex)
    json["gasUsed"] = JSONValue(receipt.gasUsed)
    json["effectiveGasPrice"] = .string(receipt.effectiveGasPrice.description)
    json["fee"] = .string(receipt.fee.wei.description)
    output.print(
      json,
      text: Output.table([
        ("transaction", signed.hash.hex), ("block", "\(receipt.blockNumber)"),
        ("status", receipt.succeeded ? "success" : "failed"), ("fee", "\(receipt.fee)"),
      ]))
    guard receipt.succeeded else {
      throw CommandFailure(
        .transactionFailed,
        "transaction \(signed.hash) failed in block \(receipt.blockNumber): the fee was taken, "
          + "the money was not sent",
        next: "check receiver and data; if the gas ran out, raise --gas-limit")
    }
  }
}
