public import JSON

/// One step of a deposit's or a withdrawal's way.
public struct BridgeStage: Hashable, Sendable {
  /// The step's name: seen, finalised, attested, proven, credited; burned, checkpointed, submitted,
  /// claimable, claimed.
  public var name: String
  /// When it was done, in seconds since 1970; nil while it is not, and 0 where the time is unknown.
  public var at: UInt64?

  /// A step.
  public init(_ name: String, _ at: UInt64?) {
    self.name = name
    self.at = at
  }

  /// For programs.
  public var json: JSONValue {
    [
      "stage": .string(name), "done": .bool(at != nil),
      "time": at.map { $0 == 0 ? .null : JSONValue($0) } ?? .null,
    ]
  }
}
