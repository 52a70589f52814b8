public import ChainTypes
public import JSON
public import Primitives

/// Where a deposit or a withdrawal stands.
public struct TransferStatus: Sendable {
  /// Which way it goes.
  public enum Direction: String, Hashable, Sendable {
    /// From a root chain to the sidechain.
    case deposit
    /// From the sidechain to a root chain.
    case withdrawal
    /// A token becomes known to the sidechain.
    case mapping
  }

  /// Which way it goes.
  public var direction: Direction
  /// The root chain.
  public var root: RootID
  /// The message's id, or the withdrawal's index; nil while it is not known.
  public var number: UInt64?
  /// The transaction that began it.
  public var transaction: Hash256
  /// The token on the root chain.
  public var rootToken: Address?
  /// Who gets it.
  public var receiver: Address?
  /// How much, in the token's units.
  public var amount: UInt256?
  /// The steps in order.
  public var stages: [BridgeStage]
  /// What became of a deposit, in one word: applied, failed, refunded, unprovable (its receipt is
  /// larger than a transaction can carry), superseded (another message used up its number); nil
  /// while nothing did.
  public var outcome: String?
  /// What became of it, or why it does not go on.
  public var note: String?
  /// In about how many seconds it will be done, if that can be told.
  public var estimate: UInt64?

  /// Whether every step is done.
  public var isDone: Bool { stages.allSatisfy { $0.at != nil } }

  /// For programs.
  public var json: JSONObject {
    var object: JSONObject = [
      "direction": .string(direction.rawValue), "root": .string(root.name),
      "transaction": .string(transaction.hex), "done": .bool(isDone),
      "stage": .string(stages.last { $0.at != nil }?.name ?? "unseen"),
      "stages": .array(stages.map(\.json)),
    ]
    object[direction == .withdrawal ? "index" : "id"] = number.map { JSONValue($0) } ?? .null
    if let rootToken { object["rootToken"] = .string(rootToken.checksummed) }
    if let receiver { object["receiver"] = .string(receiver.checksummed) }
    if let amount { object["amount"] = .string(amount.description) }
    if let outcome { object["outcome"] = .string(outcome) }
    if let note { object["note"] = .string(note) }
    if let estimate { object["estimateSeconds"] = JSONValue(estimate) }
    return object
  }
}
