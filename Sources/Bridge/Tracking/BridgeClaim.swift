public import ChainTypes
public import JSON
public import Primitives

/// All that a withdrawal's claim on its root chain takes.
public struct BridgeClaim: Hashable, Sendable {
  /// The root chain.
  public var root: RootID
  /// The root chain's own chain id.
  public var chainID: UInt64
  /// The contract that pays.
  public var manager: Address
  /// The withdrawal.
  public var withdrawal: Withdrawal
  /// The accepted checkpoint that covers it; nil while there is none.
  public var checkpoint: UInt64?
  /// The leaf's siblings under that checkpoint's root.
  public var proof: [Hash256]

  /// The call of the manager; nil while no checkpoint covers the withdrawal.
  public func call() throws(ABIError) -> [UInt8]? {
    guard let checkpoint else { return nil }
    return try RootContracts.claim(withdrawal, checkpoint: checkpoint, proof: proof)
  }

  /// For programs.
  public func json() throws(ABIError) -> JSONObject {
    [
      "root": .string(root.name), "chainId": JSONValue(chainID),
      "manager": .string(manager.checksummed), "index": JSONValue(withdrawal.index),
      "rootToken": .string(withdrawal.rootToken.checksummed),
      "receiver": .string(withdrawal.receiver.checksummed),
      "amount": .string(withdrawal.amount.description), "height": JSONValue(withdrawal.height),
      "checkpoint": checkpoint.map { JSONValue($0) } ?? .null,
      "proof": .array(proof.map { .string($0.hex) }),
      "call": try call().map { .string(Hex.encode($0)) } ?? .null,
    ]
  }
}
