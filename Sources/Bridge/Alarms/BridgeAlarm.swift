public import JSON

/// Something that the node's owner should know of, for as long as it holds.
public struct BridgeAlarm: Hashable, Sendable {
  /// What kind it is; the names are stable.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Messages are missing between others, or at the end.
    case gap
    /// The follower is far behind the root chain's final block.
    case lag
    /// Too few endpoints answer.
    case unreachable
    /// Endpoints contradict each other.
    case disagreement
    /// What endpoints agree on does not fit what is proven.
    case unproven
    /// The root chain took back blocks that were final.
    case reorganised
    /// The sidechain has attested a block that the root chain has not.
    case contradicted
    /// The relayer's account runs out.
    case balance
    /// A withdrawal waits too long for its checkpoint.
    case checkpoint
    /// A transaction fails again and again.
    case failing
    /// The bridge's own tables cannot be read or written.
    case storage
  }

  /// What kind it is.
  public var kind: Kind
  /// The root chain, or the account or endpoint it is about.
  public var subject: String
  /// What happened and what to do next.
  public var message: String
  /// Since when it holds, in seconds since 1970.
  public var since: UInt64

  /// For programs.
  public var json: JSONObject {
    [
      "kind": .string(kind.rawValue), "subject": .string(subject), "message": .string(message),
      "since": JSONValue(since),
    ]
  }
}
