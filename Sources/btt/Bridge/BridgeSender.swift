internal import ChainTypes
internal import JSON
internal import Keys
internal import LedgerRPC
internal import Primitives

/// Sends transactions of one key to one chain and waits for each.
struct BridgeSender {
  let client: JSONRPCClient
  let key: PrivateKey
  /// The chain that the node must be on; nil takes the node's.
  var chainID: UInt64?
  var timeout = Duration.seconds(120)

  /// Calls a contract; what it does must succeed.
  func send(
    _ what: String, to contract: Address, _ data: [UInt8], value: UInt256 = .zero
  ) async throws -> (hash: Hash256, receipt: TransactionReceipt) {
    var request = TransactionRequest(from: key.address, to: contract, value: value)
    request.data = data
    request.chainID = chainID
    var filled = try await TransactionFiller(client: client).fill(request).transaction
    // Estimates are of the newest block: a little more than it takes there costs nothing.
    filled.gasLimit = try Self.withMargin(filled.gasLimit)
    return try await submit(what, filled)
  }

  /// Makes a contract from its code and gives its address.
  func deploy(_ what: String, _ code: [UInt8]) async throws -> Address {
    let sender: JSONValue = .string(key.address.hex)
    let call: JSONObject = ["from": sender, "data": .string(Hex.encode(code))]
    let gas = try await client.call("eth_estimateGas", [.object(call)], returning: .quantity64)
    let tip = try await client.call("eth_maxPriorityFeePerGas", returning: .quantity)
    let price = try await client.call("eth_gasPrice", returning: .quantity)
    let transaction = Transaction(
      chainID: try await client.call("eth_chainId", returning: .quantity64),
      nonce: try await client.call(
        "eth_getTransactionCount", [sender, "pending"], returning: .quantity64),
      maxPriorityFeePerGas: tip, maxFeePerGas: (price.multiplying(by: 2) ?? price) &+ tip,
      gasLimit: try Self.withMargin(gas), to: nil, value: .zero, data: code)
    let (hash, receipt) = try await submit(what, transaction)
    do throws(RPCValueError) {
      return try receipt.json.required("contractAddress", .address)
    } catch {
      throw CommandFailure(.badReply, "the receipt of \(hash) names no contract: \(error)")
    }
  }

  /// A quarter more than an estimate, which an endpoint may have made up.
  private static func withMargin(_ gas: UInt64) throws -> UInt64 {
    guard (21_000...1 << 32).contains(gas) else {
      throw CommandFailure(.badReply, "the estimate of \(gas) gas cannot be right")
    }
    return gas + gas / 4
  }

  private func submit(
    _ what: String, _ transaction: Transaction
  ) async throws -> (hash: Hash256, receipt: TransactionReceipt) {
    let signed = try SignedTransaction(signing: transaction, with: key)
    do throws(JSONRPCClientError) {
      _ = try await client.call("eth_sendRawTransaction", [.string(Hex.encode(signed.encoded))])
    } catch {
      guard case .rpc(let cause) = error, cause.message.contains("already known") else {
        throw error
      }
    }
    guard let receipt = try await client.waitForReceipt(of: signed.hash, timeout: timeout) else {
      throw CommandFailure(
        .timeout,
        "\(what): transaction \(signed.hash) is in no block after \(timeout.components.seconds) s",
        next: "it was sent and may still get there: look for it before you try again")
    }
    guard receipt.succeeded else {
      throw CommandFailure(
        .transactionFailed,
        "\(what): transaction \(signed.hash) failed in block \(receipt.blockNumber): the fee was "
          + "taken, nothing else happened", next: "btt bridge doctor tells what may be wrong")
    }
    return (signed.hash, receipt)
  }

  /// Calls a view and gives its results.
  func view(
    _ contract: Address, _ function: ABIFunction, _ arguments: [ABIValue] = []
  ) async throws -> [ABIValue] {
    try await Self.view(client, contract, function, arguments)
  }

  static func view(
    _ client: JSONRPCClient, _ contract: Address, _ function: ABIFunction,
    _ arguments: [ABIValue] = []
  ) async throws -> [ABIValue] {
    let data = try function.encodeCall(arguments)
    let call: JSONObject = ["to": .string(contract.hex), "data": .string(Hex.encode(data))]
    let output = try await client.call("eth_call", [.object(call), "latest"], returning: .data)
    do throws(ABIError) { return try function.decodeResult(output) } catch {
      throw CommandFailure(
        .badReply, "\(contract) does not answer \(function.signature) as it should: \(error)",
        next: "check that the contract is the bridge's, and the chain the right one")
    }
  }
}
