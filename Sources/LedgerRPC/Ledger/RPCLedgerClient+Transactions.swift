public import ChainTypes
internal import JSON
public import Primitives

extension RPCLedgerClient {
  /// What gas costs: the base fee by genesis' rule where that is known.
  ///
  /// Only advice of the node goes into the tip, which therefore stays below twice the base fee.
  public func fees() async throws(LedgerClientError) -> LedgerFees {
    let tip = try await ask("eth_maxPriorityFeePerGas", [], .quantity)
    let header = try await newestHeader()
    guard let genesis else {
      let history = try await ask("eth_feeHistory", ["0x1", "latest", []], .object)
      guard
        let baseFees = try? history.required("baseFeePerGas", .array(.quantity)),
        let next = baseFees.last
      else { throw .untrusted("the node's fee history is malformed") }
      return LedgerFees(baseFee: next, priorityFee: tip)
    }
    let next =
      header.number == 0
      ? genesis.fees.initialBaseFee
      : genesis.fees.nextBaseFee(
        after: header.baseFeePerGas, gasUsed: header.gasUsed, gasLimit: header.gasLimit)
    return LedgerFees(baseFee: next, priorityFee: min(tip, next.multiplying(by: 2) ?? next))
  }

  /// The gas that a call would use, as the node estimates it: it costs no more than it uses.
  public func estimateGas(
    from sender: Address, to module: Address, data: [UInt8], value: UInt128
  ) async throws(LedgerClientError) -> UInt64 {
    let call: JSONObject = [
      "from": .string(sender.hex), "to": .string(module.hex),
      "input": .string(Hex.encode(data)), "value": .string(Hex.quantity(UInt256(value))),
    ]
    return try await ask("eth_estimateGas", [.object(call)], .quantity64)
  }

  /// Hands in a transaction; one that waits already is no error.
  public func send(_ rawTransaction: [UInt8]) async throws(LedgerClientError) -> Hash256 {
    let hash = Keccak256.hash(rawTransaction)
    do throws(JSONRPCClientError) {
      _ = try await client.call("eth_sendRawTransaction", [.string(Hex.encode(rawTransaction))])
    } catch {
      if case .rpc(let cause) = error, cause.message.contains("already known") { return hash }
      throw LedgerClientError(error)
    }
    return hash
  }

  /// What a transaction did, proved by its block.
  public func receipt(of transaction: Hash256) async throws(LedgerClientError) -> LedgerReceipt? {
    let reply = try await ask(
      "eth_getTransactionReceipt", [.string(transaction.hex)], .transactionPlace)
    guard let place = reply else { return nil }
    guard let sealed = try await sealedBlock(place.height) else { return nil }
    let (header, transactions) = (sealed.block.header, sealed.block.transactions)
    guard transactions.indices.contains(place.index),
      transactions[place.index].hash == transaction
    else {
      throw .untrusted("transaction \(transaction) is not where the node says it is")
    }
    let receipts = try await receipts(of: header)
    guard receipts.count == transactions.count else {
      throw .untrusted("block \(header.number) has as many receipts as it has no transactions")
    }
    let before = place.index == 0 ? 0 : receipts[place.index - 1].cumulativeGasUsed
    let used = receipts[place.index].cumulativeGasUsed
    let price = transactions[place.index].transaction.effectiveGasPrice(
      baseFee: header.baseFeePerGas)
    let domain = try await domain()
    return LedgerReceipt(
      transaction: transaction, height: header.number,
      succeeded: receipts[place.index].succeeded,
      fee: price.multiplying(by: UInt256(used >= before ? used - before : 0)) ?? .max,
      events: receipts[place.index].logs.compactMap { ChannelEvent($0, in: domain) })
  }

  /// Calls a method and reads its result.
  func ask<Value: Sendable>(
    _ method: String, _ params: [JSONValue], _ decoder: RPCValueDecoder<Value>
  ) async throws(LedgerClientError) -> Value {
    do throws(JSONRPCClientError) {
      return try await client.call(method, params, returning: decoder)
    } catch {
      throw LedgerClientError(error)
    }
  }
}
