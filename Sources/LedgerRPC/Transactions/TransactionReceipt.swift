public import ChainTypes
public import JSON
public import Primitives

/// What a node tells of a transaction that is in a block.
public struct TransactionReceipt: Sendable {
  /// The height of its block.
  public let blockNumber: UInt64
  /// The hash of its block.
  public let blockHash: Hash256
  /// Whether it did what it was to do; the fee is due either way.
  public let succeeded: Bool
  /// The gas it used.
  public let gasUsed: UInt64
  /// What the sender paid, in wei per gas.
  public let effectiveGasPrice: UInt256
  /// Everything, as the node gave it.
  public let json: JSONObject

  /// What the sender paid for gas.
  public var fee: Amount {
    Amount(wei: effectiveGasPrice.multiplying(by: UInt256(gasUsed)) ?? .max)
  }

  /// Reads the result of `eth_getTransactionReceipt`.
  public init(_ json: JSONObject) throws(RPCValueError) {
    blockNumber = try json.required("blockNumber", .quantity64)
    blockHash = try json.required("blockHash", .hash)
    succeeded = try json.required("status", .quantity64) == 1
    gasUsed = try json.required("gasUsed", .quantity64)
    effectiveGasPrice = try json.required("effectiveGasPrice", .quantity)
    self.json = json
  }
}

extension RPCValueDecoder<TransactionReceipt?> {
  /// A receipt, or null for a transaction that is in no block.
  public static var receipt: Self {
    Self { value throws(RPCValueError) in
      if value.isNull { return nil }
      guard let object = value.objectValue else { throw .wrongType(expected: "an object") }
      return try TransactionReceipt(object)
    }
  }
}

extension JSONRPCClient {
  /// The receipt of a transaction, or nil while it is in no block.
  public func receipt(of hash: Hash256) async throws(JSONRPCClientError) -> TransactionReceipt? {
    try await call("eth_getTransactionReceipt", [.string(hash.hex)], returning: .receipt)
  }

  /// Waits until a transaction is in a block, and gives its receipt; nil when it was in none in
  /// time, which says nothing of what becomes of it.
  ///
  /// The node is asked after 20 ms, and then ever less often, down to once a second.
  public func waitForReceipt(
    of hash: Hash256, timeout: Duration, clock: some Clock<Duration> = ContinuousClock()
  ) async throws -> TransactionReceipt? {
    let deadline = clock.now.advanced(by: timeout)
    var pause = Duration.milliseconds(20)
    while true {
      if let receipt = try await receipt(of: hash) { return receipt }
      guard clock.now < deadline else { return nil }
      let next = min(clock.now.advanced(by: pause), deadline)
      try await clock.sleep(until: next, tolerance: nil)
      pause = min(pause * 2, .seconds(1))
    }
  }
}
