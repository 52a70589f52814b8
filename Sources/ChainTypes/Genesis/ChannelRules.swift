/// What genesis decides about payment channels.
public struct ChannelRules: Hashable, Sendable {
  /// What a channel's grace may be in one of its two measures.
  public struct Grace: Hashable, Sendable {
    /// The least and the most.
    public var range: ClosedRange<UInt32>
    /// What programs propose to those who do not care.
    public var standard: UInt32

    /// The bounds of a grace; `init(json:)` of `Genesis` checks what holds between them.
    public init(_ range: ClosedRange<UInt32>, standard: UInt32) {
      self.range = range
      self.standard = standard
    }
  }

  /// How many seconds a payer waits between asking for the rest of a deposit and getting it.
  public var graceSeconds: Grace
  /// How many blocks with room for the payee's answer must pass in that time.
  public var graceBlocks: Grace

  /// Rules from their parts.
  public init(graceSeconds: Grace, graceBlocks: Grace) {
    self.graceSeconds = graceSeconds
    self.graceBlocks = graceBlocks
  }
}
