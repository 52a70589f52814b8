package import ChainTypes
internal import JSON
package import Primitives

/// A chain that transactions are sent to and contracts are called on.
///
/// What it answers is not proven. Of nonces, balances, fees and gas, the highest number that a
/// quorum of the endpoints reaches is taken, so that one that errs changes little; whatever they
/// say can delay a transaction and cannot make it do something else.
package struct ChainPort: Sendable {
  /// An account's standing.
  package struct Account: Hashable, Sendable {
    /// The nonce in the newest block.
    package var nonce: UInt64
    /// The nonce in the newest final block; nil where no endpoint keeps so old a state.
    package var finalNonce: UInt64?
    /// The newest block's number, on chains that have no word for what is final.
    package var newest: UInt64?
    package var balance: UInt256
  }

  package let name: String
  package let endpoints: EndpointGroup
  /// When its blocks are final; nil where each is at once.
  package let finality: RootFinality?

  /// A port; without `finality` the newest block is final.
  package init(name: String, endpoints: EndpointGroup, finality: RootFinality?) {
    self.name = name
    self.endpoints = endpoints
    self.finality = finality
  }

  package func chainID() async throws(RootChainError) -> UInt64 {
    try await ask("chain id") { endpoint throws(EndpointError) in
      try await endpoint.ask("eth_chainId", [], .quantity64)
    }
  }

  package func account(_ address: Address) async throws(RootChainError) -> Account {
    let finality = finality
    let answers = try await reached("account \(address)") { endpoint throws(EndpointError) in
      try await Self.account(address, finality, endpoint)
    }
    guard let nonce = endpoints.reached(answers.map(\.nonce)),
      let balance = endpoints.reached(answers.map(\.balance))
    else { throw .unreachable("\(name): account \(address)") }
    // Whatever an endpoint says of the past, it is no further than the present.
    let final = endpoints.reached(answers.compactMap(\.finalNonce)).map { min($0, nonce) }
    return Account(
      nonce: nonce, finalNonce: final, newest: endpoints.reached(answers.compactMap(\.newest)),
      balance: balance)
  }

  private static func account(
    _ address: Address, _ finality: RootFinality?, _ endpoint: any BridgeEndpoint
  ) async throws(EndpointError) -> Account {
    let account: JSONValue = .string(address.hex)
    let nonce = try await endpoint.ask(
      "eth_getTransactionCount", [account, "latest"], .quantity64)
    let balance = try await endpoint.ask("eth_getBalance", [account, "latest"], .quantity)
    switch finality {
    case nil: return Account(nonce: nonce, finalNonce: nonce, balance: balance)
    case .tag:
      let final = try await endpoint.ask(
        "eth_getTransactionCount", [account, "finalized"], .quantity64)
      return Account(nonce: nonce, finalNonce: final, balance: balance)
    case .depth(let depth):
      let newest = try await endpoint.ask("eth_blockNumber", [], .quantity64)
      let block: JSONValue = .string(Hex.quantity(newest > depth ? newest - depth : 0))
      let final: UInt64?
      do throws(EndpointError) {
        final = try await endpoint.ask("eth_getTransactionCount", [account, block], .quantity64)
      } catch {
        // Most nodes keep the states of the last 128 blocks.
        guard case .refused = error else { throw error }
        final = nil
      }
      return Account(nonce: nonce, finalNonce: final, newest: newest, balance: balance)
    }
  }

  /// The next base fee and a tip; both nil-free, as every chain in scope has EIP-1559.
  package func fees() async throws(RootChainError) -> LedgerFees {
    let answers = try await reached("fees") { endpoint throws(EndpointError) in
      let tip = try await endpoint.ask("eth_maxPriorityFeePerGas", [], .quantity)
      let history = try await endpoint.ask("eth_feeHistory", ["0x1", "latest", []], .object)
      do throws(RPCValueError) {
        let fees = try history.required("baseFeePerGas", .array(.quantity))
        guard let next = fees.last else { throw .missingMember("baseFeePerGas") }
        return LedgerFees(baseFee: next, priorityFee: tip)
      } catch {
        throw .malformed("fee history: \(error)")
      }
    }
    guard let baseFee = endpoints.reached(answers.map(\.baseFee)),
      let tip = endpoints.reached(answers.map(\.priorityFee))
    else { throw .unreachable("\(name): fees") }
    return LedgerFees(baseFee: baseFee, priorityFee: tip)
  }

  package func estimateGas(
    from sender: Address, _ task: OutgoingTask
  ) async throws(RootChainError) -> UInt64 {
    let call: JSONObject = [
      "from": .string(sender.hex), "to": .string(task.to.hex),
      "data": .string(Hex.encode(task.data)),
    ]
    let answers = try await reached("gas of \(task.name)") { endpoint throws(EndpointError) in
      try await endpoint.ask("eth_estimateGas", [.object(call)], .quantity64)
    }
    guard let gas = endpoints.reached(answers) else { throw .unreachable("\(name): gas") }
    return gas
  }

  /// Calls a function at a block, or at the newest one.
  package func call(
    _ contract: Address, _ function: ABIFunction, _ arguments: [ABIValue] = [],
    at number: UInt64? = nil
  ) async throws(RootChainError) -> [ABIValue] {
    let data: [UInt8]
    do throws(ABIError) { data = try function.encodeCall(arguments) } catch {
      throw .unproven("\(function.name): \(error)")
    }
    let call: JSONObject = ["to": .string(contract.hex), "data": .string(Hex.encode(data))]
    let tag = number.map { JSONValue.string(Hex.quantity($0)) } ?? "latest"
    let output = try await ask(function.name) { endpoint throws(EndpointError) in
      try await endpoint.ask("eth_call", [.object(call), tag], .data)
    }
    do throws(ABIError) { return try function.decodeResult(output) } catch {
      throw .unproven("\(name): \(function.name) of \(contract) answers something else: \(error)")
    }
  }

  /// Sends to all endpoints that are well; one that takes it, or has it, is enough.
  package func send(_ transaction: SignedTransaction) async throws(RootChainError) {
    let raw = JSONValue.string(Hex.encode(transaction.encoded))
    let answers = await endpoints.all(
      { endpoint throws(EndpointError) -> Bool in
        do throws(EndpointError) {
          _ = try await endpoint.call("eth_sendRawTransaction", [raw])
        } catch {
          guard case .refused(let cause) = error,
            ["already known", "already imported", "known transaction", "nonce too low"].contains(
              where: { cause.message.lowercased().contains($0) })
          else { throw error }
        }
        return true
      }, until: { answers in answers.contains { (try? $0.result.get()) != nil } })
    if answers.contains(where: { (try? $0.result.get()) != nil }) { return }
    let causes = answers.compactMap { answer -> EndpointError? in
      if case .failure(let error) = answer.result { error } else { nil }
    }
    for case .refused(let cause) in causes { throw .refused(cause) }
    throw .unreachable(
      "\(name): no endpoint takes a transaction"
        + (causes.first.map { " (\($0))" } ?? ""))
  }

  /// Whether any of these transactions is in a block, and succeeded there.
  package func outcome(of hashes: [Hash256]) async throws(RootChainError) -> Bool? {
    for hash in hashes.reversed() {
      if let receipt = try await receipt(hash) { return receipt.succeeded }
    }
    return nil
  }

  /// A transaction's receipt, as far as the bridge looks at it.
  package struct Receipt: Sendable {
    package var number: UInt64
    package var succeeded: Bool
    package var logs: [Log]
  }

  package func receipt(_ hash: Hash256) async throws(RootChainError) -> Receipt? {
    try await ask("receipt of \(hash)") { endpoint throws(EndpointError) in
      let reply = try await endpoint.call("eth_getTransactionReceipt", [.string(hash.hex)])
      guard let receipt = reply.objectValue else { return nil }
      do throws(RPCValueError) {
        return Receipt(
          number: try receipt.required("blockNumber", .quantity64),
          succeeded: try receipt.required("status", .quantity64) == 1,
          logs: try receipt.required("logs", .array(.rootLog)))
      } catch {
        throw .malformed("receipt of \(hash): \(error)")
      }
    }
  }

  private func reached<Value: Sendable>(
    _ subject: String,
    _ request: @escaping @Sendable (any BridgeEndpoint) async throws(EndpointError) -> Value
  ) async throws(RootChainError) -> [Value] {
    try await endpoints.quorum(of: "\(name) \(subject)", request).map(\.value)
  }

  private func ask<Value: Sendable>(
    _ subject: String,
    _ request: @escaping @Sendable (any BridgeEndpoint) async throws(EndpointError) -> Value
  ) async throws(RootChainError) -> Value {
    try await endpoints.first("\(name) \(subject)", request)
  }
}
