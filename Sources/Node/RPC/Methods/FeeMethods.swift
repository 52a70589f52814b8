internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// What a transaction costs, and has cost.
struct FeeMethods {
  let backend: NodeBackend
  private let oracle: FeeOracle

  init(backend: NodeBackend) {
    self.backend = backend
    oracle = FeeOracle(minimumTip: backend.pool.configuration.minimumTip)
  }

  func register(in table: inout RPCMethodTable) {
    let (oracle, limits) = (oracle, backend.limits)
    table.readAside("eth_gasPrice", parameters: 0, of: backend) { view, _ in
      let tip = try oracle.tip(view)
      return .string(Hex.quantity(view.nextBaseFee.adding(tip) ?? .max))
    }
    table.readAside("eth_maxPriorityFeePerGas", parameters: 0, of: backend) { view, _ in
      .string(Hex.quantity(try oracle.tip(view)))
    }
    // Blocks have no blobs; this is EIP-4844's least fee, as without excess.
    table.add("eth_blobBaseFee", parameters: 0) { _, _ in .string("0x1") }
    table.readAside("eth_feeHistory", parameters: 3, of: backend) { view, params in
      try FeeHistory(params, limits: limits).reply(view)
    }
  }
}

/// `eth_feeHistory`.
struct FeeHistory {
  private let count: UInt64
  private let newest: BlockParameter
  private let percentiles: [Double]?
  private let maximumTransactions: Int

  init(_ params: RPCParams, limits: RPCMethodLimits) throws(RPCError) {
    count = min(
      try params.required(0, .hexOrDecimal), limits.maximumFeeHistoryBlocks)
    let newest = try params.block(1)
    if case .hash = newest {
      throw .invalidArgument(1, .wrongType(expected: "a block number or tag"))
    }
    self.newest = newest
    percentiles = try params.optional(2, .array(.double))
    maximumTransactions = limits.maximumFeeHistoryTransactions
    guard let percentiles else { return }
    guard percentiles.count <= limits.maximumPercentiles else {
      throw .server(
        "invalid reward percentile: over the query limit \(limits.maximumPercentiles)")
    }
    for (index, value) in percentiles.enumerated() {
      guard (0...100).contains(value) else { throw .server("invalid reward percentile: \(value)") }
      if index > 0, value <= percentiles[index - 1] {
        throw .server(
          "invalid reward percentile: #\(index - 1):\(percentiles[index - 1]) >= #\(index):\(value)"
        )
      }
    }
  }

  func reply(_ view: ChainView) throws -> RPCResult {
    guard let last = try view.height(of: newest) else {
      guard case .number(let number) = newest else { return .null }
      throw RPCError.server(
        "request beyond head block: requested \(number), head \(view.head.number)")
    }
    guard count > 0 else { return .value(["oldestBlock": "0x0", "gasUsedRatio": []]) }
    var oldest = last - min(last, count - 1)
    let rewards = try rewards(view, from: &oldest, to: last)
    let headers = try (oldest...last).compactMap { try view.header($0) }
    let next = try view.header(last + 1)?.baseFeePerGas ?? view.nextBaseFee

    var reply = ReplyWriter(capacity: 4_096)
    reply.object { reply in
      reply.member("oldestBlock", oldest)
      reply.key("baseFeePerGas")
      reply.array(headers.map(\.baseFeePerGas) + [next])
      reply.key("gasUsedRatio")
      reply.array(headers) { $0.number(Double($1.gasUsed) / Double(max($1.gasLimit, 1))) }
      reply.key("baseFeePerBlobGas")
      reply.array(repeatElement(1 as UInt64, count: headers.count + 1))
      reply.key("blobGasUsedRatio")
      reply.array(headers) { reply, _ in reply.number(0) }
      guard let rewards else { return }
      reply.key("reward")
      reply.array(rewards) { $0.array($1) }
    }
    return reply.result
  }

  /// The tips at each percentile, block by block; raises `oldest` where there is too much to read.
  private func rewards(
    _ view: ChainView, from oldest: inout UInt64, to last: UInt64
  ) throws -> [[UInt256]]? {
    guard let percentiles, !percentiles.isEmpty else { return nil }
    var rewards: [[UInt256]] = []
    var budget = maximumTransactions
    for number in (oldest...last).reversed() {
      try Task.checkCancellation()
      guard let fees = try BlockFees(view, number) else { break }
      budget -= fees.count
      guard budget >= 0 || rewards.isEmpty else {
        oldest = number + 1
        break
      }
      rewards.append(percentiles.map(fees.tip(percentile:)))
    }
    return rewards.reversed()
  }
}

extension RPCValueDecoder<UInt64> {
  /// A number as JSON has it, or a string of decimal or hexadecimal digits.
  fileprivate static var hexOrDecimal: Self {
    Self { value throws(RPCValueError) in
      if let number = value.uint64Value { return number }
      if let text = value.stringValue, let number = UInt64(text), !text.hasPrefix("+") {
        return number
      }
      return try quantity64.decode(value)
    }
  }
}

extension RPCValueDecoder<Double> {
  fileprivate static var double: Self {
    Self { value throws(RPCValueError) in
      guard let number = value.doubleValue, number.isFinite else {
        throw .wrongType(expected: "a number")
      }
      return number
    }
  }
}
