public import ChainTypes
internal import JSON
public import Primitives

/// Completes transactions with what only a node knows: chain, nonce, fees, gas.
///
/// What comes out has been held against the sender's balance and the base fee, so that most of
/// what a node would refuse fails before anything is signed.
public struct TransactionFiller: Sendable {
  /// A transaction ready to sign, and what it was held against.
  public struct Filled: Sendable {
    /// The transaction.
    public var transaction: Transaction
    /// What the sender has.
    public var balance: Amount
    /// The most that the fee can come to.
    public var maximumFee: Amount
  }

  private struct Fees {
    var max: UInt256
    var tip: UInt256
  }

  private let client: JSONRPCClient

  /// A filler that asks a node.
  public init(client: JSONRPCClient) { self.client = client }

  /// Completes a transaction.
  public func fill(_ request: TransactionRequest) async throws(TransactionFillError) -> Filled {
    let chainID = try await ask("eth_chainId", returning: .quantity64)
    if let wanted = request.chainID, wanted != chainID {
      throw .wrongChain(wanted: wanted, actual: chainID)
    }
    let sender: JSONValue = .string(request.from.hex)
    let balance = try await ask("eth_getBalance", [sender, "latest"], returning: .quantity)
    guard request.value <= balance else {
      throw .insufficientFunds(
        sender: request.from, has: Amount(wei: balance), needs: Amount(wei: request.value))
    }
    let nonce: UInt64
    if let fixed = request.nonce {
      nonce = fixed
    } else {
      nonce = try await ask(
        "eth_getTransactionCount", [sender, "pending"], returning: .quantity64)
    }
    let fees = try await fees(request)
    let gasLimit: UInt64
    if let fixed = request.gasLimit {
      gasLimit = fixed
    } else {
      gasLimit = try await estimateGas(request)
    }

    var transaction = Transaction(
      chainID: chainID, nonce: nonce, maxPriorityFeePerGas: fees.tip, maxFeePerGas: fees.max,
      gasLimit: gasLimit, to: request.to, value: request.value, data: request.data)
    transaction.kind = request.kind
    do throws(TransactionError) {
      try transaction.checkStateless()
    } catch {
      throw .invalid(error)
    }
    guard let fee = fees.max.multiplying(by: UInt256(gasLimit)),
      let cost = fee.adding(request.value)
    else { throw .feeOverflow }
    guard cost <= balance else {
      throw .insufficientFunds(
        sender: request.from, has: Amount(wei: balance), needs: Amount(wei: cost))
    }
    return Filled(
      transaction: transaction, balance: Amount(wei: balance), maximumFee: Amount(wei: fee))
  }

  // MARK: - Fees and gas

  private func fees(_ request: TransactionRequest) async throws(TransactionFillError) -> Fees {
    let baseFee = try await ask("eth_getBlockByNumber", ["latest", false], returning: Self.baseFee)
    let fees: Fees
    if request.kind == .dynamicFee {
      fees = try await dynamicFees(request, baseFee: baseFee)
    } else if let price = request.maxFeePerGas {
      fees = Fees(max: price, tip: price)
    } else {
      let price = try await ask("eth_gasPrice", returning: .quantity)
      fees = Fees(max: price, tip: price)
    }
    if let baseFee, fees.max < baseFee { throw .feeBelowBaseFee(max: fees.max, baseFee: baseFee) }
    return fees
  }

  /// The base fee of a block, which chains older than EIP-1559 have not.
  private static let baseFee = RPCValueDecoder<UInt256?> { value throws(RPCValueError) in
    guard let block = value.objectValue else { throw .wrongType(expected: "a block") }
    return try block.optional("baseFeePerGas", .quantity)
  }

  private func dynamicFees(
    _ request: TransactionRequest, baseFee: UInt256?
  ) async throws(TransactionFillError) -> Fees {
    guard let baseFee else { throw .noBaseFee }
    var tip: UInt256
    if let fixed = request.maxPriorityFeePerGas {
      tip = fixed
    } else {
      tip = try await ask("eth_maxPriorityFeePerGas", returning: .quantity)
      // A suggestion gives way to a limit that was fixed.
      if let max = request.maxFeePerGas { tip = min(tip, max) }
    }
    if let max = request.maxFeePerGas { return Fees(max: max, tip: tip) }
    // The base fee doubles in six full blocks: for so long the transaction stays good.
    guard let max = baseFee.multiplying(by: 2)?.adding(tip) else { throw .feeOverflow }
    return Fees(max: max, tip: tip)
  }

  private func estimateGas(
    _ request: TransactionRequest
  ) async throws(TransactionFillError) -> UInt64 {
    var call: JSONObject = [
      "from": .string(request.from.hex), "to": .string(request.to.hex),
      "value": .string(Hex.quantity(request.value)),
    ]
    if !request.data.isEmpty { call["input"] = .string(Hex.encode(request.data)) }
    do throws(TransactionFillError) {
      return try await ask("eth_estimateGas", [.object(call)], returning: .quantity64)
    } catch {
      guard case .client(.rpc(let cause)) = error else { throw error }
      throw .wouldFail(cause)
    }
  }

  private func ask<Value>(
    _ method: String, _ params: [JSONValue] = [], returning decoder: RPCValueDecoder<Value>
  ) async throws(TransactionFillError) -> Value {
    do throws(JSONRPCClientError) {
      return try await client.call(method, params, returning: decoder)
    } catch {
      throw .client(error)
    }
  }
}
