public import ChainTypes
public import Primitives

/// Why the bridge cannot do what was asked of it.
public enum BridgeError: Error, Hashable, Sendable {
  /// Genesis does not name a root chain that is set.
  case unknownRoot(RootID)
  /// No message or withdrawal of a transaction is known.
  case unknownTransaction(Hash256)
  /// A root chain that is not followed here.
  case notFollowed(RootID)
  /// A message whose proof no transaction can carry.
  case unprovable(RootID, UInt64)
  /// Root chains were asked too often for callers.
  case busy
}

extension BridgeError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .unknownRoot(let root):
      "the chain's genesis names no contracts on \(root): remove its endpoints from the settings"
    case .unknownTransaction(let hash):
      "transaction \(hash) is not known here: check the hash, and that the bridge follows its root "
        + "chain (btt bridge doctor)"
    case .notFollowed(let root):
      "this node does not follow \(root): set bridge.\(root)_rpc, or ask another node"
    case .unprovable(let root, let id):
      "message \(id) of \(root) lies in a receipt so large that no transaction can carry its proof: "
        + "it is for the validators to make good"
    case .busy: "root chains have been asked too often in the last seconds: try again in a moment"
    }
  }
}
